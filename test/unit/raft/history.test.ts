// Mistakes that others have made, each as the shortest story that shows it. The numbers are those of the bug reports or
// papers where there is one.
import test from 'ava';
import type { Message, NodeId, Round } from '#raft/types.ts';
import {
  Cluster,
  NOTHING,
  bytes,
  index,
  node,
  server,
  servers,
  startCluster,
  term,
  ticket,
} from '#test/helpers/raft-cluster.ts';
import type { Player } from '#test/helpers/raft-cluster.ts';

const round = (value: number): Round => value as Round;
const types = (player: Player): string[] => player.effects.map((effect) => effect.type);

/** What a node said since `from` effects. */
function said(player: Player, type: Message['type'], from = 0): Message[] {
  return player.effects
    .slice(from)
    .flatMap((effect) => (effect.type === 'send' ? [effect.message] : []))
    .filter((message) => message.type === type);
}

const isReply = ({ type }: Message): boolean => type === 'append-reply';

test('a leader changes no servers before it has committed an entry of its term (Ongaro 2015)', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  cluster.isLost = isReply;
  const a = cluster.elect('a');
  const add = { type: 'add', server: server('d', 'nonvoter') } as const;
  a.ask({ type: 'change', ticket: ticket(1), change: add });
  t.like(a.outcome(1), {
    type: 'refused',
    reason: 'the leader has not committed an entry of its term yet',
  });
  cluster.heal();
  cluster.tick(2);
  a.ask({ type: 'change', ticket: ticket(2), change: add });
  cluster.run();
  t.is(a.outcome(2)?.type, 'committed');
});

test('servers change one at a time', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  cluster.isolate('a');
  a.ask({ type: 'change', ticket: ticket(1), change: { type: 'demote', id: node('b') } });
  a.ask({ type: 'change', ticket: ticket(2), change: { type: 'demote', id: node('c') } });
  t.is(a.outcome(1)?.type, 'appended');
  t.like(a.outcome(2), { type: 'refused', reason: 'another change is not committed yet' });
});

test('a configuration that is truncated is not in force any more', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  cluster.isolate('a');
  a.ask({ type: 'change', ticket: ticket(1), change: { type: 'remove', id: node('c') } });
  t.is(a.status.configuration.length, 2);
  cluster.elect('b');
  cluster.heal();
  cluster.tick(4);
  t.deepEqual(a.status.configuration, servers('a', 'b', 'c'));
  t.deepEqual(a.outcome(1), { type: 'lost' });
});

test('a configuration counts from when it is appended, not from when it is applied (etcd 7625)', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  cluster.isLost = () => true;
  const b = cluster.at('b');
  b.ask({ type: 'receive', message: demotion(a) });
  cluster.run();
  t.true(b.status.configurationIndex > b.status.commit);
  b.tick(16);
  const asked = said(b, 'pre-vote').map(({ to }) => to);
  t.deepEqual(new Set(asked), new Set([a.id]));
});

/** The leader demotes c, and this is how it says so. */
function demotion(a: Player): Message {
  const from = a.effects.length;
  a.ask({ type: 'change', ticket: ticket(1), change: { type: 'demote', id: node('c') } });
  const [message] = said(a, 'append', from).filter(({ to }) => to === node('b'));
  if (message === undefined) throw new Error('nothing was sent');
  return message;
}

test('an entry of an earlier term is not committed by counting (figure 8 of the paper)', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  cluster.isLost = isReply;
  const a = cluster.elect('a');
  a.propose(1, 'x');
  const old = a.status.lastIndex;
  cluster.restart('a');
  cluster.elect('a');
  const reply = {
    from: node('b'),
    to: node('a'),
    term: a.status.term,
    type: 'append-reply',
    round: round(1),
    isAccepted: true,
    hintTerm: term(0),
    lastIndex: index(old + 1),
    needsSnapshot: false,
    isInstalling: false,
    isRecovering: false,
  } as const;
  cluster.run();
  a.ask({ type: 'receive', message: { ...reply, index: old } });
  t.is(a.status.commit, index(1));
  a.ask({ type: 'receive', message: { ...reply, index: index(old + 1) } });
  t.is(a.status.commit, index(old + 1));
});

