import test, { type ExecutionContext } from 'ava';
import { CorruptionError } from '#raft/driver/ports.ts';
import type { Entry, NodeId } from '#raft/types.ts';
import {
  NoLeaderError,
  NotLeaderError,
  RefusedError,
  TooLargeError,
  UncertainError,
  type ClusterStorage,
} from '#storage/cluster-storage.ts';
import { ConflictError, DamagedError, StorageError } from '#storage/physical.ts';
import { stream } from '#test/helpers/machine.ts';
import { batch, RaftNodes, textOf, type RaftNode } from '#test/helpers/raft-nodes.ts';

const THREE = ['a', 'b', 'c'] as const;

/** Three voters, of which `a` leads. */
async function three(t: ExecutionContext, options = {}): Promise<RaftNodes> {
  const nodes = await RaftNodes.start(THREE, options);
  t.is(nodes.leader()?.id, 'a' as NodeId);
  t.teardown(() => nodes.close());
  return nodes;
}

const put = (nodes: RaftNodes, storage: ClusterStorage, key: string, value: string) =>
  nodes.until(storage.commit(batch({ [key]: value })));

/** The node that leads and is not the one named. */
async function successor(nodes: RaftNodes, id: string): Promise<RaftNode> {
  await nodes.runUntil(() => nodes.leader() !== undefined && nodes.leader()?.id !== id);
  return nodes.leader() as RaftNode;
}

test('what the leader acknowledged can be read on every node once it is confirmed', async (t) => {
  const nodes = await three(t);
  await put(nodes, nodes.node('a').storage, 'key', 'value');
  for (const id of THREE) {
    const { storage } = nodes.node(id);
    await nodes.until(storage.confirm() ?? Promise.resolve());
    t.is(textOf(storage, 'key'), 'value', id);
  }
});

test('a leader with a lease confirms at once, a follower asks', async (t) => {
  const nodes = await three(t);
  await nodes.run(500);
  t.is(nodes.node('a').storage.confirm(), undefined);
  const asked = nodes.node('b').storage.confirm();
  t.not(asked, undefined);
  await t.notThrowsAsync(nodes.until(asked ?? Promise.reject(new Error('not asked'))));
});

test('a leader that was paused does not trust its lease', async (t) => {
  const nodes = await three(t);
  await nodes.run(500);
  nodes.timer.pause(1000);
  t.not(nodes.node('a').storage.confirm(), undefined);
});

test('nobody confirms a read in a minority, and whoever asks is told in bounded time', async (t) => {
  const nodes = await three(t);
  nodes.isolate('a');
  await nodes.run(1000);
  const asked = nodes.node('a').storage.confirm() ?? Promise.resolve();
  await t.throwsAsync(nodes.until(asked), { instanceOf: NoLeaderError });
});

test('only the leader commits; the others say who that is', async (t) => {
  const nodes = await three(t);
  const error = await t.throwsAsync(put(nodes, nodes.node('b').storage, 'key', 'value'), {
    instanceOf: NotLeaderError,
  });
  t.is(error?.leader, 'a' as NodeId);
  const { storage } = nodes.node('b');
  t.is(await storage.commit(batch({})), storage.index);
});

test('batches of one turn are judged by each other', async (t) => {
  const nodes = await three(t);
  const { storage } = nodes.node('a');
  const first = storage.commit(batch({ key: '1' }, { key: 0 }));
  const second = storage.commit(batch({ key: '2' }, { key: 0 }));
  let seen: string | undefined;
  const refused = second.catch((error: unknown) => {
    seen = textOf(storage, 'key');
    throw error;
  });
  await t.throwsAsync(nodes.until(refused), { instanceOf: ConflictError });
  t.is(seen, '1', 'whoever is refused can see what was in the way');
  t.is(await first, storage.indexOf('key'));
});

test('another node takes over from a leader that is gone, with all that was acknowledged', async (t) => {
  const nodes = await three(t);
  await put(nodes, nodes.node('a').storage, 'key', '1');
  nodes.crash('a');
  nodes.nodes.get('a')?.roles.splice(0);
  nodes.isolate('a');
  await nodes.runUntil(() =>
    ['b', 'c'].some((id) => nodes.node(id).storage.status().role.type === 'leader'),
  );
  const next = [nodes.node('b'), nodes.node('c')].find(
    ({ storage }) => storage.status().role.type === 'leader',
  ) as RaftNode;
  t.is(textOf(next.storage, 'key'), '1');
  await put(nodes, next.storage, 'key', '2');
  nodes.heal();
  const back = await nodes.restart('a');
  await nodes.runUntil(() => textOf(back.storage, 'key') === '2');
  t.is(back.storage.status().role.type, 'follower');
});

