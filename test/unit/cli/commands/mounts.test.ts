import test from 'ava';
import { data, NOTHING, refused, vault } from '../support/command-line.ts';

test('secrets enable mounts at the name of the type, or where it is told', async (t) => {
  const plain = await vault(['secrets', 'enable', 'transit'], {
    answers: { 'POST sys/mounts/transit': NOTHING },
  });
  t.is(plain.stdout, 'Success! Enabled the transit secrets engine at: transit/\n');
  t.deepEqual(plain.asked[0]?.body, {
    type: 'transit',
    description: '',
    config: { default_lease_ttl: '0s', max_lease_ttl: '0s', force_no_cache: false },
    local: false,
    seal_wrap: false,
    external_entropy_access: false,
    options: {},
  });
  const flags = [
    '-path=two',
    '-version=2',
    '-default-lease-ttl=1h',
    '-max-lease-ttl=2h',
    '-force-no-cache',
    '-local',
    '-listing-visibility=unauth',
    '-options=a=b',
    '-audit-non-hmac-request-keys=a',
    '-audit-non-hmac-response-keys=b',
    '-passthrough-request-headers=X-A',
    '-allowed-response-headers=X-B',
  ];
  const all = await vault(['secrets', 'enable', ...flags, 'kv'], {
    answers: { 'POST sys/mounts/two': NOTHING },
  });
  t.is(all.stdout, 'Success! Enabled the kv secrets engine at: two/\n');
  t.like(all.asked[0]?.body, {
    config: {
      default_lease_ttl: '1h0m0s',
      max_lease_ttl: '2h0m0s',
      force_no_cache: true,
      listing_visibility: 'unauth',
      audit_non_hmac_request_keys: ['a'],
      audit_non_hmac_response_keys: ['b'],
      passthrough_request_headers: ['X-A'],
      allowed_response_headers: ['X-B'],
    },
    local: true,
    options: { a: 'b', version: '2' },
  });
});

test('tune sends only what was typed; 0 is the ttl of the system', async (t) => {
  const { stdout, asked } = await vault(
    ['secrets', 'tune', '-default-lease-ttl=0', '-max-lease-ttl=90m', '-description=', 'two/'],
    {
      answers: { 'POST sys/mounts/two/tune': NOTHING },
    },
  );
  t.is(stdout, 'Success! Tuned the secrets engine at: two/\n');
  t.deepEqual(asked[0]?.body, {
    default_lease_ttl: 'system',
    max_lease_ttl: '1h30m0s',
    description: '',
  });
  const auth = await vault(
    [
      'auth',
      'tune',
      '-token-type=batch',
      '-user-lockout-threshold=3',
      '-user-lockout-duration=5m',
      '-user-lockout-disable',
      'userpass',
    ],
    {
      answers: { 'POST sys/mounts/auth/userpass/tune': NOTHING },
    },
  );
  t.is(auth.stdout, 'Success! Tuned the auth method at: userpass/\n');
  t.deepEqual(auth.asked[0]?.body, {
    token_type: 'batch',
    user_lockout_config: {
      lockout_threshold: '3',
      lockout_duration: '5m0s',
      lockout_disable: true,
    },
  });
});

const MOUNTS = {
  'secret/': {
    type: 'kv',
    accessor: 'kv_1',
    description: 'values',
    config: { default_lease_ttl: 0, max_lease_ttl: 60, force_no_cache: false },
    options: { version: '2' },
    local: false,
    seal_wrap: false,
    external_entropy_access: false,
    uuid: 'u',
    plugin_version: '',
    running_plugin_version: 'v1',
    running_sha256: '',
    deprecation_status: 'supported',
  },
  'cubbyhole/': {
    type: 'cubbyhole',
    accessor: 'c_1',
    description: '',
    config: { default_lease_ttl: 0, max_lease_ttl: 0, force_no_cache: false },
    options: null,
    local: true,
  },
};

test('secrets list', async (t) => {
  const answers = { 'GET sys/mounts': data(MOUNTS, MOUNTS) };
  t.is(
    (await vault(['secrets', 'list'], { answers })).stdout,
    'Path          Type         Accessor    Description\n----          ----         --------    -----------\ncubbyhole/    cubbyhole    c_1         n/a\nsecret/       kv           kv_1        values\n',
  );
  const detailed = (await vault(['secrets', 'list', '-detailed'], { answers })).stdout.split('\n');
  t.regex(
    detailed[0] ?? '',
    /^Path +Plugin +Accessor +Default TTL +Max TTL +Force No Cache +Replication +Seal Wrap +External Entropy Access +Options +Description +UUID +Version +Running Version +Running SHA256 +Deprecation Status$/,
  );
  t.regex(
    detailed[2] ?? '',
    /^cubbyhole\/ +cubbyhole +c_1 +n\/a +n\/a +false +local +false +false +map\[\] +n\/a +n\/a/,
  );
  t.regex(
    detailed[3] ?? '',
    /^secret\/ +kv +kv_1 +system +60 +false +replicated +false +false +map\[version:2\] +values +u +n\/a +v1 +n\/a +supported$/,
  );
  const json = JSON.parse(
    (await vault(['secrets', 'list', '-format=json'], { answers })).stdout,
  ) as Record<string, object>;
  t.like(json['cubbyhole/'], { uuid: '', deprecation_status: '', options: null });
  t.deepEqual(Object.keys(json), ['cubbyhole/', 'secret/']);
});