test('a follower acknowledges what its disk has, not what it has heard', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  cluster.isolate('c');
  cluster.at('b').hangDisk();
  a.propose(1, 'x');
  cluster.run();
  t.deepEqual(a.applied, []);
  cluster.at('b').freeDisk();
  cluster.run();
  t.deepEqual(a.applied, ['x']);
});

test('a leader counts itself only once its own disk has it', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  cluster.isolate('c');
  a.hangDisk();
  const before = a.status.commit;
  a.propose(1, 'x');
  cluster.run();
  t.is(cluster.at('b').status.lastIndex, a.status.lastIndex);
  t.is(a.status.commit, before);
  a.freeDisk();
  cluster.run();
  t.true(a.status.commit > before);
});

test('a majority of others commits what the disk of the leader has not written', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  a.hangDisk();
  a.propose(1, 'x');
  cluster.run();
  t.is(a.status.commit, a.status.lastIndex);
  t.deepEqual([a.applied, cluster.at('b').applied], [[], ['x']]);
});

test('a message that was overtaken truncates nothing', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const b = cluster.at('b');
  const from = a.effects.length;
  cluster.isLost = () => true;
  a.propose(1, 'x');
  a.propose(2, 'y');
  cluster.run();
  const [first, second] = said(a, 'append', from).filter(({ to }) => to === node('b'));
  t.truthy(first && second);
  if (first === undefined || second === undefined) return;
  for (const message of [first, second, first]) b.ask({ type: 'receive', message });
  t.is(b.status.lastIndex, a.status.lastIndex);
});

test('appends, and a second snapshot, that come while one is being installed change nothing (etcd 18055)', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const b = cluster.at('b');
  cluster.isolate('b');
  const from = a.effects.length;
  for (const asked of [1, 2, 3, 4]) a.propose(asked, `w${asked}`);
  cluster.run();
  const snapshot = a.snapshot();
  const install = { from: a.id, to: b.id, term: a.status.term, type: 'install', snapshot } as const;
  b.hangDisk();
  b.ask({ type: 'receive', message: install });
  b.ask({ type: 'receive', message: install });
  const last = b.status.lastIndex;
  a.propose(5, 'w5');
  a.tick(2);
  for (const message of said(a, 'append', from)) {
    if (message.to === b.id) b.ask({ type: 'receive', message });
  }
  t.is(b.status.lastIndex, last);
  t.is(types(b).filter((type) => type === 'install').length, 1);
  b.freeDisk();
  cluster.heal();
  cluster.tick(6);
  t.deepEqual(b.applied, ['w1', 'w2', 'w3', 'w4', 'w5']);
  // The one that is older than what is applied is of no use.
  b.ask({ type: 'receive', message: install });
  t.is(types(b).filter((type) => type === 'install').length, 1);
});

test('a snapshot brings its configuration', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const b = cluster.at('b');
  cluster.isolate('b');
  a.ask({ type: 'change', ticket: ticket(1), change: { type: 'demote', id: node('b') } });
  cluster.run();
  const snapshot = a.snapshot();
  b.ask({
    type: 'receive',
    message: { from: a.id, to: b.id, term: a.status.term, type: 'install', snapshot },
  });
  cluster.run();
  t.deepEqual(b.status.configuration, a.status.configuration);
  t.is(b.status.configurationIndex, a.status.configurationIndex);
});

test('a cluster of one does not acknowledge before its disk does (etcd 14370)', (t) => {
  const cluster = startCluster(['a']);
  const a = cluster.elect('a');
  a.hangDisk();
  a.propose(1, 'x');
  cluster.run();
  t.deepEqual([a.applied, a.status.commit < a.status.lastIndex], [[], true]);
  a.freeDisk();
  cluster.run();
  t.deepEqual(a.applied, ['x']);
});

test('a leader that was paused reads nothing old (etcd 20418)', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  cluster.isolate('a');
  const b = cluster.elect('b');
  b.propose(1, 'new');
  cluster.run();
  a.ask({ type: 'read', ticket: ticket(7) });
  const from = a.effects.length;
  a.tick();
  cluster.run();
  t.is(a.outcome(7), undefined);
  cluster.heal();
  cluster.tick(6);
  t.is(a.outcome(7)?.type, 'refused');
  t.false(types(a).slice(from).includes('round-confirmed'));
});

