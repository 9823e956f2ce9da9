// Which request headers stand in the log, and which of them hashed: the record at `core/audited-headers`.
import type { IncomingHttpHeaders } from 'node:http';
import { Concealed, Section } from './concealed.ts';

/** Where the headers that were configured are stored. */
export const AUDITED_HEADERS_KEY = 'core/audited-headers';

export interface HeaderSettings {
  readonly hmac: boolean;
}

/** By name, in lower case. */
export type HeaderTable = Readonly<Record<string, HeaderSettings>>;

/** What ties a request to those of other systems is on record without any setting. */
const ALWAYS: HeaderTable = {
  'correlation-id': { hmac: false },
  'x-correlation-id': { hmac: false },
};

/** The table that holds: what was configured goes before what is always there. */
export function withDefaults(configured: HeaderTable | undefined): HeaderTable {
  return { ...ALWAYS, ...configured };
}

/** Headers that hold a token are hashed whatever was configured: no log of a healthy server has one in clear. */
const SECRETS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'x-vault-token']);

/** A name that a header can have (RFC 9110, section 5.6.2). */
export const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;

export function auditedHeaders(sent: IncomingHttpHeaders, table: HeaderTable): Section | undefined {
  const names = Object.keys(table).filter((name) => Object.hasOwn(sent, name));
  if (names.length === 0) return undefined;
  return new Section(
    Object.fromEntries(
      names
        .toSorted()
        .map((name) => [name, shown(sent[name], SECRETS.has(name) || table[name]?.hmac === true)]),
    ),
  );
}

function shown(
  value: string | readonly string[] | undefined,
  isHashed: boolean,
): readonly (string | Concealed)[] {
  const values = typeof value === 'string' ? [value] : (value ?? []);
  return isHashed ? values.map((text) => new Concealed('header', text)) : values;
}
