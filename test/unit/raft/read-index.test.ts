import test from 'ava';
import type { Effect, Round } from '#raft/types.ts';
import { index, node, server, servers, startCluster, ticket } from '#test/helpers/raft-cluster.ts';
import type { Cluster, Player } from '#test/helpers/raft-cluster.ts';

const read = (player: Player, asked: number): readonly Effect[] =>
  player.ask({ type: 'read', ticket: ticket(asked) });

function led(): readonly [Cluster, Player, Player] {
  const cluster = startCluster(['a', 'b', 'c']);
  return [cluster, cluster.elect('a'), cluster.at('b')];
}

const rounds = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) => {
    if (effect.type === 'rounds-void') return ['void'];
    if (effect.type === 'round-begun') return [`begun ${effect.round}`];
    return effect.type === 'round-confirmed' ? [`confirmed ${effect.round}`] : [];
  });

test('a leader reads once a majority has answered a round that began later', (t) => {
  const [cluster, a] = led();
  read(a, 1);
  t.is(a.outcome(1), undefined);
  cluster.run();
  t.deepEqual(a.outcome(1), { type: 'readable', index: a.status.commit });
});

test('answers to an earlier round do not confirm a read', (t) => {
  const [cluster, a] = led();
  cluster.isLost = ({ type }) => type === 'append-reply';
  a.tick(2);
  const before = a.state.lead?.round ?? (0 as Round);
  cluster.run();
  read(a, 1);
  const reply = {
    to: a.id,
    term: a.status.term,
    type: 'append-reply',
    isAccepted: true,
    index: a.status.lastIndex,
    hintTerm: 0 as never,
    lastIndex: a.status.lastIndex,
    needsSnapshot: false,
    isInstalling: false,
    isRecovering: false,
  } as const;
  for (const from of ['b', 'c']) {
    a.ask({ type: 'receive', message: { ...reply, from: node(from), round: before } });
  }
  t.is(a.outcome(1), undefined);
  const later = (before + 1) as Round;
  a.ask({ type: 'receive', message: { ...reply, from: node('b'), round: later } });
  t.is(a.outcome(1)?.type, 'readable');
});

test('an answer to a message of an earlier term belongs to no round', (t) => {
  const [cluster, a, b] = led();
  const old = a.effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.type === 'append' && effect.message.to === b.id
      ? [effect.message]
      : [],
  );
  cluster.elect('b');
  cluster.elect('a');
  cluster.isLost = ({ from, to }) => from === node('c') || to === node('c');
  const [message] = old;
  if (message === undefined) return t.fail();
  const effects = b.give({ type: 'receive', message: { ...message, round: 1000 as Round } });
  t.deepEqual(
    effects.flatMap((effect) =>
      effect.type === 'send' && effect.message.type === 'append-reply'
        ? [[effect.message.term, effect.message.round]]
        : [],
    ),
    [[a.status.term, 0]],
  );
});

test('reads that come together share a round', (t) => {
  const [cluster, a] = led();
  const from = a.effects.length;
  for (const asked of [1, 2, 3]) a.give({ type: 'read', ticket: ticket(asked) });
  a.give({ type: 'flush' });
  cluster.run();
  t.is(rounds(a.effects.slice(from)).length, 2);
  t.deepEqual(
    [1, 2, 3].map((asked) => a.outcome(asked)?.type),
    ['readable', 'readable', 'readable'],
  );
});

test('reads of followers that come together share a round', (t) => {
  const [cluster, a, b] = led();
  const c = cluster.at('c');
  const from = a.effects.length;
  for (const follower of [b, c]) read(follower, 1);
  cluster.run();
  t.is(rounds(a.effects.slice(from)).length, 2);
  t.deepEqual([b.outcome(1)?.type, c.outcome(1)?.type], ['readable', 'readable']);
});

test('a new leader reads nothing from before its first entry', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  cluster.isLost = ({ type }) => type === 'append-reply';
  const a = cluster.elect('a');
  read(a, 1);
  cluster.heal();
  cluster.tick(3);
  t.deepEqual(a.outcome(1), { type: 'readable', index: index(2) });
});

test('a follower asks its leader', (t) => {
  const [cluster, a, b] = led();
  a.propose(9, 'x');
  cluster.run();
  read(b, 1);
  cluster.run();
  t.deepEqual(b.outcome(1), { type: 'readable', index: a.status.commit });
});

