// `vault operator init`: prepares a new server and shows its unseal keys, once.
import type { JsonObject } from '../../client/secret.ts';
import { text, texts } from '../../client/secret.ts';
import { defineCommand } from '../../command.ts';
import { EXIT_SERVER, EXIT_USAGE, orFail } from '../../failure.ts';
import { boolFlag, intFlag, textFlag } from '../../flags.ts';
import { printData } from '../../format/output.ts';
import { wrap } from '../../format/wrap.ts';
import { expectArguments } from '../../input/arguments.ts';
import type { Ui } from '../../ui.ts';
import { readPgpKeys } from './pgp-keys.ts';

export const operatorInit = defineCommand({
  usage: 'operator init [options]',
  about:
    "Initializes a Vault server. Initialization is the process by which Vault's storage backend is prepared to receive data. Since Vault servers share the same storage backend in HA mode, you only need to initialize one Vault to initialize the storage backend.\n\n      $ vault operator init -key-shares=3 -key-threshold=2",
  shared: ['http', 'format'],
  flags: {
    status: boolFlag('Print whether the server is initialized: exit code 0 if it is, 2 if not.'),
    'key-shares': intFlag('How many shares the root key is split into.', 5),
    'key-threshold': intFlag('How many shares are needed to unseal.', 3),
    'pgp-keys': textFlag(
      'Files with public PGP keys, separated by commas: one for each share to encrypt.',
    ),
    'root-token-pgp-key': textFlag('File with a public PGP key to encrypt the root token.'),
    'recovery-shares': intFlag(
      'How many shares the recovery key is split into; only with auto unseal.',
      5,
    ),
    'recovery-threshold': intFlag('How many recovery shares are needed; only with auto unseal.', 3),
    'recovery-pgp-keys': textFlag('Like -pgp-keys, for the recovery shares.'),
    'stored-shares': intFlag('How many shares the seal keeps itself; only with auto unseal.'),
  },
  run: async ({ flags, given, args, host, ui, connect }) => {
    expectArguments(args, 0);
    const client = connect();
    if (flags.status) {
      const request = client.fetch('GET', 'sys/init');
      const status = await orFail('Error checking init status', request, EXIT_USAGE);
      return printStatus(ui, status['initialized'] === true);
    }
    const recovers = ['recovery-shares', 'recovery-threshold'].some((name) => given.has(name));
    const body = {
      secret_shares: flags['key-shares'],
      secret_threshold: flags['key-threshold'],
      ...(flags['pgp-keys'] === '' ? {} : { pgp_keys: readPgpKeys(flags['pgp-keys'], host) }),
      ...(flags['root-token-pgp-key'] === ''
        ? {}
        : { root_token_pgp_key: readPgpKeys(flags['root-token-pgp-key'], host)[0] }),
      ...(recovers
        ? {
            recovery_shares: flags['recovery-shares'],
            recovery_threshold: flags['recovery-threshold'],
          }
        : {}),
      ...(flags['recovery-pgp-keys'] === ''
        ? {}
        : { recovery_pgp_keys: readPgpKeys(flags['recovery-pgp-keys'], host) }),
      ...(given.has('stored-shares') ? { stored_shares: flags['stored-shares'] } : {}),
    };
    const answer = await orFail('Error initializing', client.fetch('PUT', 'sys/init', { body }));
    const numbers: Numbers = { shares: flags['key-shares'], threshold: flags['key-threshold'] };
    if (ui.format !== 'table') return printData(ui, structure(answer, numbers));
    printKeys(ui, answer, numbers);
    return 0;
  },
});

interface Numbers {
  readonly shares: number;
  readonly threshold: number;
}

async function printStatus(ui: Ui, isInitialized: boolean): Promise<number> {
  const code = isInitialized ? 0 : EXIT_SERVER;
  if (ui.format === 'table') {
    ui.output(isInitialized ? 'Vault is initialized' : 'Vault is not initialized');
    return code;
  }
  await printData(ui, { initialized: isInitialized });
  return code;
}

const structure = (
  answer: JsonObject,
  { shares, threshold }: Numbers,
): ReadonlyMap<string, unknown> =>
  new Map<string, unknown>([
    ['unseal_keys_b64', texts(answer['keys_base64']) ?? []],
    ['unseal_keys_hex', texts(answer['keys']) ?? []],
    ['unseal_shares', shares],
    ['unseal_threshold', threshold],
    ['recovery_keys_b64', texts(answer['recovery_keys_base64']) ?? []],
    ['recovery_keys_hex', texts(answer['recovery_keys']) ?? []],
    ['recovery_keys_shares', 0],
    ['recovery_keys_threshold', 0],
    ['root_token', text(answer['root_token'])],
  ]);

function printKeys(ui: Ui, answer: JsonObject, { shares, threshold }: Numbers): void {
  for (const [index, key] of (texts(answer['keys_base64']) ?? []).entries()) {
    ui.output(`Unseal Key ${index + 1}: ${key}`);
  }
  for (const [index, key] of (texts(answer['recovery_keys_base64']) ?? []).entries()) {
    ui.output(`Recovery Key ${index + 1}: ${key}`);
  }
  ui.output(`\nInitial Root Token: ${text(answer['root_token'])}\n`);
  for (const paragraph of advice(shares, threshold)) ui.output(paragraph);
}

const advice = (shares: number, threshold: number): string[] => [
  wrap(
    `Vault initialized with ${shares} key shares and a key threshold of ${threshold}. Please securely distribute the key shares printed above. When the Vault is re-sealed, restarted, or stopped, you must supply at least ${threshold} of these keys to unseal it before it can start servicing requests.`,
  ),
  '',
  wrap(
    `Vault does not store the generated root key. Without at least ${threshold} keys to reconstruct the root key, Vault will remain permanently sealed!`,
  ),
  '',
  'It is possible to generate new unseal keys, provided you have a quorum',
  'of existing unseal keys shares. See "vault operator rekey" for more',
  'information.',
];
