import test from 'ava';
import type { Configuration, MembershipChange, Outcome } from '#raft/types.ts';
import {
  Cluster,
  NOTHING,
  index,
  node,
  server,
  servers,
  startCluster,
  ticket,
} from '#test/helpers/raft-cluster.ts';
import type { Player } from '#test/helpers/raft-cluster.ts';

let next = 100;

function change(cluster: Cluster, player: Player, wanted: MembershipChange): Outcome | undefined {
  next += 1;
  player.ask({ type: 'change', ticket: ticket(next), change: wanted });
  cluster.run();
  return player.outcome(next);
}

const add = (name: string, suffrage: 'voter' | 'staging' | 'nonvoter'): MembershipChange => ({
  type: 'add',
  server: server(name, suffrage),
});

const suffrages = (configuration: Configuration): string =>
  configuration.map(({ id, suffrage }) => `${id}:${suffrage}`).join(' ');

function led(...names: string[]): readonly [Cluster, Player] {
  const cluster = startCluster(names);
  return [cluster, cluster.elect('a')];
}

test('a cluster grows from one server', (t) => {
  const cluster = new Cluster();
  const a = cluster.startEmpty('a');
  a.ask({ type: 'bootstrap', ticket: ticket(1), server: server('a', 'voter') });
  cluster.run();
  a.propose(2, 'x');
  for (const name of ['b', 'c']) {
    const player = cluster.startEmpty(name);
    t.is(change(cluster, a, add(name, 'voter'))?.type, 'committed');
    cluster.tick(4);
    t.false(player.status.isRecovering);
    t.is(change(cluster, a, { type: 'promote', id: node(name) })?.type, 'committed');
  }
  t.deepEqual(a.status.configuration, servers('a', 'b', 'c'));
  t.deepEqual(cluster.at('c').applied, ['x']);
  cluster.crash('a');
  cluster.tick(60);
  t.is(cluster.leaders.filter((one) => one.isUp).length, 1);
});

test('a new server does not vote before it is promoted', (t) => {
  const [cluster, a] = led('a', 'b', 'c');
  cluster.startEmpty('d');
  change(cluster, a, add('d', 'voter'));
  t.is(suffrages(a.status.configuration), 'a:voter b:voter c:voter d:staging');
});

test('a server that is known gets the new address and keeps its suffrage', (t) => {
  const [cluster, a] = led('a', 'b', 'c');
  const moved = { id: node('b'), address: 'elsewhere:1', suffrage: 'nonvoter' } as const;
  t.is(change(cluster, a, { type: 'add', server: moved })?.type, 'committed');
  t.deepEqual(a.status.configuration[1], { ...moved, suffrage: 'voter' });
});

const NOTHING_TO_DO: readonly MembershipChange[] = [
  add('b', 'voter'),
  { type: 'promote', id: node('b') },
];

for (const wanted of NOTHING_TO_DO) {
  test(`${wanted.type} of what is so already is done at once`, (t) => {
    const [cluster, a] = led('a', 'b', 'c');
    const { lastIndex } = a.status;
    t.deepEqual(change(cluster, a, wanted), { type: 'committed', index: index(1) });
    t.is(a.status.lastIndex, lastIndex);
  });
}

const REFUSED: readonly (readonly [string, MembershipChange, string])[] = [
  ['promoting a stranger', { type: 'promote', id: node('x') }, 'unknown server'],
  ['demoting a stranger', { type: 'demote', id: node('x') }, 'unknown server'],
  ['removing a stranger', { type: 'remove', id: node('x') }, 'unknown server'],
];

for (const [what, wanted, reason] of REFUSED) {
  test(`${what} is refused`, (t) => {
    const [cluster, a] = led('a', 'b', 'c');
    t.like(change(cluster, a, wanted), { type: 'refused', reason });
  });
}

