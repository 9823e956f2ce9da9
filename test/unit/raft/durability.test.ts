import test from 'ava';
import { InvariantError } from '#raft/invariant.ts';
import type { Entry, Message, Round } from '#raft/types.ts';
import { bytes, index, node, sequence, startCluster, term } from '#test/helpers/raft-cluster.ts';
import type { Player } from '#test/helpers/raft-cluster.ts';

const data = (at: number, of: number): Entry => ({
  type: 'data',
  index: index(at),
  term: term(of),
  data: bytes(`${at}/${of}`),
});

const append = (from: string, of: number, ...entries: readonly Entry[]): Message => ({
  from: node(from),
  to: node('a'),
  term: term(of),
  type: 'append',
  previousIndex: index(1),
  previousTerm: term(1),
  entries,
  commit: index(1),
  round: 1 as Round,
});

/** Sequences of the persists that a node has asked for. */
const asked = (player: Player): number[] =>
  player.effects.flatMap((effect) => (effect.type === 'persist' ? [effect.sequence] : []));

test('what became durable after it was replaced is not what the log has', (t) => {
  const a = startCluster(['a', 'b', 'c']).at('a');
  a.hangDisk();
  a.give({ type: 'receive', message: append('b', 2, data(2, 2), data(3, 2)) });
  a.give({ type: 'receive', message: append('c', 3, data(2, 3)) });
  // And now what was first comes a second time (an entry of term 2 is of one kind only).
  a.give({ type: 'receive', message: append('b', 4, data(2, 2), data(3, 2)) });
  const [first, second, third] = asked(a);
  t.deepEqual([first, second, third], [1, 2, 3]);
  for (const one of [1, 2]) {
    a.give({ type: 'persisted', sequence: sequence(one) });
    t.is(a.state.durable, index(1));
  }
  a.give({ type: 'persisted', sequence: sequence(3) });
  t.is(a.state.durable, index(3));
});

test('the last of several that were synced together says it for all', (t) => {
  const a = startCluster(['a', 'b', 'c']).at('a');
  a.hangDisk();
  a.give({ type: 'receive', message: append('b', 2, data(2, 2)) });
  a.give({ type: 'receive', message: append('b', 2, data(2, 2), data(3, 2)) });
  a.give({ type: 'persisted', sequence: sequence(2) });
  t.is(a.state.durable, index(3));
  t.throws(() => a.give({ type: 'persisted', sequence: sequence(3) }), {
    instanceOf: InvariantError,
  });
});

test('an entry is applied once it is durable, even when it was committed before', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const b = cluster.at('b');
  b.hangDisk();
  a.propose(1, 'x');
  cluster.run();
  cluster.tick(2);
  t.deepEqual([a.applied, b.applied, b.status.commit === a.status.commit], [['x'], [], true]);
  b.freeDisk();
  cluster.run();
  t.deepEqual(b.applied, ['x']);
});

test('a leader whose disk hangs for longer than an election takes steps down and names a successor', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  a.propose(1, 'x');
  cluster.run();
  a.hangDisk();
  a.propose(2, 'y');
  cluster.tick(8);
  t.is(a.status.role, 'leader');
  cluster.tick(3);
  t.is(a.status.role, 'follower');
  t.is(cluster.leaders.length, 1);
  t.deepEqual(cluster.at('b').applied, ['x', 'y']);
});

test('a node whose disk hangs does not stand', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.at('a');
  a.hangDisk();
  a.give({ type: 'receive', message: append('b', 2, data(2, 2)) });
  a.tick(60);
  t.is(a.status.role, 'follower');
  t.is(a.status.leader, undefined);
  a.freeDisk();
  cluster.run();
  a.tick(20);
  t.is(a.status.role, 'candidate');
});

test('a disk that is full ends leadership at once, and candidacies until it has room', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  a.ask({ type: 'disk', isUsable: false });
  t.is(a.status.role, 'follower');
  cluster.run();
  t.is(cluster.leaders.length, 1);
  cluster.isLost = () => true;
  a.tick(60);
  t.is(a.status.role, 'follower');
  a.ask({ type: 'disk', isUsable: true });
  a.tick(20);
  t.is(a.status.role, 'candidate');
});

test('the only voter leads on while its disk is full, and takes no proposals', (t) => {
  const cluster = startCluster(['a']);
  const a = cluster.elect('a');
  a.ask({ type: 'disk', isUsable: false });
  a.tick(60);
  t.is(a.status.role, 'leader');
  a.propose(1, 'x');
  t.like(a.outcome(1), { type: 'refused', reason: 'the disk is full' });
  a.ask({ type: 'disk', isUsable: true });
  a.propose(2, 'y');
  cluster.run();
  t.deepEqual(a.applied, ['y']);
});

test('the only voter leads on while its disk hangs', (t) => {
  const cluster = startCluster(['a']);
  const a = cluster.elect('a');
  a.hangDisk();
  a.propose(1, 'x');
  a.tick(60);
  t.deepEqual([a.status.role, a.applied], ['leader', []]);
  a.freeDisk();
  cluster.run();
  t.deepEqual(a.applied, ['x']);
});

test('a leader that steps down for its disk ends its rounds before it names a successor', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const effects = a.give({ type: 'disk', isUsable: false });
  t.deepEqual(
    effects.map((effect) => (effect.type === 'send' ? effect.message.type : effect.type)),
    ['rounds-void', 'time-out-now', 'follow'],
  );
});
