// `vault list`: the names below any path.
import type { Secret } from '../client/secret.ts';
import { defineCommand } from '../command.ts';
import { EXIT_SERVER, orFail, serverFailure } from '../failure.ts';
import { printData, printList, printSecret } from '../format/output.ts';
import { onlyArgument, sanitizePath } from '../input/arguments.ts';
import type { Ui } from '../ui.ts';

export const list = defineCommand({
  usage: 'list [options] PATH',
  about:
    'Lists data from Vault at the given path. This can be used to list keys in a, given secret engine.\n\n      $ vault list my-app/',
  shared: ['http', 'format', 'detailed'],
  run: async ({ args, ui, connect }) => {
    const path = sanitizePath(onlyArgument(args));
    const secret = await orFail(`Error listing ${path}`, connect().list(path));
    return printListed(ui, secret, path);
  },
});

/** The answer to a list, or what is said where there is nothing. */
export async function printListed(
  ui: Ui,
  secret: Secret | undefined,
  path: string,
): Promise<number> {
  if (secret?.wrapInfo !== undefined) return printSecret(ui, secret);
  const hasKeys = Array.isArray(secret?.data?.['keys']);
  if (ui.format !== 'table' && !hasKeys) {
    await printData(ui, {});
    return EXIT_SERVER;
  }
  if (secret === undefined) throw serverFailure(`No value found at ${path}`);
  if (secret.data === undefined) return printSecret(ui, secret); // only warnings
  if (!hasKeys) throw serverFailure(`No entries found at ${path}`);
  return printList(ui, secret);
}
