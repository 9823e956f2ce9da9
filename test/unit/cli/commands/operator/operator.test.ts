import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { decodeToken, makeOtp } from '#cli/commands/operator/root-token.ts';
import { data, NOTHING, refused, vault } from '../../support/command-line.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

const KEYS = ['one', 'two', 'three', 'four', 'five'].map((name) =>
  Buffer.from(name).toString('base64'),
);
const SEALED = {
  type: 'shamir',
  initialized: true,
  sealed: true,
  t: 3,
  n: 5,
  progress: 1,
  nonce: 'abc',
  version: '1.16.3',
  build_date: '2024-05-29T14:10:00Z',
  migration: false,
  recovery_seal: false,
  storage_type: 'raft',
};
const SEALED_TABLE = `Key                Value
---                -----
Seal Type          shamir
Initialized        true
Sealed             true
Total Shares       5
Threshold          3
Unseal Progress    1/3
Unseal Nonce       abc
Version            1.16.3
Build Date         2024-05-29T14:10:00Z
Storage Type       raft
HA Enabled         true
`;

test('init shows keys and token once, with advice', async (t) => {
  const { stdout, asked } = await vault(['operator', 'init'], {
    answers: {
      'PUT sys/init': { body: { keys: ['6f'], keys_base64: KEYS, root_token: 'hvs.root' } },
    },
  });
  t.deepEqual(asked[0]?.body, { secret_shares: 5, secret_threshold: 3 });
  t.is(
    stdout,
    `${KEYS.map((key, index) => `Unseal Key ${index + 1}: ${key}\n`).join('')}
Initial Root Token: hvs.root

Vault initialized with 5 key shares and a key threshold of 3. Please securely
distribute the key shares printed above. When the Vault is re-sealed,
restarted, or stopped, you must supply at least 3 of these keys to unseal it
before it can start servicing requests.

Vault does not store the generated root key. Without at least 3 keys to
reconstruct the root key, Vault will remain permanently sealed!

It is possible to generate new unseal keys, provided you have a quorum
of existing unseal keys shares. See "vault operator rekey" for more
information.
`,
  );
});

test('init as JSON', async (t) => {
  const { stdout } = await vault(
    ['operator', 'init', '-format=json', '-key-shares=1', '-key-threshold=1'],
    {
      answers: {
        'PUT sys/init': { body: { keys: ['6f'], keys_base64: ['bw=='], root_token: 'hvs.root' } },
      },
    },
  );
  t.deepEqual(JSON.parse(stdout), {
    unseal_keys_b64: ['bw=='],
    unseal_keys_hex: ['6f'],
    unseal_shares: 1,
    unseal_threshold: 1,
    recovery_keys_b64: [],
    recovery_keys_hex: [],
    recovery_keys_shares: 0,
    recovery_keys_threshold: 0,
    root_token: 'hvs.root',
  });
});

test('init -status tells by its exit code', async (t) => {
  const yes = await vault(['operator', 'init', '-status'], {
    answers: { 'GET sys/init': { body: { initialized: true } } },
  });
  t.deepEqual([yes.exit, yes.stdout], [0, 'Vault is initialized\n']);
  const no = await vault(['operator', 'init', '-status'], {
    answers: { 'GET sys/init': { body: { initialized: false } } },
  });
  t.deepEqual([no.exit, no.stdout], [2, 'Vault is not initialized\n']);
});

test('init sends PGP keys as the API takes them', async (t) => {
  const folder = temporaryFolder(t);
  const armored =
    '-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: x\n\naGVs\nbG8=\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n';
  writeFileSync(join(folder, 'armored'), armored);
  writeFileSync(join(folder, 'binary'), Buffer.from([1, 2, 255]));
  const flag = `-pgp-keys=${join(folder, 'armored')},@${join(folder, 'binary')}`;
  const { asked } = await vault(['operator', 'init', flag, '-key-shares=2'], {
    answers: { 'PUT sys/init': { body: { keys_base64: [], root_token: '' } } },
  });
  t.like(asked[0]?.body, { pgp_keys: ['aGVsbG8=', 'AQL/'] });
  const missing = await vault(['operator', 'init', '-pgp-keys=/no/such']);
  t.deepEqual([missing.exit, missing.asked.length], [1, 0]);
});

