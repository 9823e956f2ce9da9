import test from 'ava';
import type { Message } from '#raft/types.ts';
import {
  index,
  node,
  server,
  servers,
  startCluster,
  term,
  ticket,
} from '#test/helpers/raft-cluster.ts';
import type { Player } from '#test/helpers/raft-cluster.ts';

type Ask = Extract<Message, { type: 'pre-vote' | 'vote' }>;

/** Gives a request to a node and returns its answer. */
function answer(player: Player, ask: Partial<Ask>): string {
  const from = player.effects.length;
  const request: Ask = {
    from: node('b'),
    to: player.id,
    term: term(player.status.term + 1),
    type: 'vote',
    lastIndex: player.status.lastIndex,
    lastTerm: player.status.lastTerm,
    isTransfer: false,
    ...ask,
  };
  player.ask({ type: 'receive', message: request });
  const replies = player.effects.slice(from).flatMap((effect) => {
    if (effect.type !== 'send' || !('isGranted' in effect.message)) return [];
    return [`${effect.message.isGranted ? 'yes' : 'no'} of term ${effect.message.term}`];
  });
  return replies.join(', ');
}

function stand(player: Player): void {
  while (player.status.role !== 'candidate') player.tick();
}

/** A node of three that has not heard a leader for long, in term 1, with nothing but the first entry. */
function patientNo(): Player {
  const player = startCluster(['a', 'b', 'c']).at('a');
  player.state.silence = 100;
  return player;
}

const ANSWERS: readonly (readonly [string, Partial<Ask>, string])[] = [
  ['a log as long', {}, 'yes of term 2'],
  ['a longer log', { lastIndex: index(5) }, 'yes of term 2'],
  ['a shorter log of a later term', { lastIndex: index(0), lastTerm: term(2) }, 'yes of term 2'],
  ['a shorter log', { lastIndex: index(0) }, 'no of term 2'],
  ['a longer log of an earlier term', { lastIndex: index(9), lastTerm: term(0) }, 'no of term 2'],
  ['an earlier term', { term: term(0) }, 'no of term 1'],
  ['the same term', { term: term(1) }, 'yes of term 1'],
  ['a term far ahead', { term: term(50) }, 'yes of term 50'],
  ['a question about the next term', { type: 'pre-vote' }, 'yes of term 2'],
  ['a question with a shorter log', { type: 'pre-vote', lastIndex: index(0) }, 'no of term 1'],
  ['a question about an earlier term', { type: 'pre-vote', term: term(0) }, 'no of term 1'],
];

for (const [what, ask, expected] of ANSWERS) {
  test(`a candidate with ${what} gets: ${expected}`, (t) => {
    t.is(answer(patientNo(), ask), expected);
  });
}

test('nobody votes for two in a term, and twice for the same only repeats it', (t) => {
  const a = patientNo();
  t.is(answer(a, { term: term(2) }), 'yes of term 2');
  t.is(answer(a, { term: term(2), from: node('c') }), 'no of term 2');
  t.is(answer(a, { term: term(2) }), 'yes of term 2');
});

test('a question changes nothing', (t) => {
  const a = patientNo();
  const before = a.status;
  answer(a, { type: 'pre-vote', term: term(9) });
  t.deepEqual(a.status, before);
  t.is(answer(a, { term: term(2), from: node('c') }), 'yes of term 2');
});

test('a vote is durable before it leaves, and survives a restart', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.at('a');
  a.state.silence = 100;
  a.hangDisk();
  answer(a, { term: term(2) });
  t.deepEqual(cluster.wire, []);
  a.freeDisk();
  t.is(cluster.wire.length, 1);
  cluster.wire.length = 0;
  cluster.restart('a');
  a.state.silence = 100;
  t.is(answer(a, { term: term(2), from: node('c') }), 'no of term 2');
});

test('a vote in a term that is known already is durable as well', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.at('a');
  a.state.silence = 100;
  t.is(answer(a, { term: term(2), lastIndex: index(0) }), 'no of term 2');
  t.is(answer(a, { term: term(2) }), 'yes of term 2');
  cluster.restart('a');
  a.state.silence = 100;
  t.is(answer(a, { term: term(2), from: node('c') }), 'no of term 2');
});

test('a node that hears its leader neither votes nor goes over to a later term', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  cluster.elect('a');
  const c = cluster.at('c');
  const { term: before } = c.status;
  t.is(answer(c, { type: 'pre-vote' }), `no of term ${before}`);
  t.is(answer(c, {}), `no of term ${before}`);
  t.is(c.status.term, before);
  t.is(answer(c, { isTransfer: true }), `yes of term ${before + 1}`);
});