test('a follower whose leader does not answer is told when time is up', (t) => {
  const [cluster, a, b] = led();
  cluster.isLost = ({ type }) => type === 'read';
  read(b, 1);
  cluster.tick(8);
  t.is(b.outcome(1), undefined);
  cluster.tick(1);
  t.deepEqual(b.outcome(1), { type: 'refused', reason: 'timed out', leader: a.id });
});

test('an answer that comes after that, or twice, is not heard', (t) => {
  const [cluster, , b] = led();
  cluster.isLost = ({ type }) => type === 'read-reply';
  const effects = read(b, 1);
  cluster.tick(10);
  const [send] = effects.filter((effect) => effect.type === 'send');
  if (send?.message.type !== 'read') return t.fail();
  const { ticket: number } = send.message;
  b.ask({
    type: 'receive',
    message: {
      ...send.message,
      from: node('a'),
      to: b.id,
      type: 'read-reply',
      ticket: number,
      index: index(1),
    },
  });
  t.is(b.outcomes.get(ticket(1))?.length, 1);
});

test('a question of an earlier run is not taken for one of this run', (t) => {
  const [cluster, , b] = led();
  const numbers = [read(b, 1), (cluster.restart('b'), cluster.tick(3), read(b, 1))].map((effects) =>
    effects.flatMap((effect) =>
      effect.type === 'send' && effect.message.type === 'read' ? [effect.message.ticket] : [],
    ),
  );
  t.is(numbers.flat().length, 2);
  t.not(numbers[0]?.[0], numbers[1]?.[0]);
});

test('without a leader nothing is read', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.at('a');
  read(a, 1);
  t.deepEqual(a.outcome(1), { type: 'refused', reason: 'no leader', leader: undefined });
});

test('reads that are not confirmed when leadership ends are refused, here and to those who asked', (t) => {
  const [cluster, a, b] = led();
  cluster.isLost = ({ type }) => type === 'append-reply';
  read(a, 1);
  read(b, 2);
  cluster.tick(12);
  t.is(a.outcome(1)?.type, 'refused');
  t.is(b.outcome(2)?.type, 'refused');
});

test('so many reads wait, and no more', (t) => {
  const [cluster, a, b] = led();
  cluster.isLost = () => true;
  for (const player of [a, b]) {
    for (let asked = 1; asked <= 10_001; asked += 1) {
      player.give({ type: 'read', ticket: ticket(asked) });
    }
    t.is(player.outcome(10_000), undefined);
    t.like(player.outcome(10_001), {
      type: 'refused',
      reason: 'too many reads are waiting to be confirmed',
    });
  }
});

test('a stranger gets no answer', (t) => {
  const [, a] = led();
  const question = { from: node('x'), to: a.id, term: a.status.term, type: 'read' } as const;
  t.deepEqual(a.ask({ type: 'receive', message: { ...question, ticket: ticket(1) } }), []);
});

test('the only voter confirms its rounds itself', (t) => {
  const cluster = startCluster([]);
  const a = cluster.start('a', [...servers('a'), server('b', 'nonvoter')]);
  t.deepEqual(rounds(a.ask({ type: 'flush' })), ['begun 1', 'confirmed 1']);
  read(a, 1);
  t.is(a.outcome(1)?.type, 'readable');
});

test('rounds begin with each heartbeat and are confirmed by a majority', (t) => {
  const [cluster, a] = led();
  const from = a.effects.length;
  cluster.isolate('c');
  cluster.tick(4);
  const last = a.state.lead?.round ?? 0;
  t.deepEqual(rounds(a.effects.slice(from)), [
    `begun ${last - 1}`,
    `confirmed ${last - 1}`,
    `begun ${last}`,
    `confirmed ${last}`,
  ]);
});

test('a transfer ends the rounds for the rest of the term, and reads go on', (t) => {
  const [cluster, a] = led();
  cluster.isLost = ({ to }) => to === node('b');
  const from = a.effects.length;
  a.ask({ type: 'transfer', ticket: ticket(1), to: node('b') });
  cluster.tick(12);
  t.is(a.outcome(1)?.type, 'refused');
  t.is(a.status.role, 'leader');
  t.deepEqual(rounds(a.effects.slice(from)), ['void']);
  read(a, 2);
  cluster.run();
  t.is(a.outcome(2)?.type, 'readable');
});

test('a leader that is about to lose its vote has no rounds', (t) => {
  const [cluster, a] = led();
  cluster.isLost = ({ type }) => type === 'append-reply';
  const from = a.effects.length;
  a.ask({ type: 'change', ticket: ticket(1), change: { type: 'demote', id: a.id } });
  cluster.tick(3);
  t.deepEqual(rounds(a.effects.slice(from)), ['void']);
});
