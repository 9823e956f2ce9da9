import test from 'ava';
import { Cluster, startCluster, servers, server, ticket } from '#test/helpers/raft-cluster.ts';

test('a new node becomes a cluster of one and applies what is proposed', (t) => {
  const cluster = new Cluster();
  const a = cluster.startEmpty('a');
  a.ask({ type: 'bootstrap', ticket: ticket(1), server: server('a', 'voter') });
  cluster.run();
  t.deepEqual(a.outcome(1), { type: 'committed', index: 1 });
  t.is(a.status.role, 'leader');
  a.propose(2, 'x');
  a.propose(3, 'y');
  cluster.run();
  t.deepEqual(a.applied, ['x', 'y']);
});

test('three nodes elect a leader and replicate', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  cluster.tick(40);
  t.is(cluster.leaders.length, 1);
  const leader = cluster.leaders[0];
  leader?.propose(1, 'x');
  cluster.run();
  for (const name of ['a', 'b', 'c']) t.deepEqual(cluster.at(name).applied, ['x']);
  t.deepEqual(cluster.at('a').status.configuration, servers('a', 'b', 'c'));
});
