// Custom metadata: names and texts that describe a secret. Bounded in number and length, and printable throughout.
import { decodeString, DecodeError } from '#sdk/decode.ts';
import { badRequest } from '#sdk/errors.ts';

type Texts = Readonly<Record<string, string>>;
type Json = Readonly<Record<string, unknown>>;

/** Vault's limits; lengths count bytes of UTF-8. */
const MAX_NAMES = 64;
const MAX_NAME_BYTES = 128;
const MAX_TEXT_BYTES = 512;

/** What Go's unicode.IsPrint lets through. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u;
const PREFIX = 'custom_metadata validation failed';

/** @throws ClientError 400 with everything that is wrong */
export function parseCustomMetadata(sent: Json): Texts {
  const texts = Object.fromEntries(
    Object.entries(sent).map(([name, value]) => [name, text(value)]),
  );
  check(texts);
  return texts;
}

/** What a patch does to the metadata that is there: null removes a name. The patch is checked at once. */
export function patchCustomMetadata(sent: Json): (before: Texts) => Texts {
  const entries = Object.entries(sent);
  const removed = new Set(entries.filter(([, value]) => value === null).map(([name]) => name));
  const added = parseCustomMetadata(
    Object.fromEntries(entries.filter(([name]) => !removed.has(name))),
  );
  return (before) => {
    const kept = Object.entries(before).filter(([name]) => !removed.has(name));
    return Object.fromEntries([...kept, ...Object.entries(added)]);
  };
}

function text(value: unknown): string {
  try {
    return decodeString(value);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(`${PREFIX}: ${error.message}`);
  }
}

function check(texts: Texts): void {
  const count = Object.keys(texts).length;
  const problems =
    count > MAX_NAMES
      ? [`payload must contain at most ${MAX_NAMES} keys, provided ${count}`]
      : Object.entries(texts).flatMap(problemsOf);
  if (problems.length > 0) throw badRequest(collected(problems));
}

function problemsOf([name, value]: readonly [string, string]): readonly string[] {
  const quoted = quote(name);
  const problems = [];
  const nameBytes = Buffer.byteLength(name);
  if (nameBytes === 0 || nameBytes > MAX_NAME_BYTES) {
    problems.push(
      `length of key ${quoted} is ${nameBytes} but must be 0 < len(key) <= ${MAX_NAME_BYTES}`,
    );
  }
  const valueBytes = Buffer.byteLength(value);
  if (valueBytes === 0 || valueBytes > MAX_TEXT_BYTES) {
    problems.push(
      `length of value for key ${quoted} is ${valueBytes} but must be 0 < len(value) <= ${MAX_TEXT_BYTES}`,
    );
  }
  if (!PRINTABLE.test(name)) {
    problems.push(`key ${quoted} (${name}) contains unprintable characters`);
  }
  if (!PRINTABLE.test(value)) {
    problems.push(`value for key ${quoted} contains unprintable characters`);
  }
  return problems;
}

/** The form of Go's multierror. */
function collected(problems: readonly string[]): string {
  const head = problems.length === 1 ? '1 error' : `${problems.length} errors`;
  return `${head} occurred:\n${problems.map((one) => `\t* ${PREFIX}: ${one}\n`).join('')}\n`;
}

/** Go's %q for what a name may hold: what is not printable is escaped. */
function quote(name: string): string {
  const escaped = name.replaceAll(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (character) =>
    character === '"' || character === '\\' ? `\\${character}` : escape(character),
  );
  return `"${escaped}"`;
}

const NAMED: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

function escape(character: string): string {
  const named = NAMED[character];
  if (named !== undefined) return named;
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code < 0x80) return `\\x${digits.padStart(2, '0')}`;
  return code > 0xffff ? `\\U${digits.padStart(8, '0')}` : `\\u${digits.padStart(4, '0')}`;
}
