// Values without versions: what was written last is what is read.
import type { Call } from '#sdk/call.ts';
import { decodeSignedDuration, DecodeError } from '#sdk/decode.ts';
import type { Seconds } from '#sdk/duration.ts';
import { badRequest } from '#sdk/errors.ts';
import { rest } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { listReply, reply } from '#sdk/reply.ts';
import { isKey, isPrefix, requireKey } from '#sdk/storage.ts';

const path = pathFor<null>();

type Json = Readonly<Record<string, unknown>>;
type PlainCall = Call<null, { readonly path: string }>;

/** Beside the records of version 2, so that a mount can get versions while both are there. */
export const PLAIN = 'plain/';

export const plain = path('{path...}', {
  help: `Write, read, list and delete values

  What is written is kept as it is. A field "ttl" (or "lease") tells readers how soon to read again; nothing happens to
  the value then.`,
  fields: { path: rest('Location of the value') },
  exists: ({ storage, data }) => isKey(data.path) && storage.get(PLAIN + data.path) !== undefined,
  operations: {
    read: { standby: 'serve', summary: 'Read a value', handler: read },
    list: { standby: 'serve', summary: 'List values', handler: list },
    write: { summary: 'Write a value', handler: write },
    delete: { summary: 'Delete a value', handler: remove },
  },
});

function read({ storage, mount, data }: PlainCall) {
  if (!isKey(data.path)) return undefined;
  const value = storage.get<Json>(PLAIN + data.path);
  if (value === undefined) return undefined;
  return reply(value, { leaseDuration: readAgainIn(value) ?? mount.defaultLeaseTtl });
}

function list({ storage, data: { path: folder } }: PlainCall) {
  return isPrefix(folder) ? listReply(storage.list(PLAIN + folder)) : undefined;
}

function write({ storage, data, parameters }: PlainCall): undefined {
  requireKey(data.path);
  if (Object.keys(parameters).length === 0) throw badRequest('missing data fields');
  storage.put(PLAIN + data.path, parameters);
}

function remove({ storage, data }: PlainCall): undefined {
  if (isKey(data.path)) storage.delete(PLAIN + data.path);
}

/** `undefined` leaves it to the mount: no field says so, or not in the form of a duration. */
function readAgainIn(value: Json): Seconds | undefined {
  const name = ['ttl', 'lease'].find((one) => Object.hasOwn(value, one));
  if (name === undefined) return undefined;
  try {
    return decodeSignedDuration(value[name]);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
