// Where requests are answered in a cluster: what a standby serves, what it sends on, and what happens to requests while
// leadership moves. All of it with fakes for Raft and for the sockets.
import test from 'ava';
import { NotLeaderError, UncertainError, TooLargeError } from '#storage/cluster-storage.ts';
import { settle, twoNodes } from '#test/helpers/two-nodes.ts';

const SECRET = { body: { data: { x: '1' } } };
const LEADER = 'http://127.0.0.1:8200';

test('a write that a standby gets is done by the active node', async (t) => {
  const { one, two } = await twoNodes();
  const written = await two.ask('POST', 'secret/data/a', SECRET);
  t.is(written.status, 200);
  t.is(written.data['version'], 1);
  t.is(one.taken, 1);
  t.is(two.taken, 0);
});

test('a write that a standby gets is sent on without asking whether the standby is up to date', async (t) => {
  const { two } = await twoNodes();
  let asked = 0;
  two.storage.confirm = () => {
    asked += 1;
    return Promise.resolve();
  };
  t.is((await two.ask('POST', 'secret/data/a', SECRET)).status, 200);
  t.is(asked, 0);
  t.is((await two.ask('GET', 'secret/data/a')).status, 200);
  t.is(asked, 1);
});

test('a write is sent on to a new active node before that has said where it is found', async (t) => {
  const { cluster, one, two } = await twoNodes();
  const saying = Promise.withResolvers<void>();
  two.storage.commitFailures.push(() => saying.promise);
  cluster.elect(two.storage);
  t.is((await one.ask('POST', 'secret/data/a', SECRET)).status, 200);
  t.is(one.node.leader(), undefined);
  saying.resolve();
  await settle();
  t.is(one.node.leader()?.apiAddress, 'http://127.0.0.1:8300');
});

test('a write that comes before its node knows that it leads waits for that', async (t) => {
  const { cluster, one, two } = await twoNodes();
  cluster.depose();
  one.storage.become({ type: 'follower', term: cluster.term, leader: two.storage.id });
  const asked = one.ask('POST', 'secret/data/a', SECRET);
  await settle();
  t.is(two.taken, 1);
  cluster.elect(two.storage);
  t.is((await asked).status, 200);
  t.is(two.taken, 1);
});

test('a write that comes to a node that follows another is refused at once', async (t) => {
  const { cluster, one, two } = await twoNodes();
  one.storage.become({ type: 'follower', term: cluster.term, leader: two.storage.id });
  const asked = one.ask('POST', 'secret/data/a', SECRET);
  await settle();
  t.is(two.taken, 1);
  cluster.elect(one.storage);
  one.clock.advance(50);
  t.is((await asked).status, 200);
  t.is(two.taken, 1);
});

test('a read that a standby gets is answered there, from what is stored', async (t) => {
  const { one, two } = await twoNodes();
  await one.ask('POST', 'secret/data/a', SECRET);
  const read = await two.ask('GET', 'secret/data/a');
  t.is(read.status, 200);
  t.deepEqual(read.data['data'], { x: '1' });
  t.is(one.taken, 0);
});

const SERVED = [
  ['GET', 'sys/mounts'],
  ['GET', 'auth/token/lookup-self'],
  ['GET', 'sys/policies/acl/default'],
  ['GET', 'cubbyhole/nothing'],
] as const;
for (const [method, path] of SERVED) {
  test(`${method} ${path} is answered on a standby`, async (t) => {
    const { one, two } = await twoNodes();
    t.true((await two.ask(method, path)).status < 500);
    t.is(one.taken, 0);
  });
}

const SENT_ON = [
  ['GET', 'sys/key-status'],
  ['GET', 'sys/rekey/init'],
  ['GET', 'sys/generate-root/attempt'],
  ['GET', 'nowhere/at/all'],
] as const;
for (const [method, path] of SENT_ON) {
  test(`${method} ${path} is sent on to the active node`, async (t) => {
    const { one, two } = await twoNodes();
    const here = await one.ask(method, path);
    t.is((await two.ask(method, path)).status, here.status);
    t.is(one.taken, 1);
  });
}

