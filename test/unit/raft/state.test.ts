import test from 'ava';
import { check, observe } from '#raft/check.ts';
import { InvariantError } from '#raft/invariant.ts';
import { newState } from '#raft/state.ts';
import type { State } from '#raft/state.ts';
import { statusOf } from '#raft/status.ts';
import { step } from '#raft/step.ts';
import type { Entry, HardState, Restored } from '#raft/types.ts';
import {
  Cluster,
  NOTHING,
  SETTINGS,
  bytes,
  index,
  node,
  server,
  servers,
  startCluster,
  term,
  ticket,
} from '#test/helpers/raft-cluster.ts';

const settings = { ...SETTINGS, id: node('a'), seed: 1 };
const hardState: HardState = {
  term: term(3),
  votedFor: node('a'),
  commit: index(5),
  isRecovering: false,
};
const data = (at: number): Entry => ({
  type: 'data',
  index: index(at),
  term: term(2),
  data: bytes('x'),
});
const restored: Restored = {
  hardState,
  start: {
    index: index(4),
    term: term(2),
    configuration: servers('a', 'b'),
    configurationIndex: index(1),
  },
  entries: [data(5), data(6)],
  applied: index(4),
};

test('a node goes on from what it finds', (t) => {
  const status = statusOf(newState(settings, restored));
  t.deepEqual(status, {
    role: 'follower',
    term: term(3),
    leader: undefined,
    commit: index(5),
    applied: index(4),
    lastIndex: index(6),
    lastTerm: term(2),
    configuration: servers('a', 'b'),
    configurationIndex: index(1),
    isRecovering: false,
    needsSnapshot: false,
    peers: [],
  });
});

test('what was committed and is not applied is applied first, and the configuration is told', (t) => {
  const [, effects] = step(newState(settings, restored), { type: 'flush' });
  t.deepEqual(
    effects.map((effect) => effect.type),
    ['apply', 'configured'],
  );
});

test('a state machine ahead of the commit index is right', (t) => {
  const state = newState(settings, { ...restored, applied: index(6) });
  t.is(statusOf(state).commit, index(6));
});

test('a log that is shorter than what was committed has lost something', (t) => {
  const state = newState(settings, { ...restored, entries: [] });
  t.true(statusOf(state).isRecovering);
  t.is(statusOf(state).commit, index(4));
});

test('a state machine behind the beginning of the log has to be filled', (t) => {
  t.true(statusOf(newState(settings, { ...restored, applied: index(3) })).needsSnapshot);
});

test('a log with a gap, or behind its state machine, is no log', (t) => {
  for (const wrong of [{ entries: [data(6)] }, { applied: index(7) }]) {
    t.throws(() => newState(settings, { ...restored, ...wrong }), { instanceOf: InvariantError });
  }
});

test('a leader says what it knows of the others', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  cluster.isolate('c');
  cluster.tick(3);
  const [b, c] = a.status.peers;
  t.like(b, { id: node('b'), match: a.status.lastIndex, isRecovering: false });
  t.true((b?.silence ?? 9) < 2 && (c?.silence ?? 0) >= 3);
});

test('a server that was never heard has no silence', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  cluster.isolate('c');
  const a = cluster.elect('a');
  t.is(a.status.peers.find(({ id }) => id === node('c'))?.silence, undefined);
});

test('a node becomes a cluster of one only when it has nothing, and by its own name', (t) => {
  const cluster = new Cluster();
  const a = cluster.startEmpty('a');
  const begin = (asked: number, name: string, suffrage: 'voter' | 'nonvoter'): unknown => {
    a.ask({ type: 'bootstrap', ticket: ticket(asked), server: server(name, suffrage) });
    cluster.run();
    return a.outcome(asked);
  };
  t.like(begin(1, 'b', 'voter'), { type: 'refused', reason: 'unknown server' });
  t.like(begin(2, 'a', 'nonvoter'), { type: 'refused', reason: 'unknown server' });
  t.like(begin(3, 'a', 'voter'), { type: 'committed', index: index(1) });
  t.like(begin(4, 'a', 'voter'), { type: 'refused', reason: 'already part of a cluster' });
  t.is(a.status.role, 'leader');
});

