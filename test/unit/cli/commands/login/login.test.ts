import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { data, refused, vault } from '../../support/command-line.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

const SUCCESS = `Success! You are now authenticated. The token information displayed below is
already stored in the token helper. You do NOT need to run "vault login" again.
Future Vault requests will automatically use this token.

`;
const NOT_STORED = `The token was not stored in token helper. Set the VAULT_TOKEN environment
variable or pass the token below with each request to Vault.

`;
const LOOKUP = {
  'GET auth/token/lookup-self': data({
    id: 'root',
    accessor: 'acc',
    policies: ['root'],
    ttl: 0,
    renewable: false,
    meta: null,
  }),
};
const AUTH = {
  client_token: 'hvs.new',
  accessor: 'acc',
  policies: ['default'],
  token_policies: ['default'],
  metadata: { username: 'ann' },
  lease_duration: 2764800,
  renewable: true,
  orphan: true,
  entity_id: 'e',
};
const USERPASS = { 'PUT auth/userpass/login/ann': data(null, { auth: AUTH }) };
const NO_TOKEN = { VAULT_TOKEN: '' };

test('login with a token looks it up, keeps it and shows it', async (t) => {
  const home = temporaryFolder(t);
  const { stdout, stderr, exit, asked } = await vault(['login', 'root'], {
    answers: LOOKUP,
    environment: NO_TOKEN,
    home,
  });
  t.is(exit, 0);
  t.is(stderr, '');
  t.is(asked[0]?.headers['x-vault-token'], 'root');
  t.is(
    stdout,
    `${SUCCESS}Key                  Value
---                  -----
token                root
token_accessor       acc
token_duration       ∞
token_renewable      false
token_policies       ["root"]
identity_policies    []
policies             ["root"]
`,
  );
  t.is(readFileSync(join(home, '.vault-token'), 'utf8'), 'root');
  t.is((await vault(['print', 'token'], { environment: NO_TOKEN, home })).stdout, 'root\n');
});

test('login as JSON has every field', async (t) => {
  const { stdout } = await vault(['login', '-format=json', 'token=root'], {
    answers: LOOKUP,
    environment: NO_TOKEN,
  });
  t.deepEqual(JSON.parse(stdout), {
    request_id: '',
    lease_id: '',
    lease_duration: 0,
    renewable: false,
    data: null,
    warnings: null,
    auth: {
      client_token: 'root',
      accessor: 'acc',
      policies: ['root'],
      token_policies: ['root'],
      identity_policies: null,
      metadata: null,
      orphan: false,
      entity_id: '',
      lease_duration: 0,
      renewable: false,
      mfa_requirement: null,
    },
  });
});

const PRINTED: readonly (readonly [readonly string[], string, boolean])[] = [
  [['-token-only'], 'root', false],
  [['-no-print'], '', true],
  [['-field=token'], 'root', true],
  [['-field=policies'], '[root]', true],
];
for (const [flags, expected, isStored] of PRINTED) {
  test(`login ${flags.join(' ')}`, async (t) => {
    const home = temporaryFolder(t);
    const { stdout, stderr, exit } = await vault(['login', ...flags, 'root'], {
      answers: LOOKUP,
      environment: NO_TOKEN,
      home,
    });
    t.deepEqual([stdout, stderr, exit], [expected, '', 0]);
    t.is(existsSync(join(home, '.vault-token')), isStored);
  });
}

test('login -no-store keeps nothing and says so', async (t) => {
  const home = temporaryFolder(t);
  const { stderr } = await vault(['login', '-no-store', 'root'], {
    answers: LOOKUP,
    environment: NO_TOKEN,
    home,
  });
  t.is(stderr, NOT_STORED);
  t.false(existsSync(join(home, '.vault-token')));
});

test('login warns where VAULT_TOKEN goes before what it keeps', async (t) => {
  const { stderr, exit } = await vault(['login', 'root'], { answers: LOOKUP });
  t.is(exit, 0);
  t.is(
    stderr,
    `WARNING! The VAULT_TOKEN environment variable is set! The value of this variable
will take precedence; if this is unwanted please unset VAULT_TOKEN or update its
value accordingly.

`,
  );
});

test('login - reads the token from standard input', async (t) => {
  const { asked } = await vault(['login', '-no-print', '-'], {
    answers: LOOKUP,
    environment: NO_TOKEN,
    stdin: 'root\n',
  });
  t.is(asked[0]?.headers['x-vault-token'], 'root');
});

test('login without a token asks for it', async (t) => {
  const { stderr, asked } = await vault(['login', '-no-print'], {
    answers: LOOKUP,
    environment: NO_TOKEN,
    typed: ['root'],
  });
  t.is(stderr, 'Token (will be hidden): \n');
  t.is(asked[0]?.headers['x-vault-token'], 'root');
});

test('a wrong token is refused, not kept and not repeated', async (t) => {
  const home = temporaryFolder(t);
  const { stderr, exit, address } = await vault(['login', 'hvs.wrong'], {
    answers: { 'GET auth/token/lookup-self': refused(403, 'permission denied') },
    environment: NO_TOKEN,
    home,
  });
  t.is(exit, 2);
  t.is(
    stderr,
    `Error authenticating: error looking up token: Error making API request.\n\nURL: GET ${address}/v1/auth/token/lookup-self\nCode: 403. Errors:\n\n* permission denied\n`,
  );
  t.false(existsSync(join(home, '.vault-token')));
});