test('a batch that a deposed leader could not get through has an uncertain end', async (t) => {
  const nodes = await three(t);
  const { storage } = nodes.node('a');
  nodes.isolate('a');
  const lost = storage.commit(batch({ key: 'lost' }));
  await t.throwsAsync(nodes.until(lost), { instanceOf: UncertainError });
  const next = await successor(nodes, 'a');
  await put(nodes, next.storage, 'key', 'kept');
  nodes.heal();
  await nodes.runUntil(() => textOf(storage, 'key') === 'kept');
});

test('a leader that becomes one again counts on nothing of its earlier term', async (t) => {
  const nodes = await three(t);
  const { storage } = nodes.node('a');
  nodes.isolate('a');
  const lost = storage.commit(batch({ key: 'lost' }));
  await t.throwsAsync(nodes.until(lost), { instanceOf: UncertainError });
  const next = await successor(nodes, 'a');
  nodes.heal();
  await nodes.runUntil(() => storage.index >= next.storage.index);
  await nodes.until(next.storage.transfer('a' as NodeId));
  await nodes.runUntil(() => nodes.leader()?.id === 'a');
  await t.notThrowsAsync(nodes.until(storage.commit(batch({ key: '1' }, { key: 0 }))));
});

test('leadership is handed over, to whom it is wanted', async (t) => {
  const nodes = await three(t);
  await nodes.until(nodes.node('a').storage.transfer('c' as NodeId));
  await nodes.runUntil(() => nodes.leader()?.id === 'c');
  await t.throwsAsync(nodes.until(nodes.node('a').storage.transfer()), {
    instanceOf: NotLeaderError,
  });
  await t.throwsAsync(nodes.until(nodes.node('c').storage.transfer('x' as NodeId)), {
    instanceOf: RefusedError,
    message: 'unknown server',
  });
});

test('a leader that stops hands over first, and what was on its way arrives', async (t) => {
  const nodes = await three(t);
  const { storage } = nodes.node('a');
  const started = nodes.timer.now();
  const committed = storage.commit(batch({ key: 'value' }));
  await nodes.until(storage.stop());
  t.true(nodes.timer.now() - started < 150, 'fast');
  await t.notThrowsAsync(committed);
  const next = await successor(nodes, 'a');
  t.true(nodes.timer.now() - started < 150, 'without an election time-out');
  t.is(textOf(next.storage, 'key'), 'value');
  t.is(storage.status().role.type, 'stopped');
  t.is(textOf(storage, 'key'), 'value', 'what is here can still be read');
  await t.throwsAsync(storage.commit(batch({ key: 'x' })), { instanceOf: NotLeaderError });
  await t.throwsAsync(async () => storage.confirm(), { instanceOf: NoLeaderError });
});

test('a node that has stopped takes part again when it is started', async (t) => {
  const nodes = await three(t);
  const { storage } = nodes.node('b');
  await nodes.until(storage.stop());
  await put(nodes, nodes.node('a').storage, 'key', 'value');
  await nodes.until(storage.start(nodes.network('b')));
  t.is(storage.status().role.type, 'candidate');
  await nodes.runUntil(() => textOf(storage, 'key') === 'value');
  t.is(storage.status().role.type, 'follower');
});

test('a leader is told of once it may serve, and each role once', async (t) => {
  const nodes = await three(t);
  const { roles, storage } = nodes.node('b');
  roles.splice(0);
  await nodes.until(nodes.node('a').storage.transfer('b' as NodeId));
  await nodes.runUntil(() => storage.status().role.type === 'leader');
  t.deepEqual(
    roles.map(({ type }) => type),
    ['candidate', 'leader'],
  );
});

test('servers are added, promoted and removed, and the node that is removed knows it', async (t) => {
  const nodes = await three(t);
  const { storage } = nodes.node('a');
  t.deepEqual(
    storage.status().configuration.map(({ id, suffrage }) => [id, suffrage] as string[]),
    THREE.map((id) => [id, 'voter']),
  );
  t.deepEqual(
    storage.peers().map(({ id }) => id as string),
    ['b', 'c'],
  );
  await nodes.until(storage.change({ type: 'remove', id: 'c' as NodeId }));
  await nodes.runUntil(() => nodes.node('c').storage.status().role.type === 'removed');
  t.is(storage.status().configuration.length, 2);
  await t.throwsAsync(nodes.until(storage.change({ type: 'remove', id: 'x' as NodeId })), {
    instanceOf: RefusedError,
    message: 'unknown server',
  });
});

