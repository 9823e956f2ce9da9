// `vault write`: any path.
import type { Secret } from '../client/secret.ts';
import { defineCommand } from '../command.ts';
import { orFail, usageFailure } from '../failure.ts';
import { boolFlag } from '../flags.ts';
import { printField, printSecret } from '../format/output.ts';
import { sanitizePath } from '../input/arguments.ts';
import { dataArgument } from '../input/pairs.ts';
import type { Ui } from '../ui.ts';

export const write = defineCommand({
  usage: 'write [options] PATH [DATA K=V...]',
  about:
    'Writes data to Vault at the given path. The data can be credentials, secrets, configuration, or arbitrary data. The specific behavior of this command is determined at the thing mounted at the path.\n\n      $ vault write transit/encrypt/my-key plaintext=$(base64 <<< "text")\n\nData is specified as "key=value" pairs. If the value begins with an "@", then it is loaded from a file. If the value is "-", it is read from standard input.',
  shared: ['http', 'field', 'format'],
  flags: { force: boolFlag('Write without any data.', false, { aliases: ['f'] }) },
  run: async ({ flags, field, args, host, ui, connect }) => {
    const [typed] = args;
    if (typed === undefined) throw usageFailure('Not enough arguments (expected 1, got 0)');
    if (args.length === 1 && !flags.force) throw usageFailure('Must supply data or use -force');
    const path = sanitizePath(typed);
    const data = dataArgument(args.slice(1), host);
    const secret = await orFail(`Error writing data to ${path}`, connect().write(path, data));
    return printAnswer(ui, { secret, field, success: `Data written to: ${path}` });
  },
});

export interface Answered {
  readonly secret: Secret | undefined;
  readonly field: string;
  /** What is said where the server answers nothing; only to people. */
  readonly success: string;
}

export async function printAnswer(ui: Ui, { secret, field, success }: Answered): Promise<number> {
  if (secret === undefined) {
    if (ui.format === 'table') ui.output(`Success! ${success}`);
    return 0;
  }
  return field === '' ? printSecret(ui, secret) : printField(ui, secret, field);
}
