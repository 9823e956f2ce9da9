// `vault status`: whether the server is sealed, and who leads.
import { defineCommand } from '../command.ts';
import { EXIT_SERVER, orFail } from '../failure.ts';
import { expectArguments } from '../input/arguments.ts';
import { printSealStatus } from './seal-status.ts';

const EXIT_UNREACHABLE = 1;

export const status = defineCommand({
  usage: 'status [options]',
  about:
    'Prints the current state of Vault including whether it is sealed and if HA mode is enabled. This command prints regardless of whether the Vault is sealed.\n\nThe exit code reflects the seal status: 0 for unsealed, 1 for an error, 2 for sealed.',
  shared: ['http', 'format'],
  run: async ({ args, ui, connect }) => {
    expectArguments(args, 0);
    const client = connect();
    const request = client.fetch('GET', 'sys/seal-status');
    const seal = await orFail('Error checking seal status', request, EXIT_UNREACHABLE);
    const code = await printSealStatus(ui, client, seal);
    return seal['sealed'] === true ? EXIT_SERVER : code;
  },
});
