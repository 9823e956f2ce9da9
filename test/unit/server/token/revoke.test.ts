import test from 'ava';
import { TestServer } from '#test/helpers/server.ts';

async function start() {
  const server = await TestServer.start();
  await server.putPolicy(
    'maker',
    `path "auth/token/create" { capabilities = ["update"] }
     path "auth/token/revoke-orphan" { capabilities = ["update"] }`,
  );
  return server;
}

/** A token, its child and its grandchild. */
async function family(server: TestServer) {
  const parent = await server.token({ policies: ['maker'], ttl: '1h' });
  const child = await server.token({}, parent);
  const grandchild = await server.token({}, child);
  return { parent, child, grandchild };
}

async function alive(server: TestServer, tokens: Readonly<Record<string, string>>) {
  const names: string[] = [];
  for (const [name, token] of Object.entries(tokens)) {
    const { status } = await server.call('read', 'auth/token/lookup-self', { token });
    if (status === 200) names.push(name);
  }
  return names;
}

const accessorOf = async (server: TestServer, token: string): Promise<string> =>
  String((await server.must('read', 'auth/token/lookup-self', { token })).data['accessor']);

test('a token ends with its tree and leaves nothing', async (t) => {
  const server = await start();
  const before = server.keys('');
  const tokens = await family(server);
  await server.must('write', 'cubbyhole/a/b', { token: tokens.grandchild, body: { x: 1 } });
  await server.must('write', 'cubbyhole/c', { token: tokens.parent, body: { x: 1 } });
  await server.must('write', 'auth/token/revoke', { body: { token: tokens.parent } });
  t.deepEqual(await alive(server, tokens), []);
  t.deepEqual(server.keys(''), before);
});

test('the end of a child leaves its parent', async (t) => {
  const server = await start();
  const tokens = await family(server);
  await server.must('write', 'auth/token/revoke-self', { token: tokens.child });
  t.deepEqual(await alive(server, tokens), ['parent']);
});

test('revocation by the accessor', async (t) => {
  const server = await start();
  const tokens = await family(server);
  const accessor = await accessorOf(server, tokens.child);
  const revoke = () => server.call('write', 'auth/token/revoke-accessor', { body: { accessor } });
  t.is((await revoke()).status, 204);
  t.deepEqual(await alive(server, tokens), ['parent']);
  const again = await revoke();
  t.is(again.status, 200);
  t.deepEqual(again.warnings, ['No token found with this accessor']);
});

test('revoke-orphan leaves the children as orphans, with all that is theirs', async (t) => {
  const server = await start();
  const tokens = await family(server);
  await server.must('write', 'cubbyhole/c', { token: tokens.parent, body: { x: 1 } });
  await server.must('write', 'auth/token/revoke-orphan', { body: { token: tokens.parent } });
  t.deepEqual(await alive(server, tokens), ['child', 'grandchild']);
  const { data } = await server.must('read', 'auth/token/lookup-self', { token: tokens.child });
  t.true(data['orphan']);
  t.deepEqual(
    server.keys('logical/').filter((key) => key.endsWith('/c')),
    [],
  );
  await server.must('write', 'auth/token/revoke', { body: { token: tokens.child } });
  t.deepEqual(await alive(server, tokens), []);
});

test('revoke-orphan needs sudo', async (t) => {
  const server = await start();
  const { parent, child } = await family(server);
  const { status, errors } = await server.call('write', 'auth/token/revoke-orphan', {
    token: child,
    body: { token: parent },
  });
  t.is(status, 400);
  t.deepEqual(errors, ['root or sudo privileges required to revoke and orphan']);
});

test('a tree of many ends in one stroke', async (t) => {
  const server = await start();
  const parent = await server.token({ policies: ['maker'], ttl: '1h' });
  for (let count = 0; count < 2000; count++) await server.token({}, parent);
  const before = server.services.barrier.physical.index;
  await server.must('write', 'auth/token/revoke', { body: { token: parent } });
  t.is(Number(server.services.barrier.physical.index), before + 1);
  t.is(server.keys('sys/token/id/').length, 1);
});

test('a tree ends when the time of its root has come, however long its branches were to live', async (t) => {
  const server = await start();
  const parent = await server.token({ policies: ['maker'], ttl: '10s' });
  const child = await server.token({ ttl: '1h' }, parent);
  const grandchild = await server.token({ ttl: '1h' }, child);
  await server.advance(10_100);
  t.deepEqual(await alive(server, { parent, child, grandchild }), []);
  t.is(server.keys('sys/token/id/').length, 1);
});

test('the accessors of all tokens are listed, for sudo only', async (t) => {
  const server = await start();
  const { parent, child, grandchild } = await family(server);
  const expected: string[] = [];
  for (const token of ['root', parent, child, grandchild]) {
    expected.push(await accessorOf(server, token));
  }
  const { data } = await server.must('list', 'auth/token/accessors');
  t.deepEqual((data['keys'] as readonly string[]).toSorted(), expected.toSorted());
  t.is((await server.call('list', 'auth/token/accessors', { token: parent })).status, 403);
});

test('storage holds neither a token nor its accessor in the name of a key', async (t) => {
  const server = await start();
  const { parent } = await family(server);
  const accessor = await accessorOf(server, parent);
  const names = server.keys('').join('\n');
  t.false(names.includes(parent.slice(4)));
  t.false(names.includes(accessor));
});

test('the last use of a token ends it with its children and its cubbyhole', async (t) => {
  const server = await start();
  const before = server.keys('');
  const token = await server.token({ policies: ['default'], ttl: '1h', num_uses: 2 });
  await server.must('write', 'cubbyhole/a', { token, body: { x: 1 } });
  const { data } = await server.must('read', 'auth/token/lookup-self', { token });
  t.is(data['num_uses'], -1);
  t.deepEqual(server.keys(''), before);
});

test('a counted token that is used many times at once is used as often as it may be', async (t) => {
  const server = await start();
  const token = await server.token({ policies: ['default'], ttl: '1h', num_uses: 5 });
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => server.call('read', 'auth/token/lookup-self', { token })),
  );
  t.is(answers.filter(({ status }) => status === 200).length, 5);
});
