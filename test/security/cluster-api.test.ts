// What holds on the active node holds on every other one, at once: whoever may do nothing there may do nothing here, what
// was taken away is gone everywhere, and what may be used once is used once.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Physical } from '#storage/physical.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';
import { encodeFacts, FACTS_HEADER } from '#server/cluster/forwarded-facts.ts';
import {
  settle,
  twoNodes,
  type Answered,
  type TestNode,
  type TwoNodes,
} from '#test/helpers/two-nodes.ts';

const SECRET = { body: { data: { x: '1' } } };

async function tokenOf(node: TestNode, body: Readonly<Record<string, unknown>>): Promise<string> {
  const { body: answer } = await node.ask('POST', 'auth/token/create', { body });
  return String((answer['auth'] as { client_token?: string }).client_token);
}

const statusesOf = (answers: readonly Answered[]): readonly number[] =>
  answers.map(({ status }) => status).toSorted((one, other) => one - other);

/** Asks both nodes in the same moment. */
const askBoth = (nodes: TwoNodes, ...asked: Parameters<TestNode['ask']>): Promise<Answered[]> =>
  Promise.all(nodes.nodes.map((node) => node.ask(...asked)));

const GUARDED = [
  ['GET', 'sys/storage/raft/configuration'],
  ['POST', 'sys/storage/raft/remove-peer', { server_id: 'two' }],
  ['GET', 'sys/storage/raft/snapshot'],
  ['POST', 'sys/storage/raft/snapshot', {}],
  ['POST', 'sys/storage/raft/snapshot-force', {}],
  ['GET', 'sys/storage/raft/autopilot/state'],
  ['GET', 'sys/storage/raft/autopilot/configuration'],
  [
    'POST',
    'sys/storage/raft/autopilot/configuration',
    { cleanup_dead_servers: true, min_quorum: 3 },
  ],
  ['GET', 'sys/ha-status'],
  ['PUT', 'sys/step-down'],
  ['POST', 'sys/rotate'],
] as const;

for (const [method, path, body] of GUARDED) {
  test(`CVE-2021-3282: ${method} ${path} is refused on every node without the right token`, async (t) => {
    const nodes = await twoNodes();
    const weak = await tokenOf(nodes.one, { policies: ['default'] });
    const asked = nodes.one.storage.asked.length;
    for (const token of ['', 'hvs.wrong', weak]) {
      for (const headers of [{}, { 'X-Vault-Forward': 'active-node' }]) {
        const answers = await askBoth(nodes, method, path, {
          token,
          headers,
          ...(body === undefined ? {} : { body }),
        });
        t.deepEqual(statusesOf(answers), [403, 403], token);
      }
    }
    t.is(nodes.one.storage.asked.length, asked);
    t.true(nodes.one.isActive);
    const { data } = await nodes.one.ask('GET', 'sys/storage/raft/autopilot/configuration');
    t.is(data['cleanup_dead_servers'], false);
  });
}

test('a member cannot be told to join another cluster', async (t) => {
  const nodes = await twoNodes();
  const body = { leader_api_addr: 'http://192.0.2.1:8200' };
  for (const { status, body: answer } of await askBoth(nodes, 'POST', 'sys/storage/raft/join', {
    token: '',
    body,
  })) {
    t.deepEqual([status, answer['joined']], [200, true]);
  }
  t.deepEqual(nodes.one.storage.asked.filter((what) => what.startsWith('bootstrap')).length, 1);
  t.deepEqual(
    nodes.two.storage.asked.filter((what) => what.startsWith('bootstrap')),
    [],
  );
});

const INSIDE = '10.1.2.3';
/** A token that counts only where the client is inside. */
async function boundToken({ one }: TwoNodes): Promise<string> {
  const body = { allowed_policies: 'default', token_bound_cidrs: ['10.0.0.0/8'] };
  const headers = { 'X-Forwarded-For': INSIDE }; // counts where the listener asks for it
  await one.ask('POST', 'auth/token/roles/bound', { body, headers });
  const made = await one.ask('POST', 'auth/token/create/bound', {
    body: { policies: ['default'] },
    headers,
  });
  return String((made.body['auth'] as { client_token?: string }).client_token);
}

test('a client cannot say who it is in the words of a standby, to any node', async (t) => {
  const nodes = await twoNodes();
  const token = await boundToken(nodes);
  const facts = {
    requestId: 'x',
    remoteAddress: INSIDE,
    remotePort: 1,
    certificate: undefined,
    listener: { openedPaths: [''] },
  };
  for (const headers of [
    { [FACTS_HEADER]: encodeFacts(facts) },
    { 'X-Forwarded-For': INSIDE },
    { [FACTS_HEADER.toUpperCase()]: encodeFacts(facts), 'X-Vault-Forward': 'active-node' },
  ]) {
    const answers = await askBoth(nodes, 'GET', 'auth/token/lookup-self', { token, headers });
    t.deepEqual(statusesOf(answers), [403, 403]);
    const open = await askBoth(nodes, 'GET', 'sys/mounts', { token: '', headers });
    t.deepEqual(statusesOf(open), [403, 403]);
  }
});