for (const type of ['demote', 'remove'] as const) {
  test(`to ${type} the last voter is refused`, (t) => {
    const [cluster, a] = led('a');
    const outcome = change(cluster, a, { type, id: node('a') });
    t.like(outcome, { type: 'refused', reason: 'the last voter cannot go' });
    t.is(a.status.role, 'leader');
  });
}

for (const type of ['demote', 'remove'] as const) {
  test(`to ${type} a voter is refused while those left could not elect anybody`, (t) => {
    const [cluster, a] = led('a', 'b', 'c');
    const c = cluster.at('c');
    cluster.crash('c');
    c.wipe(NOTHING);
    cluster.restart('c');
    cluster.isLost = ({ type: kind }) => kind === 'read-reply';
    cluster.tick(2);
    t.true(c.status.isRecovering);
    const reason = 'too few of the voters could vote';
    t.like(change(cluster, a, { type, id: node('b') }), { type: 'refused', reason });
    t.is(change(cluster, a, { type, id: node('c') })?.type, 'committed');
  });
}

test('followers refuse changes and say who leads', (t) => {
  const [cluster] = led('a', 'b', 'c');
  const outcome = change(cluster, cluster.at('b'), { type: 'remove', id: node('c') });
  t.deepEqual(outcome, { type: 'refused', reason: 'not the leader', leader: node('a') });
});

test('a server that has not caught up, or is not heard of, is not promoted', (t) => {
  const [cluster, a] = led('a', 'b', 'c');
  change(cluster, a, add('d', 'staging'));
  const promote = { type: 'promote', id: node('d') } as const;
  t.like(change(cluster, a, promote), { reason: 'the server has not caught up' });
  cluster.startEmpty('d');
  cluster.tick(4);
  t.is(change(cluster, a, promote)?.type, 'committed');
});

test('a server that has fallen silent is not promoted', (t) => {
  const [cluster, a] = led('a', 'b', 'c');
  cluster.startEmpty('d');
  change(cluster, a, add('d', 'staging'));
  cluster.tick(4);
  cluster.isolate('d');
  cluster.tick(12);
  const promote = { type: 'promote', id: node('d') } as const;
  t.like(change(cluster, a, promote), { reason: 'the server has not caught up' });
  cluster.heal();
  cluster.tick(4);
  t.is(change(cluster, a, promote)?.type, 'committed');
});

test('a server that is recovering is not promoted', (t) => {
  const [cluster, a] = led('a', 'b', 'c');
  cluster.startEmpty('d');
  change(cluster, a, add('d', 'staging'));
  cluster.isLost = ({ type }) => type === 'read-reply';
  cluster.tick(4);
  const promote = { type: 'promote', id: node('d') } as const;
  if (a.state.lead?.peers.get(node('d'))?.isRecovering === true) {
    t.like(change(cluster, a, promote), { reason: 'the server has not caught up' });
  }
  cluster.heal();
  cluster.tick(12);
  t.is(change(cluster, a, promote)?.type, 'committed');
});

test('those without a vote get everything and count for nothing', (t) => {
  const cluster = startCluster([]);
  const configuration = [
    ...servers('a', 'b', 'c'),
    server('d', 'nonvoter'),
    server('e', 'staging'),
  ];
  for (const { id } of configuration) cluster.start(id, configuration);
  const a = cluster.elect('a');
  a.propose(1, 'x');
  cluster.run();
  t.deepEqual(cluster.at('d').applied, ['x']);
  cluster.isolate('b', 'c');
  a.propose(2, 'y');
  cluster.tick(3);
  t.deepEqual(a.applied, ['x']);
  cluster.tick(10);
  t.is(a.status.role, 'follower');
});

