import test from 'ava';
import { seconds } from '#sdk/duration.ts';
import { openMethod, type OpenTerms } from '#test/helpers/open-method.ts';
import { TestServer, type Answered } from '#test/helpers/server.ts';

async function start(terms: OpenTerms, token_type?: string): Promise<TestServer> {
  const server = await TestServer.start({ engines: [openMethod(terms)] });
  const config = token_type === undefined ? {} : { token_type };
  await server.mount({ kind: 'auth', path: 'auth/open/', type: 'open', config });
  return server;
}

const logIn = (server: TestServer, user = 'ann'): Promise<Answered> =>
  server.call('write', `auth/open/login/${user}`, { token: '' });

test('a login gives an orphan with the policies of the method and default', async (t) => {
  const server = await start({ policies: ['B', 'a '] });
  const { auth } = await logIn(server);
  t.like(auth, {
    policies: ['a', 'b', 'default'],
    lease_duration: 3600,
    renewable: true,
    orphan: true,
    token_type: 'service',
    metadata: { name: 'ann' },
  });
  const token = String(auth['client_token']);
  const { data } = await server.must('read', 'auth/token/lookup-self', { token });
  t.like(data, { display_name: 'open-ann', path: 'auth/open/login/ann' });
});

for (const [number, policy] of ['root', 'ROOT', ' root', 'root\n', '\u00a0Root'].entries()) {
  test(`a login that would give root, spelling ${number}, gives nothing`, async (t) => {
    const server = await start({ policies: ['app', policy] });
    const before = server.keys('');
    const { status, errors } = await logIn(server);
    t.is(status, 400);
    t.deepEqual(errors, ['auth methods cannot create root tokens']);
    t.deepEqual(server.keys(''), before);
  });
}

for (const [asked, tuned, expected] of [
  ['default', undefined, 'service'],
  ['default', 'default-batch', 'batch'],
  ['service', 'default-batch', 'service'],
  ['batch', 'default-service', 'batch'],
  ['service', 'batch', 'batch'],
  ['batch', 'service', 'service'],
] as const) {
  test(`a user of type ${asked} at a mount of type ${tuned} gets a ${expected} token`, async (t) => {
    const server = await start({ fields: { token_type: asked } }, tuned);
    const { auth } = await logIn(server);
    t.is(auth['token_type'], expected);
    t.is(auth['renewable'], expected === 'service');
  });
}

test('a batch token of a login is written nowhere', async (t) => {
  const server = await start({ fields: { token_type: 'batch' } });
  await logIn(server);
  const before = server.keys('');
  const { auth } = await logIn(server);
  t.regex(String(auth['client_token']), /^hvb\./);
  t.deepEqual(server.keys(''), before);
});

test('a batch token with a number of uses is refused', async (t) => {
  const server = await start({ fields: { token_num_uses: 2 } }, 'batch');
  const { status, errors } = await logIn(server);
  t.is(status, 400);
  t.deepEqual(errors, ['batch tokens cannot have "num_uses" set']);
});

test('the lifetime of a login is cut with a warning', async (t) => {
  const fields = { token_ttl: seconds(1800), token_explicit_max_ttl: seconds(600) };
  const { auth, warnings } = await logIn(await start({ fields }));
  t.is(auth['lease_duration'], 600);
  t.deepEqual(warnings, [
    'TTL of "30m" exceeded the effective max_ttl of "10m"; TTL value is capped accordingly',
  ]);
});

test('the tokens of a method end with it, also the one that disables it', async (t) => {
  const server = await start({ policies: ['admin'] });
  await server.putPolicy('admin', 'path "sys/auth/*" { capabilities = ["delete", "sudo"] }');
  const [ann, ben] = [await logIn(server, 'ann'), await logIn(server, 'ben')];
  const token = String(ann.auth['client_token']);
  t.is((await server.call('delete', 'sys/auth/open', { token })).status, 204);
  for (const { auth } of [ann, ben]) {
    const asking = { token: String(auth['client_token']) };
    t.is((await server.call('read', 'auth/token/lookup-self', asking)).status, 403);
  }
  t.is((await logIn(server)).status, 403);
  t.is(server.keys('sys/token/id/').length, 1);
});