test('a cluster of one survives a restart', (t) => {
  const cluster = new Cluster();
  const a = cluster.startEmpty('a');
  a.ask({ type: 'bootstrap', ticket: ticket(1), server: server('a', 'voter') });
  a.propose(2, 'x');
  cluster.run();
  cluster.restart('a');
  t.is(a.status.role, 'leader');
  cluster.run();
  a.propose(3, 'y');
  cluster.run();
  t.deepEqual(a.applied, ['x', 'y']);
});

test('a node that others have called on is no new one', (t) => {
  const cluster = new Cluster();
  const a = cluster.startEmpty('a');
  a.disk.hardState = { ...NOTHING, term: term(2) };
  cluster.restart('a');
  a.ask({ type: 'bootstrap', ticket: ticket(1), server: server('a', 'voter') });
  t.like(a.outcome(1), { type: 'refused', reason: 'already part of a cluster' });
});

test('the order of what is to be done: what need not wait, the disk, all the rest', (t) => {
  const cluster = new Cluster();
  const a = cluster.startEmpty('a');
  const effects = a.give({ type: 'bootstrap', ticket: ticket(1), server: server('a', 'voter') });
  t.deepEqual(
    effects.map((effect) => effect.type),
    ['persist', 'lead', 'round-begun', 'round-confirmed', 'configured'],
  );
});

const BROKEN: readonly (readonly [string, (state: State) => void])[] = [
  ['a term that falls', (state) => (state.term = term(2))],
  ['a vote that is taken back', (state) => (state.votedFor = undefined)],
  ['a commit index that falls', (state) => (state.commit = index(4))],
  ['a commit behind the end', (state) => (state.commit = index(9))],
  ['an applied index that falls', (state) => (state.applied = index(3))],
  ['something applied that was not to be', (state) => (state.applied = index(6))],
  ['something applied that is not committed', (state) => (state.applying = index(6))],
  ['something durable that was not written', (state) => (state.durable = index(7))],
  ['something written that is not there', (state) => (state.written = index(7))],
  [
    'a committed entry that changed',
    (state) => (state.log.entries = [{ ...data(5), term: term(1) }, data(6)]),
  ],
  ['a leader without leadership', (state) => (state.role = 'leader')],
];

for (const [what, breaks] of BROKEN) {
  test(`${what} is found`, (t) => {
    const state = newState(settings, restored);
    const before = observe(state);
    t.notThrows(() => check(before, state));
    breaks(state);
    t.throws(() => check(before, state), { instanceOf: InvariantError });
  });
}

test('a leader that loses entries is found', (t) => {
  const a = startCluster(['a', 'b', 'c']).elect('a');
  const before = observe(a.state);
  a.state.log.entries = [];
  a.state.written = a.state.durable = a.state.commit = index(1);
  t.throws(() => check({ ...before, commit: index(1), commitTerm: undefined }, a.state), {
    instanceOf: InvariantError,
  });
});

test('two leaders in a term stop whoever hears of both', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const b = cluster.at('b');
  const append = {
    to: b.id,
    term: a.status.term,
    type: 'append',
    previousIndex: index(1),
    previousTerm: term(1),
    entries: [],
    commit: index(1),
    round: 1 as never,
  } as const;
  t.notThrows(() => b.give({ type: 'receive', message: { ...append, from: a.id } }));
  t.throws(() => b.give({ type: 'receive', message: { ...append, from: node('c') } }), {
    instanceOf: InvariantError,
  });
  const toLeader = { ...append, from: node('c'), to: a.id };
  t.throws(() => a.give({ type: 'receive', message: toLeader }), { instanceOf: InvariantError });
});

test('messages for others, and from oneself, are not heard', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const message = { term: term(9), type: 'vote-reply', isGranted: false } as const;
  for (const [from, to] of [
    ['b', 'c'],
    ['a', 'a'],
  ] as const) {
    a.ask({ type: 'receive', message: { ...message, from: node(from), to: node(to) } });
    t.is(a.status.role, 'leader');
  }
});