test('a node that was removed stays so when it is started again', async (t) => {
  const nodes = await three(t);
  await nodes.until(nodes.node('a').storage.change({ type: 'remove', id: 'c' as NodeId }));
  await nodes.runUntil(() => nodes.node('c').storage.status().role.type === 'removed');
  await nodes.until(nodes.node('c').storage.close());
  const { storage } = await nodes.restart('c');
  await nodes.run(1000);
  t.is(storage.status().role.type, 'removed');
});

test('a node comes back with all that it had acknowledged', async (t) => {
  const nodes = await RaftNodes.start(['a']);
  t.teardown(() => nodes.close());
  for (const value of ['1', '2', '3']) await put(nodes, nodes.node('a').storage, 'key', value);
  nodes.crash('a');
  const { storage } = await nodes.restart('a');
  await nodes.runUntil(() => storage.status().role.type === 'leader');
  t.is(textOf(storage, 'key'), '3');
});

test('a node can be given a cluster only while it has none', async (t) => {
  const nodes = await RaftNodes.start(['a']);
  t.teardown(() => nodes.close());
  await t.throwsAsync(nodes.until(nodes.node('a').storage.bootstrap('a:8201')), {
    instanceOf: RefusedError,
    message: 'already part of a cluster',
  });
});

test('a value that is too large is refused, in Vault’s words, and so is a batch', async (t) => {
  const nodes = await RaftNodes.start(['a'], { segmentBytes: 20 * 1024 * 1024 });
  t.teardown(() => nodes.close());
  const { storage } = nodes.node('a');
  const large = 'x'.repeat(1024 * 1024);
  await t.notThrowsAsync(put(nodes, storage, 'key', large));
  await t.throwsAsync(put(nodes, storage, 'key', `${large}x`), {
    instanceOf: TooLargeError,
    message: 'put failed due to value being too large; got 1048577 bytes, max: 1048576 bytes',
  });
  const many = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`k${at}`, large]));
  await t.throwsAsync(nodes.until(storage.commit(batch(many))), {
    instanceOf: TooLargeError,
    message: /^put failed due to value being too large; got 83\d+ bytes, max: 8388608 bytes$/,
  });
});

test('a closed storage fails every call', async (t) => {
  const nodes = await RaftNodes.start(['a']);
  const { storage } = nodes.node('a');
  await nodes.until(storage.close());
  await t.throwsAsync(storage.commit(batch({ key: '' })), { instanceOf: StorageError });
  await t.throwsAsync(storage.bootstrap('a:8201'), { instanceOf: StorageError });
  t.throws(() => storage.get('key'), { instanceOf: StorageError });
});

test('a disk that fails ends the node, with a reason, and nobody waits for it', async (t) => {
  const nodes = await RaftNodes.start(['a']);
  const { storage, disk } = nodes.node('a');
  disk.settings.fault = ({ operation }) =>
    operation === 'writeDurably' ? { type: 'error' } : undefined;
  await t.throwsAsync(put(nodes, storage, 'key', 'value'), { instanceOf: UncertainError });
  const { role } = storage.status();
  t.is(role.type, 'stopped');
  t.truthy(role.type === 'stopped' && role.reason);
  await t.throwsAsync(put(nodes, storage, 'key', 'value'), { instanceOf: StorageError });
});

/** The disk has no room until the answer is called. */
function fill({ disk }: RaftNode): () => void {
  disk.settings.fault = ({ operation }) =>
    operation === 'writeDurably' || operation === 'allocate' ? { type: 'full' } : undefined;
  return () => {
    disk.settings.fault = () => undefined;
  };
}

test('a node that is alone waits for room, and answers reads meanwhile', async (t) => {
  const nodes = await RaftNodes.start(['a']);
  t.teardown(() => nodes.close());
  const { storage } = nodes.node('a');
  await put(nodes, storage, 'key', '1');
  const makeRoom = fill(nodes.node('a'));
  const waiting = storage.commit(batch({ key: '2' }));
  await nodes.run(3_000);
  await t.throwsAsync(put(nodes, storage, 'other', 'x'), { instanceOf: RefusedError });
  t.is(textOf(storage, 'key'), '1');
  t.is(storage.status().role.type, 'leader');
  makeRoom();
  await t.notThrowsAsync(nodes.until(waiting));
  t.is(textOf(storage, 'key'), '2');
});

