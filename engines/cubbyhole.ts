// The cubbyhole: storage of its own for each token that has one, gone with the token. The home of wrapped responses.
import type { Call, Caller } from '#sdk/call.ts';
import { defineEngine } from '#sdk/engine.ts';
import { badRequest, serverError } from '#sdk/errors.ts';
import { rest } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { listReply, reply } from '#sdk/reply.ts';
import { isKey, isPrefix, requireKey } from '#sdk/storage.ts';

const path = pathFor<null>();

type Json = Readonly<Record<string, unknown>>;
type CubbyholeCall = Call<null, { readonly path: string }>;

const values = path('{path...}', {
  help: `Write, read, list and delete values of the token that asks

  No other token sees them, not even root. They are removed with the token.`,
  fields: { path: rest('Location of the value') },
  operations: {
    read: { standby: 'serve', summary: 'Read a value of this token', handler: read },
    list: { standby: 'serve', summary: 'List the values of this token', handler: list },
    write: { summary: 'Write a value of this token', handler: write },
    delete: { summary: 'Delete a value of this token', handler: remove },
  },
});

export const cubbyhole = defineEngine({
  type: 'cubbyhole',
  help: `Keeps values for each token by itself

  A token reads and writes its own values only; they are removed when the token ends.`,
  paths: [values],
  start: () => null,
});

/** The prefix of all keys of one cubbyhole below the mount, with its slash; what ends a token removes them. */
export function cubbyholePrefix(owner: string): string {
  return `${owner}/`;
}

function read({ storage, caller, data }: CubbyholeCall) {
  const prefix = ownPrefix(caller);
  const value = isKey(data.path) ? storage.get<Json>(prefix + data.path) : undefined;
  return value && reply(value);
}

function list({ storage, caller, data: { path: folder } }: CubbyholeCall) {
  const prefix = ownPrefix(caller);
  return isPrefix(folder) ? listReply(storage.list(prefix + folder)) : undefined;
}

function write({ storage, caller, data, parameters }: CubbyholeCall): undefined {
  const prefix = ownPrefix(caller);
  requireKey(data.path);
  if (Object.keys(parameters).length === 0) throw serverError('missing data fields');
  storage.put(prefix + data.path, parameters);
}

function remove({ storage, caller, data }: CubbyholeCall): undefined {
  const prefix = ownPrefix(caller);
  if (isKey(data.path)) storage.delete(prefix + data.path);
}

/** @throws ClientError 400 for a token without a cubbyhole (a batch token) */
function ownPrefix(caller: Caller): string {
  if (caller.cubbyhole === undefined) {
    throw badRequest("cubbyhole operations are only supported by 'service' type tokens");
  }
  return cubbyholePrefix(caller.cubbyhole);
}
