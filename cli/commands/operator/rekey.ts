// `vault operator rekey`: new unseal keys, made by those who hold the old ones.
import type { Client } from '../../client/client.ts';
import { type JsonObject, object, text } from '../../client/secret.ts';
import { type Context, defineCommand } from '../../command.ts';
import { orFail, usageFailure } from '../../failure.ts';
import { boolFlag, type FlagTable, intFlag, textFlag } from '../../flags.ts';
import { printData, printSecret } from '../../format/output.ts';
import { wrap } from '../../format/wrap.ts';
import { expectArguments } from '../../input/arguments.ts';
import { readKey } from './key-prompt.ts';
import { readPgpKeys } from './pgp-keys.ts';
import { printNewKeys, printState } from './rekey-output.ts';

const REKEY_FLAGS = {
  init: boolFlag('Start a rekey.'),
  cancel: boolFlag('Forget the keys that were given so far and end the rekey.'),
  status: boolFlag('Print how far the rekey is.'),
  'key-shares': intFlag('How many shares the new root key is split into.', 5),
  'key-threshold': intFlag('How many of them are needed to unseal.', 3),
  nonce: textFlag('The nonce of the rekey, with a key that is given as an argument.'),
  'pgp-keys': textFlag(
    'Files with public PGP keys, separated by commas: one for each share to encrypt.',
  ),
  target: textFlag('What to rekey: "barrier" or "recovery".', 'barrier'),
  verify: boolFlag('Give the new keys, to prove that they arrived.'),
  backup: boolFlag('Keep a backup of the keys that are encrypted with PGP in the storage.'),
  'backup-retrieve': boolFlag('Print the keys in the backup.'),
  'backup-delete': boolFlag('Delete the backup.'),
  'require-verification': boolFlag('The new keys count only after they were given with -verify.'),
} as const satisfies FlagTable;

type RekeyContext = Context<typeof REKEY_FLAGS>;

export const operatorRekey = defineCommand({
  usage: 'operator rekey [options] [KEY]',
  about:
    'Generates a new set of unseal keys. This can optionally change the total number of key shares or the required threshold of those key shares to reconstruct the root key. This operation is zero downtime, but it requires the Vault is unsealed and a quorum of existing unseal keys are provided.\n\n      $ vault operator rekey -init -key-shares=15 -key-threshold=9\n      $ vault operator rekey -nonce=... KEY',
  shared: ['http', 'format'],
  flags: REKEY_FLAGS,
  run: async (context) => {
    const { flags, args, connect } = context;
    expectArguments(args, 0, 1);
    const paths = pathsOf(flags.target);
    const client = connect();
    if (flags['backup-retrieve']) return retrieveBackup(context, client, paths);
    if (flags['backup-delete']) return deleteBackup(context, client, paths);
    if (flags.cancel) return cancel(context, client, paths);
    if (flags.init) return start(context, client, paths);
    if (flags.status) return printState(context.ui, await stateOf(context, client, paths));
    return provide(context, client, paths);
  },
});

/** Where the API is asked. */
interface Paths {
  readonly init: string;
  readonly update: string;
  readonly verify: string;
  readonly backup: string;
}

function pathsOf(target: string): Paths {
  switch (target.trim().toLowerCase()) {
    case 'barrier':
    case '':
      return {
        init: 'sys/rekey/init',
        update: 'sys/rekey/update',
        verify: 'sys/rekey/verify',
        backup: 'sys/rekey/backup',
      };
    case 'recovery':
    case 'hsm':
      return {
        init: 'sys/rekey-recovery-key/init',
        update: 'sys/rekey-recovery-key/update',
        verify: 'sys/rekey-recovery-key/verify',
        backup: 'sys/rekey/recovery-key-backup',
      };
    default:
      throw usageFailure(`Unknown target: ${target}`);
  }
}

const stateOf = ({ flags }: RekeyContext, client: Client, paths: Paths): Promise<JsonObject> =>
  orFail(
    'Error reading rekey status',
    client.fetch('GET', flags.verify ? paths.verify : paths.init),
  );