test('a leader with a full disk lets another lead, and follows again once there is room', async (t) => {
  const nodes = await three(t);
  const { storage } = nodes.node('a');
  const makeRoom = fill(nodes.node('a'));
  // The others have it: whether it is committed depends on who is quicker.
  const waiting = storage.commit(batch({ key: '1' })).catch((error: unknown) => error);
  const next = await successor(nodes, 'a');
  await put(nodes, next.storage, 'key', '2');
  await nodes.until(waiting);
  makeRoom();
  await nodes.runUntil(() => textOf(storage, 'key') === '2');
  t.is(storage.status().role.type, 'follower');
});

/** What a storage holds, in pieces of an odd size. */
async function* saved(storage: ClusterStorage): AsyncGenerator<Uint8Array> {
  const state = storage.save();
  for await (const chunk of state.chunks()) {
    for (let at = 0; at < chunk.length; at += 1009) yield chunk.subarray(at, at + 1009);
  }
  state.release();
}

test('a state that was saved takes the place of what is there, on every node', async (t) => {
  const nodes = await three(t);
  const { storage } = nodes.node('a');
  await put(nodes, storage, 'kept', 'then');
  const pieces: Uint8Array[] = [];
  const reading = (async () => {
    for await (const piece of saved(storage)) pieces.push(piece);
  })();
  await nodes.until(reading);
  await put(nodes, storage, 'kept', 'now');
  await put(nodes, storage, 'later', 'x');
  const replaced = storage.restore(stream(pieces));
  await nodes.until(replaced);
  for (const id of THREE) {
    const node = nodes.node(id).storage;
    await nodes.runUntil(() => node.index === storage.index);
    t.deepEqual([textOf(node, 'kept'), textOf(node, 'later')], ['then', undefined], id);
  }
  await put(nodes, storage, 'kept', 'again');
});

async function piecesOf(nodes: RaftNodes, storage: ClusterStorage): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  const reading = (async () => {
    for await (const piece of saved(storage)) pieces.push(piece);
  })();
  await nodes.until(reading);
  return pieces;
}

test('a batch that has read nothing does not get into a state that it was not made for', async (t) => {
  const nodes = await three(t);
  const { storage } = nodes.node('a');
  const pieces = await piecesOf(nodes, storage);
  const over = new AbortController();
  const replaced = storage.restore(stream(pieces)).finally(() => over.abort());
  const tried: Promise<string>[] = [];
  for (let at = 0; !over.signal.aborted; at++) {
    tried.push(nameOf(storage.commit(batch({ [`k${at}`]: 'under old keys' }))));
    await nodes.run(5);
  }
  await nodes.until(replaced);
  const outcomes = await nodes.until(Promise.all(tried));
  t.true(outcomes.includes('ConflictError'), outcomes.join());
  t.deepEqual(storage.list(''), []);
  await put(nodes, storage, 'later', 'x');
  t.deepEqual(storage.list(''), ['later']);
});

test('a batch that waits for room does not get into a state that it was not made for', async (t) => {
  const nodes = await three(t, { segmentBytes: 8 * 1024 * 1024 });
  const { storage } = nodes.node('a');
  const pieces = await piecesOf(nodes, storage);
  const value = 'x'.repeat(200_000);
  const over = new AbortController();
  const replaced = storage.restore(stream(pieces)).finally(() => over.abort());
  const tried: Promise<string>[] = [];
  for (let at = 0; !over.signal.aborted; at++) {
    tried.push(nameOf(storage.commit(batch({ [`k${at}`]: value }))));
    if (at % 20 === 19) await nodes.run(5);
  }
  await nodes.until(replaced);
  await nodes.until(Promise.all(tried));
  t.deepEqual(storage.list(''), []);
});