test('unseal sends the key and shows the seal', async (t) => {
  const { stdout, exit, asked } = await vault(['operator', 'unseal', ' key '], {
    answers: {
      'PUT sys/unseal': { body: SEALED },
      'GET sys/leader': refused(503, 'Vault is sealed'),
    },
  });
  t.is(exit, 0);
  t.deepEqual(asked[0]?.body, { key: 'key', reset: false, migrate: false });
  t.is(stdout, SEALED_TABLE);
});

test('unseal asks for the key without showing it', async (t) => {
  const { stdout, asked } = await vault(['operator', 'unseal'], {
    answers: {
      'PUT sys/unseal': { body: SEALED },
      'GET sys/leader': { body: { ha_enabled: true } },
    },
    typed: ['the-share'],
  });
  t.is(stdout, `Unseal Key (will be hidden): \n${SEALED_TABLE}`);
  t.like(asked[0]?.body, { key: 'the-share' });
});

test('unseal without a terminal says how else', async (t) => {
  const { stdout, stderr, exit } = await vault(['operator', 'unseal']);
  t.is(exit, 1);
  t.is(stdout, 'Unseal Key (will be hidden): \n');
  t.is(
    stderr,
    `An error occurred attempting to ask for an unseal key. The raw error message
is shown below, but usually this is because you attempted to pipe a value
into the unseal command or you are executing outside of a terminal (tty). You
should run the unseal command from a terminal for maximum security. If this
is not an option, the unseal key can be provided as the first argument to the
unseal command. The raw error was:  file descriptor 0 is not a terminal
`,
  );
});

test('unseal -reset forgets the keys', async (t) => {
  const { asked } = await vault(['operator', 'unseal', '-reset'], {
    answers: {
      'PUT sys/unseal': { body: SEALED },
      'GET sys/leader': { body: { ha_enabled: true } },
    },
  });
  t.deepEqual(asked[0]?.body, { reset: true });
});

test('a refused share is not repeated', async (t) => {
  const { stderr } = await vault(['operator', 'unseal', 'my-share'], {
    answers: { 'PUT sys/unseal': refused(400, 'key is invalid') },
  });
  t.regex(stderr, /^Error unsealing: Error making API request/);
  t.false(stderr.includes('my-share'));
});

const STATES: readonly (readonly [string, object, object, readonly string[]])[] = [
  [
    'an active node',
    {
      ha_enabled: true,
      is_self: true,
      active_time: '2024-01-02T03:04:05Z',
      leader_cluster_address: 'https://x:8201',
    },
    {},
    [
      'HA Cluster      https://x:8201',
      'HA Mode         active',
      'Active Since    2024-01-02T03:04:05Z',
    ],
  ],
  [
    'a standby',
    {
      ha_enabled: true,
      is_self: false,
      leader_address: 'http://x:8200',
      raft_committed_index: 7,
      raft_applied_index: 6,
    },
    {},
    [
      'HA Mode                 standby',
      'Active Node Address     http://x:8200',
      'Raft Committed Index    7',
      'Raft Applied Index      6',
    ],
  ],
  ['a standby without a leader', { ha_enabled: true }, {}, ['Active Node Address    <none>']],
  ['a migration', {}, { migration: true }, ['Seal Migration in Progress    true']],
  [
    'a recovery seal',
    {},
    { recovery_seal: true, recovery_seal_type: 'shamir' },
    ['Recovery Seal Type       shamir', 'Total Recovery Shares    5'],
  ],
];
for (const [name, leader, seal, lines] of STATES) {
  test(`status of ${name}`, async (t) => {
    const { stdout, exit } = await vault(['status'], {
      answers: {
        'GET sys/seal-status': { body: { ...SEALED, sealed: false, ...seal } },
        'GET sys/leader': { body: { ha_enabled: false, ...leader } },
      },
    });
    t.is(exit, 0);
    for (const line of lines) t.true(stdout.split('\n').includes(line), `${line} in\n${stdout}`);
  });
}