test('a read that spends a use of its token is sent on, and spends one', async (t) => {
  const { one, two } = await twoNodes();
  const { body } = await one.ask('POST', 'auth/token/create', { body: { num_uses: 2 } });
  const token = String((body['auth'] as { client_token?: string }).client_token);
  t.is((await two.ask('GET', 'auth/token/lookup-self', { token })).status, 200);
  t.is(one.taken, 1);
  t.is((await two.ask('GET', 'auth/token/lookup-self', { token })).status, 200);
  t.is((await two.ask('GET', 'auth/token/lookup-self', { token })).status, 403);
});

test('a read whose answer is to be wrapped is sent on', async (t) => {
  const { one, two } = await twoNodes();
  const headers = { 'X-Vault-Wrap-TTL': '60' };
  t.is((await two.ask('GET', 'sys/mounts', { headers })).status, 200);
  t.is(one.taken, 1);
});

test('whoever wants the active node gets it', async (t) => {
  const { one, two } = await twoNodes();
  await two.ask('GET', 'sys/mounts', { headers: { 'X-Vault-Forward': 'active-node' } });
  t.is(one.taken, 1);
});

test('with disable_performance_standby a standby sends everything on', async (t) => {
  const { one, two } = await twoNodes({ config: 'disable_performance_standby = true' });
  t.is((await two.ask('GET', 'sys/mounts')).status, 200);
  t.is(one.taken, 1);
});

for (const value of ['1', 'true', 'false']) {
  test(`X-Vault-No-Request-Forwarding: ${value} sends the client to the active node`, async (t) => {
    const { one, two } = await twoNodes();
    const headers = { 'X-Vault-No-Request-Forwarding': value };
    const path = 'secret/metadata/?list=true&x=a%2Fb';
    const answer = await two.ask('GET', path, { headers, token: '' });
    t.is(answer.status, 307);
    t.is(answer.headers.location, `${LEADER}/v1/${path}`);
    t.is(answer.headers['content-type'], undefined);
    t.is(one.taken, 0);
    t.is((await one.ask('GET', 'sys/mounts', { headers })).status, 200, 'not on the active node');
  });
}

test('an empty X-Vault-No-Request-Forwarding does not count', async (t) => {
  const { two } = await twoNodes();
  const headers = { 'X-Vault-No-Request-Forwarding': '' };
  t.is((await two.ask('GET', 'sys/key-status', { headers })).status, 200);
});

test('a client that speaks for another node is not believed', async (t) => {
  const { two } = await twoNodes();
  const headers = { 'X-Coffer-Forwarded': 'e30' };
  t.is((await two.ask('POST', 'secret/data/a', { ...SECRET, headers })).status, 200);
});

test('a denial is decided on the standby, where the path is one that it serves', async (t) => {
  const { one, two } = await twoNodes();
  t.is((await two.ask('GET', 'sys/mounts', { token: 'hvs.wrong' })).status, 403);
  t.is(one.taken, 0);
});

test('a standby cannot be sealed, whoever asks', async (t) => {
  const { two } = await twoNodes();
  const answer = await two.ask('PUT', 'sys/seal', { token: '' });
  t.is(answer.status, 500);
  t.regex(answer.errors[0] ?? '', /cannot seal when in standby mode; please restart instead/);
});

test('a step-down that a standby gets makes it the active node', async (t) => {
  const { one, two } = await twoNodes();
  t.is((await two.ask('PUT', 'sys/step-down', { token: '' })).status, 403);
  t.is((await two.ask('PUT', 'sys/step-down')).status, 204);
  await settle();
  t.deepEqual([one.isActive, two.isActive], [false, true]);
});

