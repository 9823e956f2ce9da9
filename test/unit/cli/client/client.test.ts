import test from 'ava';
import { data, NOTHING, refused, TOKEN, vault } from '../support/command-line.ts';

test('a request carries the token, and says that it is meant', async (t) => {
  const { asked } = await vault(['read', 'a/b'], { answers: { 'GET a/b': data({ x: '1' }) } });
  t.is(asked[0]?.headers['x-vault-token'], TOKEN);
  t.is(asked[0]?.headers['x-vault-request'], 'true');
  t.is(asked[0]?.headers['x-vault-namespace'], undefined);
  t.is(asked[0]?.headers['x-vault-wrap-ttl'], undefined);
});

test('without a token no header is sent', async (t) => {
  const { asked } = await vault(['read', 'a'], {
    environment: { VAULT_TOKEN: '' },
    answers: { 'GET a': data({ x: '1' }) },
  });
  t.false('x-vault-token' in (asked[0]?.headers ?? {}));
});

test('headers come from flags and from the environment, flags first', async (t) => {
  const answers = { 'GET a': data({ x: '1' }) };
  const environment = { VAULT_NAMESPACE: 'one', VAULT_WRAP_TTL: '90s', VAULT_MFA: 'm:1' };
  const first = await vault(['read', 'a'], { answers, environment });
  t.is(first.asked[0]?.headers['x-vault-namespace'], 'one');
  t.is(first.asked[0]?.headers['x-vault-wrap-ttl'], '90s');
  t.is(first.asked[0]?.headers['x-vault-mfa'], 'm:1');
  const flags = [
    '-ns=two',
    '-wrap-ttl=2m',
    '-mfa=x:1',
    '-mfa=y:2',
    '-header=x-own=z',
    '-policy-override',
  ];
  const second = await vault(['read', ...flags, 'a'], { answers, environment });
  t.is(second.asked[0]?.headers['x-vault-namespace'], 'two');
  t.is(second.asked[0]?.headers['x-vault-wrap-ttl'], '120s');
  t.is(second.asked[0]?.headers['x-vault-mfa'], 'x:1,y:2');
  t.is(second.asked[0]?.headers['x-own'], 'z');
  t.is(second.asked[0]?.headers['x-vault-policy-override'], 'true');
});

test("headers with Vault's prefix are refused", async (t) => {
  const { exit, stderr, asked } = await vault(['read', '-header=X-Vault-Token=root', 'a']);
  t.is(exit, 2);
  t.is(
    stderr,
    "failed to setup Headers[X-Vault-Token]: Header starting by 'X-Vault-' are for internal usage only\n",
  );
  t.is(asked.length, 0);
});

test('sys/wrapping/wrap is wrapped without being asked', async (t) => {
  const { asked } = await vault(['write', 'sys/wrapping/wrap', 'a=b'], {
    answers: { 'PUT sys/wrapping/wrap': data({}) },
  });
  t.is(asked[0]?.headers['x-vault-wrap-ttl'], '5m');
});

test('an error of the server is not tried again unless the environment says so', async (t) => {
  const answers = { 'GET a': [refused(500, 'no'), refused(503, 'no'), data({ x: '1' })] };
  const once = await vault(['read', 'a'], { answers });
  t.is(once.exit, 2);
  t.is(once.asked.length, 1);
  const thrice = await vault(['read', '-field=x', 'a'], {
    answers,
    environment: { VAULT_MAX_RETRIES: '2' },
  });
  t.is(thrice.stdout, '1');
  t.deepEqual(thrice.slept, [1000, 1500]);
});

test('what the client did wrong is never tried again', async (t) => {
  const { asked } = await vault(['read', 'a'], {
    answers: { 'GET a': refused(403, 'permission denied') },
    environment: { VAULT_MAX_RETRIES: '2' },
  });
  t.is(asked.length, 1);
});

