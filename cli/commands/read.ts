// `vault read`: any path.
import { defineCommand } from '../command.ts';
import { messageOf, orFail, serverFailure, usageFailure } from '../failure.ts';
import type { Host } from '../host.ts';
import { printField, printSecret } from '../format/output.ts';
import { sanitizePath } from '../input/arguments.ts';
import { parseQuery } from '../input/pairs.ts';
import type { Query } from '../client/address.ts';

export const read = defineCommand({
  usage: 'read [options] PATH',
  about:
    'Reads data from Vault at the given path. This can be used to read secrets, generate dynamic credentials, get configuration details, and more.\n\n      $ vault read database/creds/my-role',
  shared: ['http', 'field', 'format'],
  takesRaw: true,
  run: async ({ field, args, host, ui, connect }) => {
    const [typed] = args;
    if (typed === undefined) throw usageFailure('Not enough arguments (expected 1, got 0)');
    const path = sanitizePath(typed);
    const query = queryArgument(args.slice(1), host);
    const client = connect();
    if (ui.format === 'raw') {
      const answer = await orFail(`Error reading: ${path}`, client.send('GET', path, { query }));
      ui.output(answer.body.toString().trimEnd());
      return 0;
    }
    const secret = await orFail(`Error reading ${path}`, client.read(path, { query }));
    if (secret === undefined) throw serverFailure(`No value found at ${path}`);
    return field === '' ? printSecret(ui, secret) : printField(ui, secret, field);
  },
});

/** Pairs that go into the URL. */
export function queryArgument(args: readonly string[], host: Host): Query {
  try {
    return parseQuery(args, host);
  } catch (error) {
    throw usageFailure(`Failed to parse K=V data: ${messageOf(error)}`);
  }
}