test('auth list has the version of the plugin', async (t) => {
  const answers = {
    'GET sys/auth': data({
      'token/': {
        type: 'token',
        accessor: 'a',
        description: 'd',
        config: { token_type: 'default-service' },
      },
    }),
  };
  t.is(
    (await vault(['auth', 'list'], { answers })).stdout,
    'Path      Type     Accessor    Description    Version\n----      ----     --------    -----------    -------\ntoken/    token    a           d              n/a\n',
  );
  t.regex(
    (await vault(['auth', 'list', '-detailed'], { answers })).stdout,
    /^Path +Plugin +Accessor +Default TTL +Max TTL +Token Type +Replication .*\n.*\ntoken\/ +token +a +system +system +default-service +replicated/,
  );
});

test('auth enable and disable', async (t) => {
  const enable = await vault(['auth', 'enable', '-path=staff', 'userpass'], {
    answers: { 'POST sys/auth/staff': NOTHING },
  });
  t.is(enable.stdout, 'Success! Enabled userpass auth method at: staff/\n');
  const disable = await vault(['auth', 'disable', 'staff'], {
    answers: { 'DELETE sys/auth/staff': NOTHING },
  });
  t.is(disable.stdout, 'Success! Disabled the auth method (if it existed) at: staff/\n');
  const secrets = await vault(['secrets', 'disable', 'transit'], {
    answers: { 'DELETE sys/mounts/transit': NOTHING },
  });
  t.is(secrets.stdout, 'Success! Disabled the secrets engine (if it existed) at: transit/\n');
});

test('auth help knows types and paths', async (t) => {
  t.regex(
    (await vault(['auth', 'help', 'userpass'])).stdout,
    /^Usage: vault login -method=userpass/,
  );
  const answers = { 'GET sys/auth': data({ 'staff/': { type: 'userpass' } }) };
  t.regex(
    (await vault(['auth', 'help', 'staff'], { answers })).stdout,
    /^Usage: vault login -method=userpass/,
  );
  const none = await vault(['auth', 'help', 'nothing'], { answers });
  t.is(none.exit, 1);
  t.regex(none.stderr, /^Invalid auth method/);
});

const state = (status: string) => data({ migration_id: 'm', migration_info: { status } });

test('move waits until the server is done', async (t) => {
  const { stdout, slept } = await vault(['secrets', 'move', 'one', 'three'], {
    answers: {
      'POST sys/remount': data({ migration_id: 'm' }),
      'GET sys/remount/status/m': [state('in-progress'), state('success')],
    },
  });
  t.is(
    stdout,
    'Started moving secrets engine one/ to three/, with migration ID m\nWaiting for terminal status in migration of secrets engine one/ to three/, with migration ID m\nSuccess! Finished moving secrets engine one/ to three/, with migration ID m\n',
  );
  t.deepEqual(slept, [10_000]);
  const failed = await vault(['auth', 'move', 'auth/a', 'auth/b'], {
    answers: {
      'POST sys/remount': data({ migration_id: 'm' }),
      'GET sys/remount/status/m': state('failure'),
    },
  });
  t.regex(failed.stderr, /^Failure! Error encountered moving auth method auth\/a\/ to auth\/b\//);
});

const REFUSED: readonly (readonly [readonly string[], string])[] = [
  [['secrets', 'enable'], 'Not enough arguments (expected 1, got 0)'],
  [['secrets', 'disable', 'a', 'b'], 'Too many arguments (expected 1, got 2)'],
  [['secrets', 'list', 'more'], 'Too many arguments (expected 0, got 1)'],
  [['secrets', 'move', 'a'], 'Not enough arguments (expected 2, got 1)'],
  [
    ['secrets', 'tune', '-default-lease-ttl=soon', 'two'],
    'invalid value "soon" for flag -default-lease-ttl: time: invalid duration "soon"',
  ],
  [['auth', 'enable'], 'Not enough arguments (expected 1, got 0)'],
];
for (const [argv, message] of REFUSED) {
  test(`${argv.join(' ')} is refused`, async (t) => {
    const { exit, stderr, asked } = await vault(argv);
    t.deepEqual([exit, stderr, asked.length], [1, `${message}\n`, 0]);
  });
}

const DENIED: readonly (readonly [readonly string[], string])[] = [
  [['secrets', 'list'], 'Error listing secrets engines'],
  [['secrets', 'enable', 'kv'], 'Error enabling'],
  [['secrets', 'disable', 'docs'], 'Error disabling secrets engine at docs/'],
  [['secrets', 'tune', 'docs'], 'Error tuning secrets engine docs/'],
  [['secrets', 'move', 'a', 'b'], 'Error moving secrets engine a/ to b/'],
  [['auth', 'list'], 'Error listing enabled authentications'],
  [['auth', 'enable', 'userpass'], 'Error enabling userpass auth'],
  [['auth', 'disable', 'userpass'], 'Error disabling auth method at userpass/'],
];
for (const [argv, what] of DENIED) {
  test(`${argv.join(' ')} that is denied says what was tried`, async (t) => {
    const denied = refused(403, 'permission denied');
    const { exit, stderr } = await vault(argv, {
      answers: Object.fromEntries(
        [
          'GET sys/mounts',
          'POST sys/mounts/kv',
          'DELETE sys/mounts/docs',
          'POST sys/mounts/docs/tune',
          'POST sys/remount',
          'GET sys/auth',
          'POST sys/auth/userpass',
          'DELETE sys/auth/userpass',
        ].map((key) => [key, denied]),
      ),
    });
    t.is(exit, 2);
    t.true(stderr.startsWith(`${what}: Error making API request.\n\nURL: `), stderr);
    t.true(stderr.endsWith('Code: 403. Errors:\n\n* permission denied\n'));
  });
}