test('a node that comes back from a partition does not raise the term (etcd 9333)', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const before = a.status.term;
  cluster.isolate('c');
  cluster.tick(60);
  cluster.heal();
  cluster.tick(60);
  t.is(a.status.role, 'leader');
  t.is(a.status.term, before);
});

test('a node that was removed while it was away disturbs nobody and learns of it (hashicorp 524)', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const before = a.status.term;
  cluster.isolate('c');
  a.ask({ type: 'change', ticket: ticket(1), change: { type: 'remove', id: node('c') } });
  cluster.tick(60);
  cluster.heal();
  cluster.tick(30);
  t.is(a.status.term, before);
  t.is(a.status.role, 'leader');
  t.true(types(cluster.at('c')).includes('removed'));
});

test('a node in a later term than the leader frees itself (raft-rs 0.3.1)', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const b = cluster.at('b');
  cluster.isolate('b');
  // It stands without being asked for its log, and is alone with its new term.
  b.ask({
    type: 'receive',
    message: { from: a.id, to: b.id, term: a.status.term, type: 'time-out-now' },
  });
  t.true(b.status.term > a.status.term);
  a.propose(1, 'x');
  cluster.run();
  cluster.heal();
  cluster.tick(40);
  t.is(cluster.leaders.length, 1);
  t.deepEqual(b.applied, ['x']);
});

test('a write during a transfer is refused, not lost (hashicorp GH-581)', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  cluster.isolate('b');
  a.propose(1, 'before');
  cluster.run();
  a.ask({ type: 'transfer', ticket: ticket(2), to: node('b') });
  t.like(a.propose(3, 'during'), {
    type: 'refused',
    reason: 'leadership is being transferred',
  });
  cluster.heal();
  cluster.tick(3);
  t.is(cluster.at('b').status.role, 'leader');
  t.is(a.outcome(2)?.type, 'committed');
  t.deepEqual(cluster.at('b').applied, ['before']);
});

test('a node with an old image of its disk does not vote (amnesia)', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const c = cluster.at('c');
  const { hardState, entries } = c.disk;
  const image = { hardState, entries: [...entries] };
  for (const asked of [1, 2, 3]) a.propose(asked, `w${asked}`);
  cluster.tick(4);
  c.disk.hardState = image.hardState;
  c.disk.entries = image.entries;
  c.disk.position = index(1);
  cluster.restart('c');
  cluster.isLost = ({ type, to }) => type === 'append' && to === c.id && c.state.isRecovering;
  cluster.tick(4);
  t.true(c.status.isRecovering);
  t.true(c.disk.hardState.isRecovering);
  const from = c.effects.length;
  c.state.silence = 100;
  const ask = { from: node('b'), to: c.id, lastIndex: index(99), lastTerm: term(99) } as const;
  const later = term(c.status.term + 1);
  c.ask({ type: 'receive', message: { ...ask, type: 'vote', term: later, isTransfer: true } });
  t.deepEqual(
    said(c, 'vote-reply', from).map((one) => 'isGranted' in one && one.isGranted),
    [false],
  );
  cluster.heal();
  cluster.tick(60);
  t.false(c.status.isRecovering);
  t.deepEqual(c.applied, ['w1', 'w2', 'w3']);
});

test('a node that comes back under its name with an empty disk does not vote until it is filled', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  cluster.isolate('b');
  a.propose(1, 'x');
  cluster.run();
  cluster.crash('a');
  const c = cluster.at('c');
  cluster.crash('c');
  c.wipe(NOTHING);
  cluster.restart('c');
  cluster.heal();
  cluster.tick(100);
  // Nobody but a has what was acknowledged.
  t.deepEqual(
    cluster.leaders.filter((one) => one.isUp),
    [],
  );
  cluster.restart('a');
  cluster.tick(60);
  t.deepEqual(cluster.at('b').applied, ['x']);
  t.deepEqual(c.applied, ['x']);
  t.false(c.status.isRecovering);
});

test('a leader that can send but not hear steps down', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  cluster.isLost = ({ to }) => to === a.id;
  cluster.tick(10);
  t.is(a.status.role, 'follower');
  cluster.tick(40);
  t.is(cluster.leaders.length, 1);
  t.not(cluster.leaders[0]?.id, a.id);
});