test('status of a sealed server is 2, of none 1', async (t) => {
  const sealed = await vault(['status'], {
    answers: {
      'GET sys/seal-status': { body: SEALED },
      'GET sys/leader': refused(503, 'Vault is sealed'),
    },
  });
  t.deepEqual([sealed.exit, sealed.stdout], [2, SEALED_TABLE]);
  t.is((await vault(['status', '-address=http://127.0.0.1:1'])).exit, 1);
  t.is((await vault(['status', 'more'])).stderr, 'Too many arguments (expected 0, got 1)\n');
});

test('seal, step-down and key-status', async (t) => {
  const seal = await vault(['operator', 'seal'], { answers: { 'PUT sys/seal': NOTHING } });
  t.is(seal.stdout, 'Success! Vault is sealed.\n');
  const down = await vault(['operator', 'step-down'], {
    answers: { 'PUT sys/step-down': NOTHING },
  });
  t.is(down.stdout, `Success! Stepped down: ${down.address}\n`);
  const status = { term: 2, install_time: '2024-05-06T07:08:09.123Z', encryptions: 30 };
  const answers = { 'GET sys/key-status': data(status, status), 'POST sys/rotate': NOTHING };
  const table =
    'Key Term            2\nInstall Time        06 May 24 07:08 UTC\nEncryption Count    30\n';
  t.is((await vault(['operator', 'key-status'], { answers })).stdout, table);
  t.is(
    (await vault(['operator', 'rotate'], { answers })).stdout,
    `Success! Rotated key\n\n${table}`,
  );
  t.deepEqual(
    JSON.parse((await vault(['operator', 'key-status', '-format=json'], { answers })).stdout),
    status,
  );
});

const REKEY = {
  nonce: 'n-1',
  started: true,
  t: 2,
  n: 3,
  progress: 1,
  required: 2,
  pgp_fingerprints: null,
  backup: false,
  verification_required: false,
};
const REKEY_TABLE = `Key                      Value
---                      -----
Nonce                    n-1
Started                  true
Progress                 1/2
New Shares               3
New Threshold            2
Verification Required    false
`;

test('rekey starts with a warning', async (t) => {
  const { stdout, stderr, asked } = await vault(
    ['operator', 'rekey', '-init', '-key-shares=3', '-key-threshold=2'],
    {
      answers: { 'PUT sys/rekey/init': { body: REKEY } },
    },
  );
  t.like(asked[0]?.body, { secret_shares: 3, secret_threshold: 2, require_verification: false });
  t.is(stdout, `\n${REKEY_TABLE}`);
  t.deepEqual(stderr.split('\n').slice(0, 3), [
    'WARNING! If you lose the keys after they are returned, there is no recovery.',
    'Consider canceling this operation and re-initializing with the -pgp-keys flag',
    'to protect the returned unseal keys along with -backup to allow recovery of',
  ]);
});

test('rekey tells how far it is', async (t) => {
  const none = await vault(['operator', 'rekey', '-status'], {
    answers: { 'GET sys/rekey/init': { body: { nonce: '', started: false } } },
  });
  t.is(none.stdout, 'Key        Value\n---        -----\nNonce      n/a\nStarted    false\n');
  const json = await vault(['operator', 'rekey', '-status', '-format=json'], {
    answers: { 'GET sys/rekey/init': { body: REKEY } },
  });
  t.deepEqual(JSON.parse(json.stdout), { ...REKEY, verification_nonce: '' });
});

