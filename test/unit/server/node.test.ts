// A node over storage that others share: sealed, a standby, active, as its role in the cluster has it.
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { parseConfig } from '#server/config.ts';
import type { Link } from '#server/link.ts';
import { leaderOf, sealStatusOf } from '#server/node-status.ts';
import { Node } from '#server/node.ts';
import { FakeCluster, type FakeClusterStorage } from '#test/helpers/cluster-storage.ts';
import { TimerClock } from '#test/helpers/timer-clock.ts';
import type { NodeId, Term } from '#raft/types.ts';

const SHOWN = { redact_version: false, redact_cluster_name: false, redact_addresses: false };
const ONE_SHARE = { secret_shares: 1, secret_threshold: 1 };

/** The timer that every node has as long as it takes part. */
const ECHO = 1;

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
}

function makeNode(storage: FakeClusterStorage, port: number) {
  const clock = new TimerClock();
  const logged: string[] = [];
  const line = (message: string): void => void logged.push(message);
  const failures: string[] = [];
  const links: string[] = [];
  const link: Link = {
    send: () => {},
    listen: () => () => {},
    forward: () => Promise.reject(new Error('nobody is there')),
    close: () => Promise.resolve(void links.push('closed')),
  };
  const text = `
    storage "raft" { path = "/nowhere" }
    listener "tcp" { address = "127.0.0.1:${port}" tls_disable = true }
    api_addr = "http://127.0.0.1:${port}"
    cluster_addr = "https://127.0.0.1:${port + 1}"
  `;
  const node = new Node({
    clock,
    log: { trace: line, debug: line, info: line, warn: line, error: line },
    config: parseConfig([{ name: 'test', text }], { env: {}, networks: {} }),
    physical: storage,
    storageType: 'raft',
    membership: {
      storage,
      openLink: () => {
        links.push('opened');
        return Promise.resolve(link);
      },
    },
    whenFailed: (reason) => failures.push(reason),
  });
  return { node, clock, logged, failures, links };
}

async function begin() {
  const cluster = new FakeCluster();
  const storage = cluster.node('one');
  const made = makeNode(storage, 8200);
  const { shares } = await made.node.initialise(ONE_SHARE);
  const share = (): Buffer => Buffer.from(shares[0] ?? '');
  return { cluster, storage, share, ...made };
}

/** Two nodes, of which the first leads. */
async function beginWithTwo() {
  const first = await begin();
  const { cluster, share } = first;
  cluster.add({ id: 'two' as NodeId, address: '127.0.0.1:8301', suffrage: 'voter' });
  const other = cluster.node('two');
  const second = { ...makeNode(other, 8300), storage: other };
  await first.node.provideShare(share());
  await second.node.provideShare(share());
  cluster.elect(first.storage);
  await settle();
  return { cluster, share, first, second };
}

test('init makes the node the only server of a new cluster', async (t) => {
  const { storage, cluster, node } = await begin();
  t.deepEqual(storage.asked, ['bootstrap 127.0.0.1:8201']);
  t.is(cluster.configuration.length, 1);
  t.true(node.isInitialised);
  t.is(node.unsealed(), undefined);
});

test('a node that is alone is active when its last share has been given', async (t) => {
  const { node, share, clock, links } = await begin();
  await node.provideShare(share());
  t.is(node.activeSince, clock.now());
  t.deepEqual(links, ['opened']);
  t.like(leaderOf(node, SHOWN), {
    ha_enabled: true,
    is_self: true,
    leader_address: 'http://127.0.0.1:8200',
    leader_cluster_address: 'https://127.0.0.1:8201',
  });
});

test('a sealed node of a cluster does not say who leads', async (t) => {
  const { node } = await begin();
  t.throws(() => leaderOf(node, SHOWN), { message: 'Vault is sealed' });
  t.like(sealStatusOf(node, SHOWN), { sealed: true, initialized: true, t: 1, n: 1 });
});

test('a node that does not lead is an unsealed standby, and knows where the leader is', async (t) => {
  const { second } = await beginWithTwo();
  t.is(second.node.activeSince, undefined);
  t.like(sealStatusOf(second.node, SHOWN), { sealed: false, storage_type: 'raft' });
  t.like(leaderOf(second.node, SHOWN), {
    is_self: false,
    active_time: '0001-01-01T00:00:00Z',
    leader_address: 'http://127.0.0.1:8200',
    leader_cluster_address: 'https://127.0.0.1:8201',
  });
});