test('a leader does not vote, but for whom it asked to take over', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const { term: before } = a.status;
  t.is(answer(a, { type: 'pre-vote' }), `no of term ${before}`);
  t.is(answer(a, {}), `no of term ${before}`);
  t.is(a.status.role, 'leader');
  t.is(answer(a, { isTransfer: true }), `yes of term ${before + 1}`);
  t.is(a.status.role, 'follower');
});

test('a node that has just started is as patient as if it had just heard a leader', (t) => {
  const a = startCluster(['a', 'b', 'c']).at('a');
  t.is(answer(a, {}), 'no of term 1');
  a.tick(7);
  t.is(answer(a, {}), 'no of term 1');
  a.tick(1);
  t.is(answer(a, { term: term(3) }), 'yes of term 3');
});

test('who is recovering votes for nobody, but goes with the term', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.at('a');
  a.disk.hardState = { ...a.disk.hardState, isRecovering: true };
  cluster.restart('a');
  a.state.silence = 100;
  t.is(answer(a, { type: 'pre-vote' }), 'no of term 1');
  t.is(answer(a, {}), 'no of term 2');
  cluster.isLost = () => true;
  cluster.run();
  a.tick(60);
  t.is(a.status.role, 'follower');
});

test('a node stands between one and two time-outs after it heard its leader', (t) => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const a = startCluster(['a', 'b', 'c'], { seed }).at('a');
    let ticks = 0;
    for (; a.status.role === 'follower'; ticks += 1) a.tick();
    t.true(ticks >= 8 && ticks < 16, `${ticks}`);
  }
});

test('votes are counted by server, not by message', (t) => {
  const cluster = startCluster(['a', 'b', 'c', 'd', 'e']);
  const a = cluster.at('a');
  stand(a);
  const reply = { to: a.id, type: 'pre-vote-reply', term: term(2), isGranted: true } as const;
  for (const from of ['b', 'b', 'x', 'b']) {
    a.ask({ type: 'receive', message: { ...reply, from: node(from) } });
  }
  t.is(a.status.term, term(1));
  a.ask({ type: 'receive', message: { ...reply, from: node('c') } });
  t.is(a.status.term, term(2));
});

test('a majority of refusals ends a candidacy', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.at('a');
  stand(a);
  const reply = { to: a.id, type: 'pre-vote-reply', term: term(1), isGranted: false } as const;
  a.ask({ type: 'receive', message: { ...reply, from: node('b') } });
  t.is(a.status.role, 'candidate');
  a.ask({ type: 'receive', message: { ...reply, from: node('c') } });
  t.is(a.status.role, 'follower');
});

test('answers to an earlier candidacy do not count', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.at('a');
  stand(a);
  const reply = { from: node('b'), to: a.id, type: 'pre-vote-reply', isGranted: true } as const;
  a.ask({ type: 'receive', message: { ...reply, term: term(1) } });
  a.ask({ type: 'receive', message: { ...reply, term: term(3) } });
  t.is(a.status.term, term(1));
});

test('those without a vote do not stand, and are not asked', (t) => {
  const cluster = startCluster([]);
  const configuration = [...servers('a', 'b'), server('c', 'nonvoter')];
  for (const name of ['a', 'b', 'c']) cluster.start(name, configuration);
  cluster.at('c').tick(60);
  t.is(cluster.at('c').status.role, 'follower');
  cluster.wire.length = 0;
  const a = cluster.at('a');
  stand(a);
  t.deepEqual(
    cluster.wire.map(({ to }) => to),
    [node('b')],
  );
});

test('the only voter leads at once, also among others without a vote', (t) => {
  const cluster = startCluster([]);
  const a = cluster.start('a', [...servers('a'), server('b', 'nonvoter')]);
  a.ask({ type: 'flush' });
  t.is(a.status.role, 'leader');
});

test('a leader commits an entry of its term before anything else, and says from where it serves', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  t.deepEqual(
    a.effects.filter((effect) => effect.type === 'lead'),
    [{ type: 'lead', term: a.status.term, from: index(2) }],
  );
  t.is(a.status.commit, index(2));
});

test('who stands over and over alone does not raise its term', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  cluster.isLost = () => true;
  cluster.at('a').tick(200);
  t.is(cluster.at('a').status.term, term(1));
});

test('a stranger with an old log is told that it is out, a member is not', (t) => {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.elect('a');
  const told = (from: string): boolean => {
    const before = a.effects.length;
    answer(a, { from: node(from), type: 'pre-vote', lastIndex: index(0), lastTerm: term(0) });
    return a.effects
      .slice(before)
      .some((effect) => effect.type === 'send' && effect.message.type === 'not-a-member');
  };
  t.deepEqual([told('x'), told('b')], [true, false]);
  a.ask({ type: 'read', ticket: ticket(1) });
});