test('rekey takes shares, and shows the new keys after the last', async (t) => {
  const more = await vault(['operator', 'rekey', '-nonce=n-1', 'share'], {
    answers: { 'GET sys/rekey/init': { body: REKEY }, 'PUT sys/rekey/update': { body: REKEY } },
  });
  t.is(more.stdout, REKEY_TABLE);
  t.deepEqual(more.asked[1]?.body, { key: 'share', nonce: 'n-1' });
  const last = await vault(['operator', 'rekey', '-nonce=n-1', '-'], {
    answers: {
      'GET sys/rekey/init': { body: { ...REKEY, n: 1, t: 1 } },
      'PUT sys/rekey/update': {
        body: { complete: true, nonce: 'n-1', keys: ['6f'], keys_base64: ['bw=='] },
      },
    },
    stdin: 'share\n',
  });
  t.deepEqual(last.asked[1]?.body, { key: 'share', nonce: 'n-1' });
  t.is(
    last.stdout,
    `
Key 1: bw==

Operation nonce: n-1

Vault unseal keys rekeyed to 1 key shares and a key threshold of 1. Please
securely distribute the key shares printed above. When Vault is re-sealed,
restarted, or stopped, you must supply at least 1 of these keys to unseal it
before it can start servicing requests.
`,
  );
});

test('rekey is refused without a start and without a nonce', async (t) => {
  const none = await vault(['operator', 'rekey', '-nonce=x', 'share'], {
    answers: { 'GET sys/rekey/init': { body: { started: false } } },
  });
  t.deepEqual([none.exit, none.asked.length], [1, 1]);
  const nonce = await vault(['operator', 'rekey', 'share'], {
    answers: { 'GET sys/rekey/init': { body: REKEY } },
  });
  t.is(nonce.stderr, 'Missing nonce value: specify it via the -nonce flag\n');
  t.is((await vault(['operator', 'rekey', '-target=moon'])).stderr, 'Unknown target: moon\n');
});

test('rekey of the recovery key, its verification, its backup', async (t) => {
  const recovery = await vault(['operator', 'rekey', '-target=recovery', '-cancel'], {
    answers: { 'DELETE sys/rekey-recovery-key/init': NOTHING },
  });
  t.is(recovery.stdout, 'Success! Canceled rekeying (if it was started)\n');
  const verify = await vault(['operator', 'rekey', '-verify'], {
    answers: {
      'GET sys/rekey/verify': { body: { ...REKEY } },
      'PUT sys/rekey/verify': { body: { complete: true } },
    },
    typed: ['share'],
  });
  t.regex(
    verify.stdout,
    /^Rekey verification nonce: n-1\nUnseal Key \(will be hidden\): \nRekey verification successful\./,
  );
  const gone = await vault(['operator', 'rekey', '-backup-delete'], {
    answers: { 'DELETE sys/rekey/backup': NOTHING },
  });
  t.is(gone.stdout, 'Success! Delete stored keys (if they existed)\n');
});

const ROOT = {
  nonce: 'n-2',
  started: true,
  progress: 0,
  required: 2,
  complete: false,
  encoded_token: '',
  pgp_fingerprint: '',
  otp: '',
  otp_length: 28,
};

test('generate-root tells how far it is', async (t) => {
  const { stdout } = await vault(['operator', 'generate-root', '-status'], {
    answers: { 'GET sys/generate-root/attempt': { body: { ...ROOT, nonce: '', started: false } } },
  });
  t.is(
    stdout,
    'Nonce         n/a\nStarted       false\nProgress      0/2\nComplete      false\nOTP Length    28\n',
  );
});

test('generate-root makes a password where none is given', async (t) => {
  const { stdout, stderr } = await vault(['operator', 'generate-root', '-init'], {
    answers: { 'PUT sys/generate-root/attempt': { body: { ...ROOT, otp: 'secret-otp' } } },
  });
  t.regex(stdout, /\nOTP +secret-otp\nOTP Length +28\n$/);
  t.is(
    stderr,
    'A One-Time-Password has been generated for you and is shown in the OTP field.\nYou will need this value to decode the resulting root token, so keep it safe.\n',
  );
  const own = await vault(['operator', 'generate-root', '-init', '-otp=mine'], {
    answers: { 'PUT sys/generate-root/attempt': { body: ROOT } },
  });
  t.is(own.stderr, '');
  t.deepEqual(own.asked[0]?.body, { otp: 'mine', pgp_key: '' });
});

