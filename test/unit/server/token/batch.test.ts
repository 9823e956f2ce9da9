import test from 'ava';
import { TestServer } from '#test/helpers/server.ts';

async function start() {
  const server = await TestServer.start();
  await server.putPolicy('maker', 'path "auth/token/create" { capabilities = ["update"] }');
  return server;
}

const BATCH = { type: 'batch', policies: ['default'], ttl: '1h' } as const;

const statusOf = async (server: TestServer, token: string): Promise<number> =>
  (await server.call('read', 'auth/token/lookup-self', { token })).status;

test('a batch token is written nowhere', async (t) => {
  const server = await start();
  const before = server.services.barrier.physical.index;
  const token = await server.token({ ...BATCH, meta: { a: 'b' }, display_name: 'x' });
  t.is(server.services.barrier.physical.index, before);
  t.regex(token, /^hvb\.[A-Za-z0-9_-]{40,}$/);
  const { data } = await server.must('read', 'auth/token/lookup-self', { token });
  t.like(data, {
    accessor: '',
    creation_ttl: 3600,
    display_name: 'token-x',
    id: token,
    meta: { a: 'b' },
    policies: ['default'],
    renewable: false,
    type: 'batch',
  });
});

test('a batch token ends at its time, over a restart too', async (t) => {
  const server = await start();
  const token = await server.token(BATCH);
  await server.seal();
  await server.restart();
  await server.advance(3_599_000);
  t.is(await statusOf(server, token), 200);
  await server.advance(1000);
  t.is(await statusOf(server, token), 403);
});

test('a batch token ends with its parent, an orphan does not', async (t) => {
  const server = await start();
  const parent = await server.token({ policies: ['maker'], ttl: '1h' });
  const child = await server.token(BATCH, parent);
  const orphan = await server.token({ ...BATCH, no_parent: true });
  await server.must('write', 'auth/token/revoke', { body: { token: parent } });
  t.is(await statusOf(server, child), 403);
  t.is(await statusOf(server, orphan), 200);
});

test('a batch token ends with a parent whose time has come, at that very moment', async (t) => {
  const server = await start();
  const parent = await server.token({ policies: ['maker'], ttl: '10s' });
  const child = await server.token(BATCH, parent);
  server.clock.advance(9999);
  t.is(await statusOf(server, child), 200);
  server.clock.advance(1);
  t.is(await statusOf(server, child), 403);
});

test('a changed batch token is none', async (t) => {
  const server = await start();
  const token = await server.token(BATCH);
  const middle = Math.floor(token.length / 2);
  const other = token[middle] === 'A' ? 'B' : 'A';
  for (const forged of [
    token.slice(0, middle) + other + token.slice(middle + 1),
    token.slice(0, -8),
    'hvb.',
    'hvb.AAAA',
    `hvb.${'A'.repeat(100)}`,
    'hvb.\u0000',
  ]) {
    t.is(await statusOf(server, forged), 403, forged);
  }
});

for (const [path, body, refusal] of [
  ['auth/token/renew-self', {}, 'batch tokens cannot be renewed'],
  ['auth/token/renew', { token: true }, 'batch tokens cannot be renewed'],
  ['auth/token/revoke-self', {}, 'batch tokens cannot be revoked'],
  ['auth/token/revoke', { token: true }, 'batch tokens cannot be revoked'],
  ['auth/token/revoke-orphan', { token: true }, 'batch tokens cannot be revoked'],
] as const) {
  test(`${path} refuses a batch token`, async (t) => {
    const server = await start();
    const batch = await server.token(BATCH);
    const byItself = path.endsWith('-self');
    const asking = byItself ? { token: batch } : { body: { token: batch } };
    const { status, errors } = await server.call('write', path, asking);
    t.is(status, 400, JSON.stringify(body));
    t.deepEqual(errors, [refusal]);
    t.is(await statusOf(server, batch), 200);
  });
}

test('a batch token has no cubbyhole', async (t) => {
  const server = await start();
  const token = await server.token(BATCH);
  const { status, errors } = await server.call('write', 'cubbyhole/a', { token, body: { a: 1 } });
  t.is(status, 400);
  t.deepEqual(errors, ["cubbyhole operations are only supported by 'service' type tokens"]);
});

test('a batch token that no header could carry is refused', async (t) => {
  const server = await start();
  const meta = Object.fromEntries(
    Array.from({ length: 100 }, (_, at) => [`k${at}`, 'x'.repeat(80)]),
  );
  const { status } = await server.call('write', 'auth/token/create', { body: { ...BATCH, meta } });
  t.is(status, 400);
});

test('an older key of the barrier still opens batch tokens', async (t) => {
  const server = await start();
  const token = await server.token(BATCH);
  await server.services.barrier.rotate();
  t.is(await statusOf(server, token), 200);
});
