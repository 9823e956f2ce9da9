// `vault patch`: any path that takes a merge.
import { defineCommand } from '../command.ts';
import { orFail, usageFailure } from '../failure.ts';
import { boolFlag } from '../flags.ts';
import { sanitizePath } from '../input/arguments.ts';
import { dataArgument } from '../input/pairs.ts';
import { printAnswer } from './write.ts';

export const patch = defineCommand({
  usage: 'patch [options] PATH [DATA K=V...]',
  about:
    'Patches data in Vault at the given path: what is given is merged into what is there.\n\n      $ vault patch pki/roles/example allow_localhost=false',
  shared: ['http', 'field', 'format'],
  flags: { force: boolFlag('Patch without any data.', false, { aliases: ['f'] }) },
  run: async ({ flags, field, args, host, ui, connect }) => {
    const [typed] = args;
    if (typed === undefined) throw usageFailure('Not enough arguments (expected 1, got 0)');
    if (args.length === 1 && !flags.force) throw usageFailure('Must supply data or use -force');
    const path = sanitizePath(typed);
    const data = dataArgument(args.slice(1), host);
    const secret = await orFail(`Error writing data to ${path}`, connect().patch(path, data));
    return printAnswer(ui, { secret, field, success: `Data written to: ${path}` });
  },
});
