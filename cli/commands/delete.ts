// `vault delete`: any path.
import { defineCommand } from '../command.ts';
import { orFail, usageFailure } from '../failure.ts';
import { sanitizePath } from '../input/arguments.ts';
import { queryArgument } from './read.ts';
import { printAnswer } from './write.ts';

export const deletePath = defineCommand({
  usage: 'delete [options] PATH',
  about:
    'Deletes secrets and configuration from Vault at the given path. The behavior of "delete" is delegated to the backend corresponding to the given path.\n\n      $ vault delete secret/my-secret',
  shared: ['http', 'field', 'format'],
  run: async ({ field, args, host, ui, connect }) => {
    const [typed] = args;
    if (typed === undefined) {
      throw usageFailure('Not enough arguments (expected at least 1, got 0)');
    }
    const path = sanitizePath(typed);
    const query = queryArgument(args.slice(1), host);
    const secret = await orFail(`Error deleting ${path}`, connect().delete(path, query));
    return printAnswer(ui, { secret, field, success: `Data deleted (if it existed) at: ${path}` });
  },
});