test('the client that a proxy names is the same on every node', async (t) => {
  const listener = 'x_forwarded_for_authorized_addrs = "192.0.2.0/24"';
  const nodes = await twoNodes({ listener });
  const token = await boundToken(nodes);
  const through = async (address: string, more = {}): Promise<readonly number[]> => {
    const headers = { 'X-Forwarded-For': address, ...more };
    return statusesOf(await askBoth(nodes, 'GET', 'auth/token/lookup-self', { token, headers }));
  };
  for (const more of [{}, { 'X-Vault-Forward': 'active-node' }]) {
    t.deepEqual(await through(INSIDE, more), [200, 200]);
    t.deepEqual(await through('192.0.2.9', more), [403, 403]);
    t.deepEqual(await through(`${INSIDE}, 192.0.2.9`, more), [403, 403], 'the last one counts');
    t.deepEqual(await through('nowhere', more), [400, 400]);
  }
});

test('a token that was revoked on one node is worth nothing on another', async (t) => {
  const { one, two } = await twoNodes();
  for (const [here, there] of [
    [one, two],
    [two, one],
  ] as const) {
    const token = await tokenOf(here, { policies: ['default'] });
    t.is((await there.ask('GET', 'auth/token/lookup-self', { token })).status, 200);
    t.is((await here.ask('POST', 'auth/token/revoke', { body: { token } })).status, 204);
    t.is((await there.ask('GET', 'auth/token/lookup-self', { token })).status, 403);
    t.is((await here.ask('GET', 'auth/token/lookup-self', { token })).status, 403);
  }
});

const policy = (capability: string) => ({
  body: { policy: `path "secret/data/a" { capabilities = ["${capability}"] }` },
});

test('a policy holds on every node as it is now', async (t) => {
  const { one, two } = await twoNodes();
  await one.ask('POST', 'secret/data/a', SECRET);
  const token = await tokenOf(one, { policies: ['reader'] });
  const read = async (): Promise<number> =>
    (await two.ask('GET', 'secret/data/a', { token })).status;
  t.is(await read(), 403);
  for (const [capability, status] of [
    ['read', 200],
    ['deny', 403],
    ['read', 200],
  ] as const) {
    await one.ask('PUT', 'sys/policies/acl/reader', policy(capability));
    t.is(await read(), status);
  }
  await one.ask('DELETE', 'sys/policies/acl/reader');
  t.is(await read(), 403);
});

test('a mount that was removed is gone on every node, and what is mounted there next is another', async (t) => {
  const { one, two } = await twoNodes();
  await one.ask('POST', 'secret/data/a', SECRET);
  t.is((await two.ask('GET', 'secret/data/a')).status, 200);
  await one.ask('DELETE', 'sys/mounts/secret');
  t.is((await two.ask('GET', 'secret/data/a')).status, 404);
  const body = { type: 'kv', options: { version: '2' } };
  await two.ask('POST', 'sys/mounts/secret', { body });
  await settle();
  t.is((await two.ask('GET', 'secret/data/a')).status, 404);
});

test('a wrapped answer is taken once, whichever nodes are asked', async (t) => {
  const nodes = await twoNodes();
  const { one, two } = nodes;
  await one.ask('POST', 'secret/data/a', SECRET);
  const wrap = async (): Promise<string> => {
    const headers = { 'X-Vault-Wrap-TTL': '60' };
    const { body } = await two.ask('GET', 'secret/data/a', { headers });
    return String((body['wrap_info'] as { token?: string }).token);
  };
  const [first, second] = [await wrap(), await wrap()];
  t.is((await two.ask('POST', 'sys/wrapping/unwrap', { token: first })).status, 200);
  t.is((await one.ask('POST', 'sys/wrapping/unwrap', { token: first })).status, 400);
  t.is(
    (await two.ask('POST', 'sys/wrapping/lookup', { token: '', body: { token: first } })).status,
    400,
  );
  const answers = await askBoth(nodes, 'POST', 'sys/wrapping/unwrap', { token: second });
  t.deepEqual(statusesOf(answers), [200, 400]);
});

test('a token for one use is used once, though two nodes are asked at once', async (t) => {
  const nodes = await twoNodes();
  for (let at = 0; at < 5; at += 1) {
    const token = await tokenOf(nodes.two, { policies: ['default'], num_uses: 1 });
    const answers = await askBoth(nodes, 'GET', 'auth/token/lookup-self', { token });
    t.deepEqual(statusesOf(answers), [200, 403]);
  }
});

