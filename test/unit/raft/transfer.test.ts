import test from 'ava';
import { index, node, server, servers, startCluster, ticket } from '#test/helpers/raft-cluster.ts';
import type { Cluster, Player } from '#test/helpers/raft-cluster.ts';

function led(): readonly [Cluster, Player] {
  const cluster = startCluster(['a', 'b', 'c']);
  return [cluster, cluster.elect('a')];
}

function transfer(cluster: Cluster, player: Player, to: string | undefined): void {
  player.ask({ type: 'transfer', ticket: ticket(1), to: to === undefined ? to : node(to) });
  cluster.run();
}

test('leadership goes to whom it is given, without time passing', (t) => {
  const [cluster, a] = led();
  transfer(cluster, a, 'c');
  t.is(cluster.at('c').status.role, 'leader');
  t.is(a.status.leader, node('c'));
  t.is(a.outcome(1)?.type, 'committed');
});

test('whoever has most of the log takes over when nobody is named', (t) => {
  const [cluster, a] = led();
  cluster.isolate('b');
  a.propose(2, 'x');
  cluster.run();
  cluster.heal();
  transfer(cluster, a, undefined);
  t.is(cluster.at('c').status.role, 'leader');
  t.is(a.outcome(1)?.type, 'committed');
});

test('who has to catch up is asked when it has', (t) => {
  const [cluster, a] = led();
  cluster.isolate('b');
  for (const asked of [2, 3, 4]) a.propose(asked, 'x');
  cluster.run();
  transfer(cluster, a, 'b');
  t.is(a.status.role, 'leader');
  cluster.heal();
  cluster.tick(3);
  t.is(cluster.at('b').status.role, 'leader');
});

test('a leader whose disk is slow can hand over', (t) => {
  const [cluster, a] = led();
  a.hangDisk();
  a.propose(2, 'x');
  cluster.run();
  transfer(cluster, a, 'b');
  t.is(cluster.at('b').status.role, 'leader');
  t.deepEqual(cluster.at('b').applied, ['x']);
});

test('when nobody took it in time, proposals are taken again', (t) => {
  const [cluster, a] = led();
  cluster.isolate('b');
  transfer(cluster, a, 'b');
  t.is(a.propose(2, 'x')?.type, 'refused');
  cluster.tick(8);
  t.is(a.outcome(1), undefined);
  cluster.tick(1);
  t.like(a.outcome(1), { type: 'refused', reason: 'timed out' });
  t.is(a.propose(3, 'x')?.type, 'appended');
});

const REFUSED: readonly (readonly [string, string | undefined, string])[] = [
  ['a stranger', 'x', 'unknown server'],
  ['one without a vote', 'd', 'unknown server'],
];

for (const [what, to, reason] of REFUSED) {
  test(`a transfer to ${what} is refused`, (t) => {
    const cluster = startCluster([]);
    const configuration = [...servers('a', 'b'), server('d', 'nonvoter')];
    for (const { id } of configuration) cluster.start(id, configuration);
    const a = cluster.elect('a');
    transfer(cluster, a, to);
    t.like(a.outcome(1), { type: 'refused', reason });
    t.is(a.status.role, 'leader');
  });
}

test('alone there is nobody to hand over to', (t) => {
  const cluster = startCluster(['a']);
  const a = cluster.elect('a');
  transfer(cluster, a, undefined);
  t.like(a.outcome(1), { type: 'refused', reason: 'no server can take over' });
});

test('who is not heard is not chosen', (t) => {
  const cluster = startCluster(['a', 'b', 'c', 'd', 'e']);
  const a = cluster.elect('a');
  cluster.isolate('b');
  cluster.tick(10);
  transfer(cluster, a, undefined);
  t.is(cluster.at('c').status.role, 'leader');
});

test('to itself is done already, and a second transfer waits for the end of the first', (t) => {
  const [cluster, a] = led();
  transfer(cluster, a, 'a');
  t.is(a.outcome(1)?.type, 'committed');
  cluster.isolate('b');
  transfer(cluster, a, 'b');
  a.ask({ type: 'transfer', ticket: ticket(2), to: node('c') });
  t.like(a.outcome(2), { type: 'refused', reason: 'leadership is being transferred' });
  a.ask({ type: 'change', ticket: ticket(3), change: { type: 'demote', id: node('c') } });
  t.like(a.outcome(3), { type: 'refused', reason: 'leadership is being transferred' });
});

test('followers refuse, and say who leads', (t) => {
  const [cluster] = led();
  const b = cluster.at('b');
  transfer(cluster, b, 'c');
  t.deepEqual(b.outcome(1), { type: 'refused', reason: 'not the leader', leader: node('a') });
});

test('only the leader of the term can make a node stand', (t) => {
  const [cluster, a] = led();
  const b = cluster.at('b');
  const { term: before } = b.status;
  const word = { to: b.id, type: 'time-out-now' } as const;
  b.ask({ type: 'receive', message: { ...word, from: node('c'), term: before } });
  b.ask({ type: 'receive', message: { ...word, from: a.id, term: (before - 1) as never } });
  t.is(b.status.term, before);
  b.ask({ type: 'receive', message: { ...word, from: a.id, term: before } });
  t.true(b.status.term > before);
});

test('who named nobody in particular is content with anybody', (t) => {
  const [cluster, a] = led();
  cluster.isLost = ({ type }) => type === 'time-out-now';
  transfer(cluster, a, undefined);
  cluster.heal();
  cluster.elect('c');
  cluster.tick(4);
  t.is(a.outcome(1)?.type, 'committed');
  t.true((a.outcomes.get(ticket(1))?.length ?? 0) === 1);
  t.true(a.status.commit >= index(2));
});