test('a leader that can hear but not send is replaced', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  cluster.isLost = ({ from }) => from === a.id;
  cluster.tick(60);
  t.is(cluster.leaders.length, 1);
  t.not(cluster.leaders[0]?.id, a.id);
});

test('a node between two that do not see each other does not let the leader flap', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const before = a.status.term;
  const cut = new Set<NodeId>([a.id, node('c')]);
  cluster.isLost = ({ from, to }) => cut.has(from) && cut.has(to);
  cluster.tick(200);
  t.true(Math.max(...[...cluster.players.values()].map((one) => one.status.term)) <= before + 1);
  t.is(cluster.leaders.length, 1);
});

test('a message that comes twice, and a batch of nothing, change nothing', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const b = cluster.at('b');
  const from = a.effects.length;
  a.propose(1, 'x');
  cluster.run();
  const { lastIndex, commit } = b.status;
  for (const message of said(a, 'append', from)) {
    if (message.to === b.id) b.ask({ type: 'receive', message });
  }
  cluster.run();
  t.deepEqual([b.status.lastIndex, b.status.commit, b.applied], [lastIndex, commit, ['x']]);
  t.is(a.propose(2, '')?.type, 'appended');
  cluster.run();
  t.deepEqual(b.applied, ['x', '']);
});

test('an entry larger than a message may be travels alone', (t) => {
  const cluster = startCluster(['a', 'b', 'c'], { maxAppendBytes: 100 });
  const a = cluster.elect('a');
  a.propose(1, 'x'.repeat(1000));
  a.propose(2, 'y');
  cluster.run();
  t.deepEqual(
    cluster.at('b').applied.map((text) => text.length),
    [1000, 1],
  );
});

const IMPOSSIBLE: readonly (readonly [string, Partial<Message>])[] = [
  ['a term beyond counting', { term: term(2 ** 53) }],
  ['a term that is no number', { term: term(Number.NaN) }],
];

for (const [what, part] of IMPOSSIBLE) {
  test(`a message with ${what} is none`, (t) => {
    const cluster = startCluster(['a', 'b', 'c']);
    const a = cluster.elect('a');
    const before = a.status;
    const reply = { from: node('b'), to: a.id, type: 'vote-reply', isGranted: false } as const;
    a.ask({ type: 'receive', message: { ...reply, term: term(1), ...part } as Message });
    t.deepEqual(a.status, before);
  });
}

test('entries with a gap, or with terms that fall, are none', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const b = cluster.at('b');
  const { lastIndex, lastTerm } = b.status;
  const data = bytes('x');
  const append = {
    from: a.id,
    to: b.id,
    term: a.status.term,
    type: 'append',
    previousIndex: lastIndex,
    previousTerm: lastTerm,
    commit: lastIndex,
    round: round(1),
  } as const;
  const wrong = [
    [{ type: 'data', index: index(lastIndex + 2), term: lastTerm, data }],
    [{ type: 'data', index: index(lastIndex + 1), term: term(lastTerm - 1), data }],
    [{ type: 'data', index: index(lastIndex + 1), term: term(lastTerm + 1), data }],
  ] as const;
  for (const entries of wrong) {
    b.ask({ type: 'receive', message: { ...append, entries } });
    t.is(b.status.lastIndex, lastIndex);
  }
  const entries = [{ type: 'data', index: index(lastIndex + 1), term: lastTerm, data }] as const;
  b.ask({ type: 'receive', message: { ...append, entries } });
  t.is(b.status.lastIndex, index(lastIndex + 1));
});

test('a node without a cluster gives no vote, whatever it is asked', (t) => {
  const cluster = new Cluster();
  const a = cluster.startEmpty('a');
  a.tick(30);
  const ask = { from: node('b'), to: a.id, lastIndex: index(9), lastTerm: term(3) } as const;
  a.ask({ type: 'receive', message: { ...ask, type: 'vote', term: term(4), isTransfer: false } });
  t.true(said(a, 'vote-reply').every((one) => 'isGranted' in one && !one.isGranted));
  t.is(said(a, 'vote-reply').length, 1);
});