for (const type of ['remove', 'demote'] as const) {
  test(`a leader that has itself ${type}d leads until that is committed, then somebody else does`, (t) => {
    const [cluster, a] = led('a', 'b', 'c');
    a.propose(1, 'x');
    cluster.isLost = ({ type: kind }) => kind === 'append-reply';
    next += 1;
    a.ask({ type: 'change', ticket: ticket(next), change: { type, id: a.id } });
    cluster.run();
    t.is(a.status.role, 'leader');
    cluster.heal();
    cluster.tick(3);
    t.is(a.outcome(next)?.type, 'committed');
    t.is(a.status.role, 'follower');
    t.is(cluster.leaders.length, 1);
    const isRemoved = a.effects.some((effect) => effect.type === 'removed');
    t.is(isRemoved, type === 'remove');
    t.deepEqual(cluster.at('b').applied, ['x']);
  });
}

test('a leader that removes itself does not count itself', (t) => {
  const [cluster, a] = led('a', 'b', 'c');
  cluster.isolate('c');
  a.ask({ type: 'change', ticket: ticket(1), change: { type: 'remove', id: a.id } });
  cluster.run();
  t.true(a.status.commit < a.status.lastIndex);
  cluster.heal();
  cluster.tick(3);
  t.is(a.status.commit, a.status.lastIndex);
});

test('a voter that alone knows of its demotion still leads, to bring it to an end', (t) => {
  const cluster = startCluster(['a', 'b']);
  const a = cluster.elect('a');
  cluster.isLost = () => true;
  a.ask({ type: 'change', ticket: ticket(1), change: { type: 'demote', id: a.id } });
  cluster.run();
  cluster.restart('a');
  cluster.heal();
  cluster.tick(120);
  t.is(cluster.at('b').status.role, 'leader');
  t.is(suffrages(cluster.at('b').status.configuration), 'a:nonvoter b:voter');
});

test('a server that was removed is told so, and only once', (t) => {
  const [cluster, a] = led('a', 'b', 'c');
  const c = cluster.at('c');
  change(cluster, a, { type: 'remove', id: c.id });
  cluster.tick(60);
  t.is(c.effects.filter((effect) => effect.type === 'removed').length, 1);
  t.is(a.state.lead?.peers.size, 1);
});

test('a server without a vote that was removed while it was away learns of it', (t) => {
  const cluster = startCluster([]);
  const configuration = [...servers('a', 'b'), server('d', 'nonvoter')];
  for (const { id } of configuration) cluster.start(id, configuration);
  const a = cluster.elect('a');
  cluster.isolate('d');
  change(cluster, a, { type: 'remove', id: node('d') });
  cluster.tick(60);
  cluster.heal();
  cluster.tick(30);
  t.true(cluster.at('d').effects.some((effect) => effect.type === 'removed'));
});

test('who is being added takes no word that it is out, nor from a server that knows less', (t) => {
  const [cluster, a] = led('a', 'b', 'c');
  const d = cluster.startEmpty('d');
  const word = { from: node('b'), to: d.id, term: a.status.term, type: 'not-a-member' } as const;
  const isOut = (): boolean => d.effects.some((effect) => effect.type === 'removed');
  d.ask({ type: 'receive', message: { ...word, configurationIndex: index(1) } });
  t.false(isOut());
  change(cluster, a, add('d', 'nonvoter'));
  cluster.tick(4);
  d.ask({ type: 'receive', message: { ...word, configurationIndex: index(1) } });
  d.ask({ type: 'receive', message: { ...word, configurationIndex: d.status.configurationIndex } });
  t.false(isOut());
  const later = index(d.status.configurationIndex + 1);
  d.ask({ type: 'receive', message: { ...word, configurationIndex: later } });
  t.true(isOut());
});

test('a server that comes back with an empty disk is filled from the beginning', (t) => {
  const [cluster, a] = led('a', 'b', 'c');
  a.propose(1, 'x');
  change(cluster, a, { type: 'remove', id: node('c') });
  change(cluster, a, add('c', 'nonvoter'));
  t.is(a.state.lead?.peers.get(node('c'))?.match, index(0));
});
