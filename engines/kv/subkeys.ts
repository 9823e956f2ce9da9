// The names within a secret, without their values, for those who may see the one and not the other.
import type { Call } from '#sdk/call.ts';
import { integer, rest } from '#sdk/field.ts';
import { isJsonObject } from '#sdk/json.ts';
import { pathFor } from '#sdk/path.ts';
import { reply } from '#sdk/reply.ts';
import { isGone, readSecret, readValue, versionMetadata, versionOf } from './store.ts';

const path = pathFor<null>();

/** Deeper names are not shown, whatever depth is asked for. */
const MAX_DEPTH = 100;

type Names = { readonly [name: string]: Names | null };

export const subkeys = path('subkeys/{path...}', {
  help: `Read the names within a secret

  Every value but an object with names of its own is shown as null.`,
  fields: {
    path: rest('Location of the secret'),
    version: integer('The version to read; 0 means the newest').default(0),
    depth: integer('How deep to go into objects; 0 means to the end').default(0),
  },
  operations: {
    read: { standby: 'serve', summary: 'Read the names within a secret', handler: read },
  },
});

interface SubkeysFields {
  readonly path: string;
  readonly version: number;
  readonly depth: number;
}

function read({ storage, clock, data }: Call<null, SubkeysFields>) {
  const secret = readSecret(storage, data.path);
  if (secret === undefined) return undefined;
  const number = data.version > 0 ? data.version : secret.current;
  const version = versionOf(secret, number);
  if (version === undefined) return undefined;
  const metadata = versionMetadata(secret, number, version);
  if (isGone(version, clock.now())) return reply({ metadata, subkeys: null }, { status: 404 });
  const value = readValue(storage, data.path, number);
  const depth = data.depth > 0 ? Math.min(data.depth, MAX_DEPTH) : MAX_DEPTH;
  return reply({ metadata, subkeys: value && names(value, depth) });
}

function names(value: Readonly<Record<string, unknown>>, depth: number): Names {
  const entries = Object.entries(value).map(([name, inner]) => {
    const isFolder = isJsonObject(inner) && depth > 1 && Object.keys(inner).length > 0;
    return [name, isFolder ? names(inner, depth - 1) : null] as const;
  });
  return Object.fromEntries(entries);
}
