import test from 'ava';
import { NOTHING, index, node, startCluster, term } from '#test/helpers/raft-cluster.ts';
import type { Cluster, Player } from '#test/helpers/raft-cluster.ts';

/** A leader a, a follower b, and c that has lost everything and hears nobody yet. */
function wiped(): readonly [Cluster, Player, Player, Player] {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  a.propose(1, 'x');
  cluster.tick(3);
  const c = cluster.at('c');
  cluster.crash('c');
  c.wipe(NOTHING);
  cluster.restart('c');
  return [cluster, a, cluster.at('b'), c];
}

test('an empty node recovers once it holds what was committed after its start', (t) => {
  const [cluster, , , c] = wiped();
  t.true(c.status.isRecovering);
  cluster.tick(30);
  t.false(c.status.isRecovering);
  t.false(c.disk.hardState.isRecovering);
  t.deepEqual(c.applied, ['x']);
});

test('acknowledgements of a node that is recovering commit nothing', (t) => {
  const [cluster, a, b, c] = wiped();
  cluster.isLost = ({ to, from }) => to === b.id || from === b.id;
  const { commit } = a.status;
  a.propose(2, 'y');
  cluster.tick(6);
  t.is(c.status.lastIndex, a.status.lastIndex);
  t.is(a.status.commit, commit);
  cluster.heal();
  cluster.tick(6);
  t.is(a.status.commit, a.status.lastIndex);
});

test('nor do its answers confirm a round, or keep a leader leading', (t) => {
  const [cluster, a, b] = wiped();
  cluster.isLost = ({ to, from }) => to === b.id || from === b.id;
  cluster.tick(2);
  const from = a.effects.length;
  cluster.tick(6);
  t.false(a.effects.slice(from).some((effect) => effect.type === 'round-confirmed'));
  cluster.tick(6);
  t.is(a.status.role, 'follower');
});

test('an old leader does not make it forget that there was a newer term', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  cluster.isolate('a');
  const b = cluster.elect('b');
  const c = cluster.at('c');
  b.propose(1, 'new');
  cluster.run();
  cluster.crash('c');
  c.wipe(NOTHING);
  cluster.restart('c');
  // It hears only the leader that the others have replaced.
  cluster.isLost = ({ from, to }) => from === b.id || to === b.id;
  a.propose(2, 'old');
  cluster.tick(5);
  t.true(c.status.isRecovering);
  t.deepEqual(c.applied, []);
  cluster.heal();
  cluster.tick(60);
  t.false(c.status.isRecovering);
  t.deepEqual([a.applied, b.applied, c.applied], [['new'], ['new'], ['new']]);
});

test('who has what it is said to have lost does not believe it', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const b = cluster.at('b');
  const word = { from: a.id, to: b.id, term: a.status.term, type: 'recover' } as const;
  const { lastIndex, lastTerm } = b.status;
  const held = [
    { index: lastIndex, entryTerm: lastTerm },
    { index: lastIndex, entryTerm: term(0) },
    { index: index(0), entryTerm: term(0) },
  ];
  for (const what of held) {
    b.ask({ type: 'receive', message: { ...word, ...what } });
    t.false(b.status.isRecovering);
  }
  const missing = [
    { index: index(lastIndex + 1), entryTerm: term(0) },
    { index: lastIndex, entryTerm: term(lastTerm - 1) },
  ];
  for (const what of missing) {
    b.ask({ type: 'receive', message: { ...word, ...what } });
    t.true(b.status.isRecovering);
    cluster.tick(12);
    t.false(b.status.isRecovering);
  }
});

test('an answer that was on its way when the log grew does not look like a loss', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const b = cluster.at('b');
  const from = b.effects.length;
  cluster.isLost = ({ from: sender }) => sender === b.id;
  cluster.tick(2);
  a.propose(1, 'x');
  cluster.run();
  cluster.heal();
  const late = b.effects
    .slice(from)
    .flatMap((effect) => (effect.type === 'send' ? [effect.message] : []));
  t.true(late.length >= 2);
  const before = a.effects.length;
  for (const message of late.toReversed()) a.ask({ type: 'receive', message });
  const isDoubted = a.effects
    .slice(before)
    .some((effect) => effect.type === 'send' && effect.message.type === 'recover');
  t.false(isDoubted);
  t.is(a.state.lead?.peers.get(node('b'))?.match, a.status.lastIndex);
});