async function start(
  { flags, host, ui }: RekeyContext,
  client: Client,
  paths: Paths,
): Promise<number> {
  const keys = flags['pgp-keys'] === '' ? undefined : readPgpKeys(flags['pgp-keys'], host);
  const body = {
    secret_shares: flags['key-shares'],
    secret_threshold: flags['key-threshold'],
    stored_shares: 0,
    pgp_keys: keys ?? null,
    backup: flags.backup,
    require_verification: flags['require-verification'],
  };
  const request = client.fetch('PUT', paths.init, { body });
  const state = await orFail('Error initializing rekey', request);
  if (ui.format === 'table' && !(keys !== undefined && flags.backup)) {
    ui.error(`${wrap(keys === undefined ? LOSS_WARNING : BACKUP_WARNING)}\n`);
    ui.output('');
  }
  return printState(ui, state);
}

const LOSS_WARNING =
  'WARNING! If you lose the keys after they are returned, there is no recovery. Consider canceling this operation and re-initializing with the -pgp-keys flag to protect the returned unseal keys along with -backup to allow recovery of the encrypted keys in case of emergency. You can delete the stored keys later using the -delete flag.';
const BACKUP_WARNING =
  "WARNING! You are using PGP keys for encrypting the resulting unseal keys, but you did not enable the option to backup the keys to Vault's core. If you lose the encrypted keys after they are returned, you will not be able to recover them. Consider canceling this operation and re-running with -backup to allow recovery of the encrypted unseal keys in case of emergency. You can delete the stored keys later using the -delete flag.";

async function cancel({ flags, ui }: RekeyContext, client: Client, paths: Paths): Promise<number> {
  const request = client.delete(flags.verify ? paths.verify : paths.init);
  await orFail('Error canceling rekey', request);
  ui.output(
    flags.verify
      ? 'Success! Canceled rekeying verification (if it was started)'
      : 'Success! Canceled rekeying (if it was started)',
  );
  return 0;
}

async function provide(context: RekeyContext, client: Client, paths: Paths): Promise<number> {
  const { flags, args, host, ui } = context;
  const state = await stateOf(context, client, paths);
  if (state['started'] !== true) {
    throw usageFailure(
      wrap(
        'No rekey is in progress. Start a rekey process by running "vault operator rekey -init".',
      ),
    );
  }
  const question = {
    typed: (args[0] ?? '').trim(),
    nonce: flags.nonce,
    nonceOfServer: text(state['nonce']),
    name: flags.target === 'recovery' ? 'Recovery Key' : 'Unseal Key',
    nonceName: flags.verify ? 'Rekey verification nonce' : 'Rekey operation nonce',
  };
  const body = await readKey(question, host);
  const request = client.fetch('PUT', flags.verify ? paths.verify : paths.update, { body });
  const answer = await orFail('Error posting unseal key', request);
  if (answer['complete'] !== true) {
    return printState(ui, await stateOf(context, client, paths));
  }
  if (!flags.verify) return printNewKeys(ui, state, answer);
  if (ui.format !== 'table') return printData(ui, answer);
  ui.output(wrap(VERIFIED));
  return 0;
}

const VERIFIED =
  'Rekey verification successful. The rekey operation is complete and the new keys are now active.';

async function retrieveBackup({ ui }: RekeyContext, client: Client, paths: Paths): Promise<number> {
  const request = client.call('GET', paths.backup);
  const secret = await orFail('Error retrieving rekey stored keys', request);
  const data = object(secret?.data);
  return data === undefined ? printSecret(ui, secret) : printData(ui, data);
}

async function deleteBackup({ ui }: RekeyContext, client: Client, paths: Paths): Promise<number> {
  await orFail('Error deleting rekey stored keys', client.delete(paths.backup));
  ui.output('Success! Delete stored keys (if they existed)');
  return 0;
}