test('generate-root takes shares', async (t) => {
  const { stdout, asked } = await vault(['operator', 'generate-root', '-nonce=n-2', 'share'], {
    answers: {
      'GET sys/generate-root/attempt': { body: ROOT },
      'PUT sys/generate-root/update': {
        body: { ...ROOT, progress: 2, complete: true, encoded_token: 'ENC', otp_length: 0 },
      },
    },
  });
  t.deepEqual(asked[1]?.body, { key: 'share', nonce: 'n-2' });
  t.is(
    stdout,
    'Nonce            n-2\nStarted          true\nProgress         2/2\nComplete         true\nEncoded Token    ENC\n',
  );
});

test('generate-root is refused without a start', async (t) => {
  const { exit, stderr } = await vault(['operator', 'generate-root', '-nonce=x', 'share'], {
    answers: { 'GET sys/generate-root/attempt': { body: { ...ROOT, started: false } } },
  });
  t.is(exit, 1);
  t.regex(stderr, /^No root generation is in progress\./);
});

test('generate-root cancels, makes passwords and decodes', async (t) => {
  const cancel = await vault(['operator', 'generate-root', '-cancel'], {
    answers: { 'DELETE sys/generate-root/attempt': NOTHING },
  });
  t.is(cancel.stdout, 'Success! Root token generation canceled (if it was started)\n');
  const otp = await vault(['operator', 'generate-root', '-generate-otp'], {
    answers: { 'GET sys/generate-root/attempt': { body: ROOT } },
  });
  t.regex(otp.stdout, /^[A-Za-z0-9]{28}\n$/);
  const decoded = await vault(['operator', 'generate-root', '-decode=EwUG', '-otp=abc']);
  t.deepEqual([decoded.stdout, decoded.asked.length], ['rge\n', 0]);
  const wrong = await vault(['operator', 'generate-root', '-decode=EwUG', '-otp=short']);
  t.deepEqual(
    [wrong.exit, wrong.stderr],
    [1, 'Error xoring token: length of byte slices is not equivalent: 3 != 5\n'],
  );
  t.is(
    (await vault(['operator', 'generate-root', '-decode=EwUG'])).stderr,
    'Missing otp: use -otp to supply it\n',
  );
});

test('passwords differ, and decoding undoes encoding', (t) => {
  t.not(makeOtp(28), makeOtp(28));
  const otp = makeOtp(8);
  const encoded = Buffer.from(
    [...Buffer.from('hvs.root')].map((byte, index) => byte ^ otp.charCodeAt(index)),
  );
  t.is(decodeToken(encoded.toString('base64').replace(/=+$/, ''), otp), 'hvs.root');
  t.throws(() => decodeToken('%%%', otp));
});

test('members', async (t) => {
  const nodes = [
    {
      hostname: 'h',
      api_address: 'http://x:8200',
      cluster_address: 'https://x:8201',
      active_node: true,
      last_echo: null,
      version: '1.16.3',
      upgrade_version: '1.16.3',
    },
  ];
  const answers = { 'GET sys/ha-status': data({ nodes }, { nodes }) };
  const { stdout } = await vault(['operator', 'members'], { answers });
  t.regex(
    stdout,
    /^Host Name +API Address +Cluster Address +Active Node +Version +Upgrade Version +Redundancy Zone +Last Echo\n-+.*\nh +http:\/\/x:8200 +https:\/\/x:8201 +true +1\.16\.3 +1\.16\.3 +n\/a +n\/a\n$/,
  );
  t.deepEqual(
    JSON.parse((await vault(['operator', 'members', '-format=json'], { answers })).stdout),
    { Nodes: nodes },
  );
});