test('a redirect is followed once, with method, body and token', async (t) => {
  const { asked, exit } = await vault(['write', 'a', 'x=1'], {
    answers: {
      'PUT a': { status: 307, headers: { location: '/v1/b' } },
      'PUT b': NOTHING,
    },
  });
  t.is(exit, 0);
  t.deepEqual(
    asked.map(({ method, path, body, headers }) => [method, path, body, headers['x-vault-token']]),
    [
      ['PUT', 'a', { x: '1' }, TOKEN],
      ['PUT', 'b', { x: '1' }, TOKEN],
    ],
  );
});

test('a second redirect is not followed', async (t) => {
  const { asked } = await vault(['read', 'a'], {
    answers: {
      'GET a': { status: 307, headers: { location: '/v1/b' } },
      'GET b': { status: 307, headers: { location: '/v1/a' } },
    },
  });
  t.is(asked.length, 2);
});

test('no redirect is followed where that is switched off', async (t) => {
  const { asked } = await vault(['read', '-disable-redirects', 'a'], {
    answers: { 'GET a': { status: 307, headers: { location: '/v1/b' } } },
  });
  t.is(asked.length, 1);
});

test('errors are shown with the request and the code', async (t) => {
  const { stderr, exit, address } = await vault(['read', 'sys/x'], {
    answers: { 'GET sys/x': refused(403, 'permission denied') },
  });
  t.is(
    stderr,
    `Error reading sys/x: Error making API request.\n\nURL: GET ${address}/v1/sys/x\nCode: 403. Errors:\n\n* permission denied\n`,
  );
  t.is(exit, 2);
});

test('an answer that is no JSON is shown as it is', async (t) => {
  const { stderr } = await vault(['read', 'a'], {
    answers: { 'GET a': { status: 502, raw: '<html>' } },
  });
  t.true(stderr.endsWith('Code: 502. Raw Message:\n\n<html>\n'));
});

test('a server that is not there is an error without the token', async (t) => {
  const { stderr, exit } = await vault(['read', '-address=http://127.0.0.1:1', 'a']);
  t.is(
    stderr,
    'Error reading a: Get "http://127.0.0.1:1/v1/a": dial tcp 127.0.0.1:1: connect: connection refused\n',
  );
  t.is(exit, 2);
});

test('TLS against a server without is told', async (t) => {
  const plain = await vault(['version']);
  t.is(plain.exit, 0);
  const { stderr } = await vault(['status', '-address=https://127.0.0.1:1']);
  t.regex(
    stderr,
    /^Error checking seal status: Get "https:\/\/127\.0\.0\.1:1\/v1\/sys\/seal-status": dial tcp/,
  );
});

const SETTINGS: readonly (readonly [
  string,
  readonly string[],
  Readonly<Record<string, string>>,
  RegExp,
])[] = [
  [
    'an address without a scheme',
    ['-address=::'],
    {},
    /^failed to create client: parse "::": missing protocol scheme$/m,
  ],
  [
    'a client certificate without its key',
    ['-client-cert=/x.pem'],
    {},
    /both client cert and client key must be provided/,
  ],
  [
    'a CA file that is not there',
    ['-ca-cert=/no/such.pem'],
    {},
    /Error loading \/no\/such\.pem: ENOENT/,
  ],
  [
    'a number of retries that is none',
    [],
    { VAULT_MAX_RETRIES: 'x' },
    /could not parse VAULT_MAX_RETRIES/,
  ],
  [
    'a timeout that is none',
    [],
    { VAULT_CLIENT_TIMEOUT: 'soon' },
    /could not parse "VAULT_CLIENT_TIMEOUT"/,
  ],
  [
    'a truth value that is none',
    [],
    { VAULT_SKIP_VERIFY: 'maybe' },
    /could not parse VAULT_SKIP_VERIFY/,
  ],
];
for (const [name, flags, environment, message] of SETTINGS) {
  test(`${name} is refused`, async (t) => {
    const { exit, stderr, asked } = await vault(['read', ...flags, 'a'], { environment });
    t.is(exit, 2);
    t.regex(stderr, message);
    t.is(asked.length, 0);
  });
}