test('addresses that a listener redacts are not shown', async (t) => {
  const { second } = await beginWithTwo();
  const shown = leaderOf(second.node, { ...SHOWN, redact_addresses: true });
  t.like(shown, { leader_address: '', leader_cluster_address: '' });
});

test('when leadership moves, one node is active at a time and everybody knows where', async (t) => {
  const { cluster, first, second } = await beginWithTwo();
  cluster.elect(second.storage);
  t.is(first.node.activeSince, undefined);
  t.is(first.node.leader(), undefined, 'the new leader has not said yet where it is');
  await settle();
  t.not(second.node.activeSince, undefined);
  t.is(first.node.leader()?.apiAddress, 'http://127.0.0.1:8300');
});

test('without a leader nobody is active and nobody is named', async (t) => {
  const { cluster, first, second } = await beginWithTwo();
  cluster.depose();
  await settle();
  for (const { node } of [first, second]) {
    t.is(node.activeSince, undefined);
    t.like(leaderOf(node, SHOWN), { is_self: false, leader_address: '' });
  }
});

test('only the active node ends leases', async (t) => {
  const { cluster, first, second } = await beginWithTwo();
  t.deepEqual(
    [first, second].map(({ clock }) => clock.pending > ECHO),
    [true, false],
  );
  cluster.elect(second.storage);
  await settle();
  t.deepEqual(
    [first, second].map(({ clock }) => clock.pending > ECHO),
    [false, true],
  );
});

test('an attempt to rekey ends with leadership', async (t) => {
  const { cluster, first, second } = await beginWithTwo();
  const rekey = first.node.unsealed()?.node.rekey;
  rekey?.start({ ...ONE_SHARE, require_verification: false }, 'request');
  t.true(rekey?.status.started);
  cluster.elect(second.storage);
  await settle();
  t.false(rekey?.status.started);
});

test('a node that cannot become active hands leadership on', async (t) => {
  const { cluster, first, second } = await beginWithTwo();
  first.storage.asked.length = 0;
  cluster.elect(second.storage);
  await settle();
  first.storage.commitFailures.push(new Error('the disk is full'));
  cluster.elect(first.storage);
  await settle();
  t.deepEqual(first.storage.asked, ['transfer']);
  t.not(second.node.activeSince, undefined);
});

test('a node that is sealed hands leadership on and closes its port', async (t) => {
  const { first, second } = await beginWithTwo();
  await first.node.seal();
  await settle();
  t.true(first.storage.asked.includes('stop'));
  t.deepEqual(first.links, ['opened', 'closed']);
  t.not(second.node.activeSince, undefined);
  t.is(first.node.unsealed(), undefined);
  t.is(first.clock.pending, 0);
  t.deepEqual(first.failures, []);
});

test('a sealed node comes back as a standby', async (t) => {
  const { first, second, cluster, share } = await beginWithTwo();
  await first.node.seal();
  await first.node.provideShare(share());
  cluster.elect(second.storage);
  await settle();
  t.true(first.node.unsealed() !== undefined);
  t.is(first.node.activeSince, undefined);
  t.is(first.node.leader()?.id, second.storage.id);
});

test('a node that was removed is sealed for good, and its process goes on', async (t) => {
  const { first, second, share } = await beginWithTwo();
  second.storage.become({ type: 'removed' });
  await settle();
  t.is(second.node.unsealed(), undefined);
  await t.throwsAsync(second.node.provideShare(share()), {
    message: /was removed from its cluster/,
  });
  t.deepEqual(second.failures, []);
  t.not(first.node.activeSince, undefined);
});

test('a storage that fails ends the process', async (t) => {
  const { second } = await beginWithTwo();
  second.storage.become({ type: 'stopped' });
  await settle();
  t.is(second.node.unsealed(), undefined);
  t.deepEqual(second.failures, ['the storage has failed']);
});

test('a leader without a majority any more is no longer active', async (t) => {
  const { first } = await beginWithTwo();
  first.storage.become({ type: 'candidate', term: 9 as Term });
  t.is(first.node.activeSince, undefined);
  await settle();
  t.is(first.clock.pending, ECHO);
});