for (const [waited, expected] of [
  [9_999, [false, true]],
  [10_000, [true, false]],
] as const) {
  test(`who has stepped down and leads again after ${waited} ms`, async (t) => {
    const { cluster, one, two } = await twoNodes();
    await one.ask('PUT', 'sys/step-down');
    await settle();
    one.clock.advance(waited);
    cluster.elect(one.storage);
    await settle();
    t.deepEqual([one.isActive, two.isActive], expected);
  });
}

test('where every node has stepped down one is active all the same', async (t) => {
  const { one, two } = await twoNodes();
  await one.ask('PUT', 'sys/step-down');
  await settle();
  await two.ask('PUT', 'sys/step-down');
  await settle();
  t.is([one, two].filter(({ isActive }) => isActive).length, 1);
});

test('a request waits while nobody leads, and is answered by whoever leads then', async (t) => {
  const { cluster, one, two } = await twoNodes();
  cluster.depose();
  const asked = [
    one.ask('POST', 'secret/data/a', SECRET),
    two.ask('POST', 'secret/data/b', SECRET),
  ];
  await settle();
  cluster.elect(two.storage);
  await settle();
  one.clock.advance(50);
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  t.deepEqual(statuses, [200, 200]);
});

test('a request that nobody leads for is answered in the end', async (t) => {
  const { cluster, two } = await twoNodes();
  cluster.depose();
  const asked = two.ask('POST', 'secret/data/a', SECRET);
  for (let waited = 0; waited < 3_000; waited += 50) {
    await settle();
    two.clock.advance(50);
  }
  const answer = await asked;
  t.is(answer.status, 500);
  t.deepEqual(answer.errors, ['local node not active but active cluster node not found']);
});

test('a write that the old leader did not do is done by the new one, once', async (t) => {
  const { cluster, one, two } = await twoNodes();
  one.storage.commitFailures.push(() => {
    cluster.elect(two.storage);
    throw new NotLeaderError(two.storage.id);
  });
  const asked = one.ask('POST', 'secret/data/a', SECRET);
  await settle();
  one.clock.advance(50);
  const answer = await asked;
  t.is(answer.status, 200);
  t.is(answer.data['version'], 1);
  t.is(two.taken, 1);
});

test('a write that was sent on to a node that leads no longer comes back to the one that does', async (t) => {
  const { cluster, one, two } = await twoNodes();
  one.storage.commitFailures.push(() => {
    cluster.elect(two.storage);
    throw new NotLeaderError(two.storage.id);
  });
  const asked = two.ask('POST', 'secret/data/a', SECRET);
  await settle();
  two.clock.advance(50);
  t.is((await asked).status, 200);
  t.is(one.taken, 1);
  t.is(two.taken, 0, 'it is never sent on a second time');
});

test('a write of which nobody knows whether it was done says so, and is not repeated', async (t) => {
  const { one, two } = await twoNodes();
  one.storage.commitFailures.push(new UncertainError('leadership was lost'));
  const answer = await two.ask('POST', 'secret/data/a', SECRET);
  t.is(answer.status, 500);
  t.deepEqual(answer.errors, ['leadership lost while committing log']);
  t.is(one.taken, 1);
});

test('what is too large for the storage is said in its own words', async (t) => {
  const { one } = await twoNodes();
  const reason = 'put failed due to value being too large; got 5 bytes, max: 4 bytes';
  one.storage.commitFailures.push(new TooLargeError(reason));
  const answer = await one.ask('POST', 'secret/data/a', SECRET);
  t.is(answer.status, 500);
  t.true(answer.errors[0]?.includes(reason));
});

test('a sealed node of the cluster answers nothing', async (t) => {
  const { two } = await twoNodes();
  await two.node.seal();
  t.is((await two.ask('GET', 'sys/mounts')).status, 503);
  t.is((await two.ask('PUT', 'sys/step-down')).status, 503);
  t.is((await two.ask('PUT', 'sys/seal')).status, 204);
});