test('a restore that came through is one, though who began it leads no longer', async (t) => {
  const nodes = await three(t);
  const { storage } = nodes.node('a');
  await put(nodes, storage, 'kept', 'then');
  const pieces = await piecesOf(nodes, storage);
  await put(nodes, storage, 'later', 'x');
  const last = storage.status().lastIndex + 3; // its begin, its only piece, and what says that it is whole
  const replaced = storage.restore(stream(pieces));
  const isHeld = (): boolean =>
    ['b', 'c'].some((id) => nodes.node(id).storage.status().lastIndex >= last);
  nodes.filter = (_, to) => to !== nodes.node('a').id || !isHeld();
  await successor(nodes, 'a');
  nodes.heal();
  await t.notThrowsAsync(nodes.until(replaced));
  t.deepEqual(storage.list(''), ['kept']);
});

test('what is not a saved state changes nothing, and only the leader restores', async (t) => {
  const nodes = await three(t);
  const { storage } = nodes.node('a');
  await put(nodes, storage, 'key', 'value');
  await t.throwsAsync(nodes.until(storage.restore(stream([Buffer.from('nonsense')]))), {
    instanceOf: DamagedError,
  });
  t.is(textOf(storage, 'key'), 'value');
  await t.throwsAsync(nodes.until(nodes.node('b').storage.restore(stream([]))), {
    instanceOf: NotLeaderError,
  });
});

const OFTEN = {
  compaction: { trailingLogs: 10, snapshotThreshold: 20, snapshotInterval: 1e12 },
};

async function putMany(nodes: RaftNodes, storage: ClusterStorage, count: number): Promise<void> {
  for (let at = 0; at < count; at++) {
    await put(nodes, storage, `k${at % 50}`, `${at} ${'x'.repeat(1000)}`);
  }
}

test('the log is cut, and a node that was away for too long is sent a snapshot', async (t) => {
  const nodes = await three(t, OFTEN);
  const { storage } = nodes.node('a');
  nodes.isolate('c');
  await putMany(nodes, storage, 200);
  nodes.heal();
  const away = nodes.node('c').storage;
  await nodes.runUntil(() => away.index === storage.index);
  t.is(textOf(away, 'k49'), textOf(storage, 'k49'));
  t.deepEqual(nodes.node('c').machine.checksum(), nodes.node('a').machine.checksum());
  await put(nodes, storage, 'after', 'x');
  await nodes.runUntil(() => textOf(away, 'after') === 'x');
});

const noop = ({ index, term }: Entry): Entry => ({ type: 'noop', index, term });

/** Fills a node that was away; what the network does meanwhile is the test's. */
async function fillWhile(
  nodes: RaftNodes,
  filter: (nodes: RaftNodes) => void,
  bytes = 3_000_000,
): Promise<void> {
  const { storage } = nodes.node('a');
  nodes.isolate('c');
  const value = 'x'.repeat(100_000);
  for (let at = 0; at < bytes / value.length; at++) {
    await put(nodes, storage, `large${at}`, value + at);
  }
  await putMany(nodes, storage, 60);
  nodes.heal();
  filter(nodes);
}

test('a snapshot arrives though packets are lost, repeated and late', async (t) => {
  const nodes = await three(t, { ...OFTEN, segmentBytes: 1024 * 1024 });
  await fillWhile(nodes, () => {
    nodes.filter = () => nodes.random.below(10) < 7;
    nodes.repeats = () => nodes.random.below(10) < 3;
    nodes.delay = () => 1 + nodes.random.below(80);
  });
  const away = nodes.node('c').storage;
  await nodes.runUntil(() => textOf(away, 'k49') !== undefined);
  nodes.heal();
  const { storage } = nodes.node('a');
  await nodes.runUntil(() => away.index === (nodes.leader() ?? nodes.node('a')).storage.index);
  t.deepEqual(nodes.node('c').machine.checksum(), nodes.node('b').machine.checksum());
  t.is(textOf(away, 'large0'), textOf(storage, 'large0'));
});

test('a snapshot goes on where it was when the receiver restarts', async (t) => {
  const nodes = await three(t, { ...OFTEN, segmentBytes: 1024 * 1024 });
  await fillWhile(nodes, () => undefined);
  const before = nodes.bytes;
  await nodes.runUntil(() => nodes.bytes - before > 1_500_000);
  t.is(textOf(nodes.node('c').storage, 'k49'), undefined);
  await nodes.until(nodes.node('c').storage.close());
  const { storage } = await nodes.restart('c');
  await nodes.runUntil(() => storage.index === nodes.node('a').storage.index);
  t.true(nodes.bytes - before < 5_000_000, `${nodes.bytes - before} bytes in all`);
});

