// `vault operator unseal` and `seal`: the server gets its root key, and forgets it.
import { defineCommand } from '../../command.ts';
import { messageOf, orFail, usageFailure } from '../../failure.ts';
import { boolFlag } from '../../flags.ts';
import { wrap } from '../../format/wrap.ts';
import type { Host } from '../../host.ts';
import { expectArguments } from '../../input/arguments.ts';
import { printSealStatus } from '../seal-status.ts';

export const operatorUnseal = defineCommand({
  usage: 'operator unseal [options] [KEY]',
  about:
    'Provides a portion of the root key to unseal a Vault server. Vault starts in a sealed state. It cannot perform operations until it is unsealed. This command accepts a portion of the root key (an "unseal key").\n\nThe unseal key can be supplied as an argument to the command, but this is not recommended as the unseal key will be available in your history. Without one it is asked for.\n\n      $ vault operator unseal',
  shared: ['http', 'format'],
  flags: {
    reset: boolFlag('Forget the keys that were given so far.'),
    migrate: boolFlag('Take part in the migration to another seal.'),
  },
  run: async ({ flags, args, host, ui, connect }) => {
    expectArguments(args, 0, 1);
    const client = connect();
    if (flags.reset) {
      const request = client.fetch('PUT', 'sys/unseal', { body: { reset: true } });
      return printSealStatus(ui, client, await orFail('Error resetting unseal process', request));
    }
    const key = (args[0] ?? '').trim() || (await askKey(host));
    const body = { key, reset: false, migrate: flags.migrate };
    const seal = await orFail('Error unsealing', client.fetch('PUT', 'sys/unseal', { body }));
    return printSealStatus(ui, client, seal);
  },
});

async function askKey(host: Host): Promise<string> {
  host.stdout('Unseal Key (will be hidden): ');
  try {
    return (await host.readHidden()).trim();
  } catch (error) {
    throw usageFailure(
      wrap(
        `An error occurred attempting to ask for an unseal key. The raw error message is shown below, but usually this is because you attempted to pipe a value into the unseal command or you are executing outside of a terminal (tty). You should run the unseal command from a terminal for maximum security. If this is not an option, the unseal key can be provided as the first argument to the unseal command. The raw error was:\n\n${messageOf(error)}`,
      ),
    );
  } finally {
    host.stdout('\n');
  }
}

export const operatorSeal = defineCommand({
  usage: 'operator seal [options]',
  about:
    'Seals the Vault server. Sealing tells the Vault server to stop responding to any operations until it is unsealed. When sealed, the Vault server discards its in-memory root key to unlock the data, so it is physically blocked from responding to operations unsealed.\n\n      $ vault operator seal',
  shared: ['http'],
  run: async ({ args, ui, connect }) => {
    expectArguments(args, 0);
    await orFail('Error sealing', connect().write('sys/seal'));
    ui.output('Success! Vault is sealed.');
    return 0;
  },
});
