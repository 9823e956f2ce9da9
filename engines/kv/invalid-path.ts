// Every other path of a mount with versions: clients of version 1 ask them, and are told what to do instead.
import type { Call, Verb } from '#sdk/call.ts';
import { rest } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { reply } from '#sdk/reply.ts';

const path = pathFor<null>();

const summary = 'Answers how a mount with versions is used';

export const invalidPath = path('{path...}', {
  help: `No path of a mount with versions

  Values are below data/, what is known about them below metadata/; see also delete/, undelete/, destroy/, subkeys/ and
  config.`,
  fields: { path: rest('The path') },
  // Whatever a client of version 1 sends is no mistake of its own.
  isFree: true,
  operations: {
    read: { summary, handler: explain },
    list: { summary, handler: explain },
    write: { summary, handler: explain },
    patch: { summary, handler: explain },
    delete: { summary, handler: explain },
  },
});

const ROOTS = new Set(['metadata', 'data', 'delete', 'undelete', 'destroy']);

const SUBCOMMANDS: Readonly<Record<Verb, string>> = {
  read: 'get',
  list: 'list',
  write: 'put',
  patch: 'patch',
  delete: 'delete',
};

function explain({ data, request, warn }: Call<null, { readonly path: string }>) {
  warn(
    ROOTS.has(data.path)
      ? 'Non-listing operations on the root of a K/V v2 mount are not supported.'
      : `Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. If using the Vault CLI, use 'vault kv ${SUBCOMMANDS[request.verb]}' for this operation.`,
  );
  return reply(null, { status: 404 });
}