test('a snapshot of a leader that is gone is not missed: the next one sends its own', async (t) => {
  const nodes = await three(t, { ...OFTEN, segmentBytes: 1024 * 1024 });
  await fillWhile(nodes, () => undefined);
  const before = nodes.bytes;
  await nodes.runUntil(() => nodes.bytes - before > 1_000_000);
  await nodes.until(nodes.node('a').storage.transfer('b' as NodeId));
  const { storage } = nodes.node('c');
  await nodes.runUntil(() => nodes.leader()?.id === 'b');
  await nodes.runUntil(() => storage.index === nodes.node('b').storage.index);
  t.deepEqual(nodes.node('c').machine.checksum(), nodes.node('b').machine.checksum());
});

test('a server that joins late is filled by a snapshot', async (t) => {
  const nodes = await RaftNodes.start(['a'], OFTEN);
  t.teardown(() => nodes.close());
  await putMany(nodes, nodes.node('a').storage, 100);
  const { storage } = await nodes.join('b', 'a');
  t.is(textOf(storage, 'k49'), textOf(nodes.node('a').storage, 'k49'));
});

test('a node whose state is not that of the others throws it away and is filled again', async (t) => {
  const nodes = await three(t, OFTEN);
  const { storage } = nodes.node('a');
  await putMany(nodes, storage, 50);
  // An entry that nobody else has applied.
  const { machine, storage: wrong } = nodes.node('c');
  const applied = machine.apply.bind(machine);
  let isWrong = true;
  machine.apply = (entries) => {
    if (!isWrong) return applied(entries);
    isWrong = false;
    return applied(entries.map((entry) => (entry.type === 'data' ? noop(entry) : entry)));
  };
  await put(nodes, storage, 'k0', 'changed');
  await nodes.runUntil(() => wrong.index === storage.index);
  t.not(textOf(wrong, 'k0'), 'changed');
  const commits: Promise<unknown>[] = [];
  for (let at = 0; at < 1000; at++) commits.push(storage.commit(batch({ [`n${at}`]: 'x' })));
  await nodes.until(Promise.all(commits));
  await nodes.runUntil(() => textOf(wrong, 'k0') === 'changed' && wrong.index === storage.index);
  t.deepEqual(machine.checksum(), nodes.node('a').machine.checksum());
  t.false(
    nodes.node('c').roles.some(({ type }) => type === 'stopped'),
    'nobody takes it for failed',
  );
});

test('a record that is damaged is never served, and had again from the others', async (t) => {
  const nodes = await three(t, OFTEN);
  const { storage } = nodes.node('a');
  await put(nodes, storage, 'key', 'value');
  // Until it has left the memory of each node.
  await putMany(nodes, storage, 60);
  await nodes.run(2_000);
  const { media, storage: damaged } = nodes.node('b');
  for (let count = 0; count < 200; count++) media.rot(nodes.random);
  let isDamaged = false;
  for (const name of damaged.list('')) {
    try {
      t.is(textOf(damaged, name), textOf(storage, name));
    } catch (error) {
      isDamaged = error instanceof DamagedError;
      break;
    }
  }
  t.true(isDamaged);
  await nodes.runUntil(() => damaged.index < storage.index);
  await nodes.runUntil(() => damaged.index === storage.index);
  for (const name of storage.list('')) t.is(textOf(damaged, name), textOf(storage, name));
  t.false(nodes.node('b').roles.some(({ type }) => type === 'stopped'));
});

test('a leader with a damaged record hands over before it is filled again', async (t) => {
  const nodes = await three(t, OFTEN);
  const { storage, media } = nodes.node('a');
  await putMany(nodes, storage, 60);
  await nodes.run(2_000);
  for (let count = 0; count < 400; count++) media.rot(nodes.random);
  t.throws(() => storage.list('').map((name) => textOf(storage, name)), {
    instanceOf: DamagedError,
  });
  const started = nodes.timer.now();
  const next = await successor(nodes, 'a');
  t.true(nodes.timer.now() - started < 300, `${nodes.timer.now() - started} ms`);
  await put(nodes, next.storage, 'after', 'x');
  await nodes.runUntil(() => storage.index === next.storage.index);
  for (const name of storage.list('')) t.is(textOf(storage, name), textOf(next.storage, name));
});

