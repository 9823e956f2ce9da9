import test from 'ava';
import { InvariantError } from '#raft/invariant.ts';
import type { Message, SnapshotMeta } from '#raft/types.ts';
import { index, servers, startCluster, term } from '#test/helpers/raft-cluster.ts';
import type { Cluster, Player } from '#test/helpers/raft-cluster.ts';

/** A leader with five texts (2 is its first entry, 3 to 7 are the texts) and a follower that has them too. */
function filled(): readonly [Cluster, Player, Player] {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  for (const asked of [1, 2, 3, 4, 5]) a.propose(asked, `w${asked}`);
  cluster.tick(4);
  return [cluster, a, cluster.at('b')];
}

const meta = (at: number, of: number): SnapshotMeta => ({
  index: index(at),
  term: term(of),
  configuration: servers('a', 'b', 'c'),
  configurationIndex: index(1),
});

const install = (from: Player, to: Player, snapshot: SnapshotMeta): Message => ({
  from: from.id,
  to: to.id,
  term: from.status.term,
  type: 'install',
  snapshot,
});

const installs = (player: Player): readonly (readonly [number, boolean])[] =>
  player.effects.flatMap((effect) =>
    effect.type === 'install' ? [[effect.snapshot.index, effect.keepsLog] as const] : [],
  );

test('entries that are in a state machine on disk are forgotten, and the rest stays', (t) => {
  const [, , b] = filled();
  b.compact(5);
  t.is(b.state.log.start.index, index(5));
  t.is(b.state.log.entries.length, 2);
  t.is(b.status.lastIndex, index(7));
});

test('forgetting less than was forgotten, or more than was saved, is not done', (t) => {
  const [, a, b] = filled();
  b.compact(5);
  const of = a.status.term;
  b.ask({ type: 'compacted', snapshot: meta(7, of), through: index(3) });
  t.is(b.state.log.start.index, index(5));
  b.ask({ type: 'compacted', snapshot: meta(6, of), through: index(7) });
  t.is(b.state.log.start.index, index(6));
});

test('a state machine may be ahead of what it has reported', (t) => {
  const [, a, b] = filled();
  b.state.applied = index(5);
  t.notThrows(() =>
    b.ask({ type: 'compacted', snapshot: meta(7, a.status.term), through: index(7) }),
  );
  t.is(b.state.log.start.index, index(7));
});

test('a state that was not applied cannot have been saved', (t) => {
  const [cluster, , b] = filled();
  cluster.isLost = () => true;
  t.throws(() => b.give({ type: 'compacted', snapshot: meta(9, 2), through: index(9) }), {
    instanceOf: InvariantError,
  });
});

test('a snapshot of what the log holds only says what is committed', (t) => {
  const [cluster, a, b] = filled();
  cluster.isLost = () => true;
  a.propose(6, 'w6');
  const [message] = a.effects
    .slice(-3)
    .flatMap((effect) =>
      effect.type === 'send' && effect.message.to === b.id ? [effect.message] : [],
    );
  if (message === undefined) return t.fail();
  b.ask({ type: 'receive', message });
  cluster.run();
  t.is(b.status.commit, index(7));
  b.ask({ type: 'receive', message: install(a, b, meta(8, a.status.term)) });
  t.deepEqual([installs(b), b.status.commit], [[], index(8)]);
});

test('a snapshot of what is not there replaces the log', (t) => {
  const [cluster, a, b] = filled();
  cluster.isLost = () => true;
  b.ask({ type: 'receive', message: install(a, b, meta(20, a.status.term)) });
  t.deepEqual(installs(b), [[20, false]]);
  cluster.run();
  const { commit, applied, lastIndex } = b.status;
  t.deepEqual([commit, applied, lastIndex], [20, 20, 20].map(index));
  t.deepEqual(b.state.log.entries, []);
});

test('entries that contradict a snapshot are not kept behind it', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  cluster.isolate('a');
  for (const asked of [1, 2, 3, 4]) a.propose(asked, 'wrong');
  cluster.run();
  const b = cluster.elect('b');
  a.ask({ type: 'receive', message: install(b, a, meta(3, b.status.term)) });
  cluster.run();
  t.is(a.status.lastIndex, index(3));
});

test('a state machine that is gone is filled, and the log stays', (t) => {
  const [cluster, a, b] = filled();
  b.compact(4);
  b.disk.position = index(0);
  b.disk.applied.clear();
  cluster.restart('b');
  t.true(b.status.needsSnapshot);
  cluster.tick(30);
  t.deepEqual(installs(b), [[7, true]]);
  t.false(b.status.needsSnapshot);
  t.deepEqual(b.applied, ['w1', 'w2', 'w3', 'w4', 'w5']);
  t.is(b.state.log.start.index, index(4));
  a.propose(6, 'w6');
  cluster.run();
  t.is(b.applied.length, 6);
});

test('without a state machine nobody stands or applies, but votes', (t) => {
  const [cluster, , b] = filled();
  b.compact(4);
  b.disk.position = index(0);
  cluster.restart('b');
  b.tick(60);
  t.is(b.status.role, 'follower');
  cluster.crash('c');
  cluster.restart('a');
  cluster.elect('a');
  t.is(b.state.votedFor, cluster.at('a').id);
});

test('a snapshot from before the log begins does not fill it', (t) => {
  const [cluster, a, b] = filled();
  b.compact(6);
  b.disk.position = index(0);
  cluster.restart('b');
  b.ask({ type: 'receive', message: install(a, b, meta(4, a.status.term)) });
  t.deepEqual(installs(b), []);
});

test('a snapshot that contradicts what is committed stops the node', (t) => {
  const [, a, b] = filled();
  const message = install(a, b, meta(5, a.status.term - 1));
  t.throws(() => b.give({ type: 'receive', message }), { instanceOf: InvariantError });
});

test('what is installed was to be installed', (t) => {
  const [, a, b] = filled();
  t.throws(() => b.give({ type: 'installed', snapshot: meta(9, a.status.term) }), {
    instanceOf: InvariantError,
  });
});

test('while a snapshot is installed a node votes, but does not stand', (t) => {
  const [cluster, a, b] = filled();
  cluster.isLost = () => true;
  b.hangDisk();
  b.ask({ type: 'receive', message: install(a, b, meta(20, a.status.term)) });
  b.tick(60);
  t.is(b.status.role, 'follower');
});

test('a snapshot of an earlier leader is as good', (t) => {
  const [cluster, a, b] = filled();
  cluster.isLost = () => true;
  const message = install(a, b, meta(20, a.status.term));
  b.state.silence = 100;
  b.ask({
    type: 'receive',
    message: {
      from: a.id,
      to: b.id,
      term: term(9),
      type: 'vote',
      lastIndex: index(30),
      lastTerm: term(9),
      isTransfer: false,
    },
  });
  b.ask({ type: 'receive', message });
  t.deepEqual(installs(b), [[20, false]]);
  t.is(b.status.leader, undefined);
});