test('login by user and password', async (t) => {
  const { stdout, asked } = await vault(
    ['login', '-method=userpass', 'username=ann', 'password=pw'],
    { answers: USERPASS },
  );
  t.deepEqual(asked[0]?.body, { password: 'pw' });
  t.is(asked[0]?.headers['x-vault-token'], undefined, 'a former token has no part in it');
  t.is(
    stdout,
    `${SUCCESS}Key                    Value
---                    -----
token                  hvs.new
token_accessor         acc
token_duration         768h
token_renewable        true
token_policies         ["default"]
identity_policies      []
policies               ["default"]
token_meta_username    ann
`,
  );
});

test('login at another path, and with a password that is asked for', async (t) => {
  const { stderr, asked } = await vault(
    ['login', '-method=userpass', '-path=staff/', '-token-only', 'username=bob'],
    {
      answers: { 'PUT auth/staff/login/bob': data(null, { auth: AUTH }) },
      typed: ['typed password'],
    },
  );
  t.deepEqual(asked[0]?.body, { password: 'typed password' });
  t.is(stderr, 'Password (will be hidden): \n');
});

test('a password that nobody types is an error', async (t) => {
  const { stderr, exit } = await vault(['login', '-method=userpass', 'username=ann']);
  t.is(exit, 2);
  t.is(
    stderr,
    'Password (will be hidden): \nError authenticating: file descriptor 0 is not a terminal\n',
  );
});

test('a wrong password is not repeated', async (t) => {
  const { stderr, exit } = await vault(
    ['login', '-method=userpass', 'username=ann', 'password=hunter2'],
    {
      answers: { 'PUT auth/userpass/login/ann': refused(400, 'invalid username or password') },
    },
  );
  t.is(exit, 2);
  t.regex(stderr, /\* invalid username or password/);
  t.false(stderr.includes('hunter2'));
});

const REFUSED: readonly (readonly [readonly string[], string, number])[] = [
  [['-method=userpass', 'password=pw'], "Error authenticating: 'username' must be specified\n", 2],
  [
    ['a', 'b'],
    'Error parsing configuration: invalid key/value pair "b": format must be key=value\n',
    1,
  ],
  [['-no-store', '-no-print', 'a'], '-no-store and -no-print cannot be used together\n', 1],
  [
    ['-method=nothing'],
    'Unknown auth method: nothing. Use "vault auth list" to see the complete list of\nauth methods. Additionally, some auth methods are only available via the HTTP\nAPI.\n',
    1,
  ],
  [
    ['-method=toString'],
    'Unknown auth method: toString. Use "vault auth list" to see the complete list of\nauth methods. Additionally, some auth methods are only available via the HTTP\nAPI.\n',
    1,
  ],
];
for (const [args, message, code] of REFUSED) {
  test(`login ${args.join(' ')} is refused`, async (t) => {
    const { stderr, exit } = await vault(['login', ...args]);
    t.deepEqual([stderr, exit], [message, code]);
  });
}

const WRAP = {
  token: 'hvs.wrap',
  accessor: 'w',
  ttl: 60,
  creation_time: '2024-01-02T03:04:05Z',
  creation_path: 'x',
};
const WRAPPED = {
  'PUT auth/userpass/login/ann': data(null, { wrap_info: WRAP }),
  'PUT sys/wrapping/unwrap': data(null, { auth: AUTH }),
};

test('a wrapped login is opened, so that its token is kept', async (t) => {
  const { stdout, asked } = await vault(
    ['login', '-method=userpass', '-wrap-ttl=60s', '-field=token', 'username=ann', 'password=pw'],
    {
      answers: WRAPPED,
    },
  );
  t.is(stdout, 'hvs.new');
  t.is(asked[1]?.headers['x-vault-token'], 'hvs.wrap');
  t.is(asked[1]?.headers['x-vault-wrap-ttl'], undefined);
});

test('a wrapped login of which only the token is wanted stays wrapped', async (t) => {
  const { stdout, asked } = await vault(
    ['login', '-method=userpass', '-wrap-ttl=60s', '-token-only', 'username=ann', 'password=pw'],
    {
      answers: WRAPPED,
    },
  );
  t.is(stdout, 'hvs.wrap');
  t.is(asked.length, 1);
});

const REQUIREMENT = {
  mfa_request_id: 'request',
  mfa_constraints: {
    main: { any: [{ type: 'totp', id: 'method', uses_passcode: true, name: 'm' }] },
  },
};

test('a second factor is asked for and sent', async (t) => {
  const { stdout, stderr, asked } = await vault(
    ['login', '-method=userpass', '-field=token', 'username=ann', 'password=pw'],
    {
      answers: {
        'PUT auth/userpass/login/ann': data(null, {
          auth: { ...AUTH, client_token: '', mfa_requirement: REQUIREMENT },
        }),
        'POST sys/mfa/validate': data(null, { auth: AUTH }),
      },
      typed: ['123456'],
    },
  );
  t.is(stdout, 'hvs.new');
  t.deepEqual(asked[1]?.body, { mfa_request_id: 'request', mfa_payload: { method: ['123456'] } });
  t.false(stderr.includes('123456'));
});

test('without anybody to ask, a second factor is left to the user', async (t) => {
  const { stdout, stderr } = await vault(
    ['login', '-method=userpass', '-non-interactive', '-no-store', 'username=ann', 'password=pw'],
    {
      answers: {
        'PUT auth/userpass/login/ann': data(null, { auth: { mfa_requirement: REQUIREMENT } }),
      },
    },
  );
  t.regex(stderr, /subject to MFA validation/);
  t.regex(stdout, /mfa_request_id +request\nmfa_constraint_main_totp_id +method\n/);
});

test('login by certificate names its role', async (t) => {
  const { asked } = await vault(['login', '-method=cert', '-token-only', 'name=web'], {
    answers: { 'PUT auth/cert/login': data(null, { auth: AUTH }) },
  });
  t.deepEqual(asked[0]?.body, { name: 'web' });
});