test('a leader whose disk hangs hands over, and its clients are told', async (t) => {
  const nodes = await three(t);
  const { storage, disk } = nodes.node('a');
  disk.settings.fault = ({ operation }) =>
    operation === 'writeDurably' ? { type: 'hang', milliseconds: 20_000 } : undefined;
  const waiting = storage.commit(batch({ key: 'value' })).catch((error: unknown) => error);
  const started = nodes.timer.now();
  const next = await successor(nodes, 'a');
  t.true(nodes.timer.now() - started < 4_000, `${nodes.timer.now() - started} ms`);
  await t.notThrowsAsync(put(nodes, next.storage, 'key', 'other'));
  await nodes.until(waiting);
});

test('a node with a damaged log is brought back by the others', async (t) => {
  const nodes = await three(t);
  await putMany(nodes, nodes.node('a').storage, 60);
  await nodes.until(nodes.node('c').storage.close());
  const { disk } = nodes.node('c');
  const segment = disk.files.find(({ name, size }) => name.includes('log') && size > 0);
  disk.rot(segment?.name ?? disk.files[0]?.name ?? '', 5000);
  const { storage } = await nodes.restart('c');
  await put(nodes, nodes.node('a').storage, 'after', 'x');
  await nodes.runUntil(() => textOf(storage, 'after') === 'x');
  t.deepEqual(nodes.node('c').machine.checksum(), nodes.node('a').machine.checksum());
});

test('a node that is alone and has a damaged log does not start', async (t) => {
  const nodes = await RaftNodes.start(['a']);
  await putMany(nodes, nodes.node('a').storage, 60);
  await nodes.until(nodes.node('a').storage.close());
  const { disk } = nodes.node('a');
  for (const { name, size } of disk.files) if (size > 5000) disk.rot(name, 5000);
  await t.throwsAsync(nodes.restart('a'), { instanceOf: CorruptionError });
  await nodes.until(nodes.node('a').storage.close());
});

test('batches wait while too much waits to be committed, and all get through', async (t) => {
  const nodes = await three(t, { segmentBytes: 8 * 1024 * 1024 });
  const { storage } = nodes.node('a');
  const value = 'x'.repeat(200_000);
  const commits = Array.from({ length: 60 }, (_, at) =>
    storage.commit(batch({ [`k${at}`]: value })),
  );
  await nodes.until(Promise.all(commits));
  await nodes.runUntil(() => nodes.node('b').storage.index === storage.index);
  t.is(storage.list('').length, 60);
});

test('a leader that nobody hears stops in bounded time', async (t) => {
  const nodes = await three(t);
  nodes.isolate('a');
  const started = nodes.timer.now();
  await nodes.until(nodes.node('a').storage.stop());
  t.true(nodes.timer.now() - started < 2_000, `${nodes.timer.now() - started} ms`);
});

test('a node whose disk hangs stops all the same, and begins again when the disk does', async (t) => {
  const nodes = await three(t);
  const { storage, disk } = nodes.node('b');
  let hangs = true;
  disk.settings.fault = ({ operation }) =>
    hangs && operation === 'writeDurably' ? { type: 'hang', milliseconds: 10_000 } : undefined;
  const committed = nodes.node('a').storage.commit(batch({ key: 'value' }));
  await nodes.until(committed);
  await nodes.run(50);
  hangs = false;
  const started = nodes.timer.now();
  await nodes.until(storage.stop());
  t.true(nodes.timer.now() - started < 5_000, `${nodes.timer.now() - started} ms`);
  await nodes.until(storage.start(nodes.network('b')));
  await nodes.runUntil(() => textOf(storage, 'key') === 'value');
  t.is(storage.status().role.type, 'follower');
});

async function nameOf(end: Promise<unknown>): Promise<string> {
  try {
    await end;
    return 'committed';
  } catch (error) {
    return error instanceof Error ? error.name : 'no error';
  }
}

test('a leader that stops while batches keep coming leaves nobody waiting', async (t) => {
  const nodes = await three(t);
  const { storage } = nodes.node('a');
  const ends: Promise<string>[] = [];
  const stopped = storage.stop();
  while (storage.status().role.type !== 'stopped') {
    ends.push(nameOf(storage.commit(batch({ [`k${ends.length}`]: 'x' }))));
    await nodes.run(1);
  }
  await stopped;
  const names = new Set(await nodes.until(Promise.all(ends)));
  t.false(names.has('UncertainError'), [...names].join());
  t.true(names.has('NotLeaderError'), [...names].join());
});