test('what was spent and revoked stays so after a failover, a restart and on the node that was away', async (t) => {
  const { one, two, share, cluster } = await twoNodes();
  const revoked = await tokenOf(one, { policies: ['default'] });
  const counted = await tokenOf(one, { policies: ['default'], num_uses: 1 });
  await two.node.seal();
  await one.ask('POST', 'auth/token/revoke', { body: { token: revoked } });
  t.is((await one.ask('GET', 'auth/token/lookup-self', { token: counted })).status, 200);
  t.is((await two.ask('GET', 'auth/token/lookup-self')).status, 503);
  await two.node.provideShare(share());
  await settle();
  const isNothing = async (node: TestNode): Promise<void> => {
    for (const token of [revoked, counted]) {
      t.is((await node.ask('GET', 'auth/token/lookup-self', { token })).status, 403);
    }
  };
  await isNothing(two);
  cluster.elect(two.storage);
  await settle();
  t.true(two.isActive);
  await isNothing(two);
  await isNothing(one);
});

test('a node that is sealed leaves the others at work', async (t) => {
  const { one, two, share } = await twoNodes();
  t.is((await one.ask('PUT', 'sys/seal')).status, 204);
  await settle();
  t.is((await one.ask('GET', 'sys/mounts')).status, 503);
  t.true(two.isActive);
  t.is((await two.ask('POST', 'secret/data/a', SECRET)).status, 200);
  await one.node.provideShare(share());
  await settle();
  t.is((await one.ask('GET', 'secret/data/a')).status, 200);
});

test('an audit device begins and ends on every node with its line in the table', async (t) => {
  const { one, two } = await twoNodes();
  const file = join(temporaryFolder(t), 'audit.log');
  const isOnRecord = async (): Promise<boolean> => {
    t.is((await two.ask('GET', 'sys/mounts')).status, 200);
    await settle();
    const has = existsSync(file) && readFileSync(file, 'utf8').includes('"path":"sys/mounts"');
    rmSync(file, { force: true });
    return has;
  };
  const body = { type: 'file', options: { file_path: file } };
  t.false(await isOnRecord());
  t.is((await one.ask('PUT', 'sys/audit/file', { body })).status, 204);
  t.true(await isOnRecord());
  t.is((await one.ask('DELETE', 'sys/audit/file')).status, 204);
  rmSync(file, { force: true });
  t.false(await isOnRecord());
});

const keysOf = (physical: Physical, prefix = ''): readonly string[] =>
  physical
    .list(prefix)
    .flatMap((name) => (name.endsWith('/') ? keysOf(physical, prefix + name) : [prefix + name]));

test("another cluster's state seals every node, and its shares alone open them", async (t) => {
  const [nodes, other] = [await twoNodes(), await twoNodes()];
  await other.one.ask('POST', 'secret/data/theirs', SECRET);
  const { physical } = nodes.cluster;
  const theirs = other.cluster.physical;
  const writes = new Map(
    [...keysOf(physical), ...keysOf(theirs)].map((key) => [key, theirs.get(key)]),
  );
  await physical.commit({ reads: new Map(), lists: new Map(), writes });
  await settle();
  for (const node of nodes.nodes) {
    t.is((await node.ask('GET', 'sys/mounts')).status, 503);
    t.is((await node.ask('GET', 'sys/seal-status', { token: '' })).body['sealed'], true);
    await t.throwsAsync(node.node.provideShare(nodes.share()), undefined, 'shares of before');
    const opened = node.node.provideShare(other.share());
    await settle();
    node.clock.advance(3_000); // nobody leads yet
    await opened;
  }
  nodes.cluster.elect(nodes.one.storage);
  await settle();
  for (const node of nodes.nodes) {
    t.is((await node.ask('GET', 'secret/data/theirs')).status, 200);
  }
});

test('a node that was removed answers nothing, and says why', async (t) => {
  const { cluster, one, two } = await twoNodes();
  two.storage.become({ type: 'removed' });
  await settle();
  t.is((await two.ask('GET', 'sys/mounts')).status, 503);
  t.is((await two.ask('GET', 'sys/health', { token: '' })).status, 530);
  t.is(two.node.unsealed(), undefined);
  t.is(cluster.leader, one.storage.id);
  t.is((await one.ask('GET', 'sys/mounts')).status, 200);
});

test('a node whose storage does not end well is sealed all the same', async (t) => {
  const { two } = await twoNodes();
  const services = two.node.unsealed();
  two.storage.stop = () => Promise.reject(new Error('the disk is gone'));
  two.storage.become({ type: 'removed' });
  await settle();
  t.is(two.node.unsealed(), undefined);
  t.true(services?.barrier.isSealed);
  t.is((await two.ask('GET', 'sys/mounts')).status, 503);
  t.true(two.logged.includes('the node is sealed, and not all of it ended well'));
});
