import test from 'ava';
import type { Effect, Message, Settings } from '#raft/types.ts';
import { bytes, index, node, startCluster, term, ticket } from '#test/helpers/raft-cluster.ts';
import type { Cluster, Player } from '#test/helpers/raft-cluster.ts';

const appendsTo = (
  effects: readonly Effect[],
  to: string,
): Extract<Message, { type: 'append' }>[] =>
  effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.type === 'append' && effect.message.to === node(to)
      ? [effect.message]
      : [],
  );

/** A leader of three whose followers have everything. */
function led(settings: Partial<Settings> = {}): readonly [Cluster, Player, Player] {
  const cluster = startCluster(['a', 'b', 'c'], settings);
  const a = cluster.elect('a');
  cluster.run();
  return [cluster, a, cluster.at('b')];
}

const give = (player: Player, asked: number, text: string): readonly Effect[] =>
  player.give({ type: 'propose', ticket: ticket(asked), data: bytes(text) });

test('proposals wait for the flush, and then travel and are stored together', (t) => {
  const [, a] = led();
  for (const asked of [1, 2, 3]) {
    t.deepEqual(
      give(a, asked, 'x').map((effect) => effect.type),
      ['settle'],
    );
  }
  const effects = a.give({ type: 'flush' });
  t.deepEqual(
    effects.map((effect) => effect.type),
    ['send', 'send', 'persist'],
  );
  t.is(appendsTo(effects, 'b')[0]?.entries.length, 3);
  const [persist] = effects.filter((effect) => effect.type === 'persist');
  t.is(persist?.entries.length, 3);
});

test('entries of a leader need not wait for its disk', (t) => {
  const [, a] = led();
  give(a, 1, 'x');
  const sends = a.give({ type: 'flush' }).filter((effect) => effect.type === 'send');
  t.deepEqual(
    sends.map((send) => send.isUrgent),
    [true, true],
  );
});

test('but they do while the term that they come from is not durable', (t) => {
  const cluster = startCluster([]);
  const others = [{ id: node('b'), address: 'b:1', suffrage: 'nonvoter' }] as const;
  const a = cluster.start('a', [{ id: node('a'), address: 'a:1', suffrage: 'voter' }, ...others]);
  a.hangDisk();
  const effects = a.give({ type: 'flush' });
  t.deepEqual(
    effects
      .filter((effect) => effect.type === 'persist' || effect.type === 'send')
      .map((one) => one.type),
    ['persist', 'send'],
  );
  give(a, 1, 'x');
  a.give({ type: 'flush' });
  t.deepEqual(cluster.wire, []);
  a.freeDisk();
  t.true(cluster.wire.length > 0);
});

test('answers of followers wait for the disk', (t) => {
  const [, a, b] = led();
  give(a, 1, 'x');
  const [append] = appendsTo(a.give({ type: 'flush' }), 'b');
  if (append === undefined) return t.fail();
  const effects = b.give({ type: 'receive', message: append });
  t.deepEqual(
    effects.map((effect) => (effect.type === 'send' ? effect.isUrgent : effect.type)),
    ['persist', false],
  );
});

test('who does not lead refuses, and says who does', (t) => {
  const [, , b] = led();
  t.deepEqual(b.propose(1, 'x'), {
    type: 'refused',
    reason: 'not the leader',
    leader: node('a'),
  });
});

test('what waits to be committed is bounded, and room comes back', (t) => {
  const [cluster, a] = led({ maxUncommittedBytes: 1000 });
  cluster.isLost = () => true;
  t.is(a.propose(1, 'x'.repeat(900))?.type, 'appended');
  t.deepEqual(a.propose(2, 'x'.repeat(900)), {
    type: 'refused',
    reason: 'too much is waiting to be committed',
    leader: undefined,
  });
  t.is(a.propose(3, 'x')?.type, 'appended');
  cluster.heal();
  cluster.tick(3);
  t.is(a.propose(4, 'x'.repeat(900))?.type, 'appended');
});

test('one that is larger than the bound goes through alone', (t) => {
  const [cluster, a] = led({ maxUncommittedBytes: 1000 });
  t.is(a.propose(1, 'x'.repeat(5000))?.type, 'appended');
  t.is(a.propose(2, '')?.type, 'refused');
  cluster.run();
  t.is(cluster.at('c').applied.length, 1);
});

test('what an earlier leader left counts as waiting', (t) => {
  const [cluster, a] = led({ maxUncommittedBytes: 1000 });
  cluster.isLost = ({ type, from }) => type === 'append-reply' && from !== node('a');
  a.propose(1, 'x'.repeat(900));
  cluster.run();
  cluster.crash('a');
  const b = cluster.elect('b');
  t.is(b.propose(2, 'x'.repeat(200))?.type, 'refused');
});

test('messages are filled up to their bound, and so many are under way', (t) => {
  const [cluster, a] = led({ maxAppendBytes: 300, maxInflightAppends: 2 });
  cluster.isLost = () => true;
  for (let asked = 1; asked <= 9; asked += 1) give(a, asked, 'x'.repeat(100));
  const sent = appendsTo(a.give({ type: 'flush' }), 'b');
  t.deepEqual(
    sent.map((message) => message.entries.length),
    [2, 2],
  );
  t.deepEqual(appendsTo(a.give({ type: 'flush' }), 'b'), []);
});

test('a message that got lost is found by the next heartbeat', (t) => {
  const [cluster, a, b] = led();
  cluster.isLost = () => true;
  a.propose(1, 'x');
  cluster.run();
  cluster.heal();
  a.propose(2, 'y');
  cluster.tick(3);
  t.deepEqual(b.applied, ['x', 'y']);
});

test('where logs part is found in as many steps as there are terms, not entries', (t) => {
  const [cluster, a, b] = led({ maxAppendBytes: 1_000_000 });
  cluster.isolate('a');
  for (let asked = 1; asked <= 200; asked += 1) a.propose(asked, `a${asked}`);
  cluster.run();
  cluster.elect('b');
  for (let asked = 1; asked <= 100; asked += 1) b.propose(asked, `b${asked}`);
  cluster.run();
  cluster.heal();
  const from = b.effects.length;
  cluster.tick(6);
  t.is(a.applied.length, 100);
  t.deepEqual(a.applied, b.applied);
  t.true(appendsTo(b.effects.slice(from), 'a').length < 15);
});

test('proposals that were not committed when leadership ended are told as lost', (t) => {
  const [cluster, a] = led();
  a.propose(1, 'x');
  cluster.run();
  cluster.isolate('a');
  a.propose(2, 'y');
  a.tick(12);
  t.is(a.status.role, 'follower');
  t.deepEqual(a.outcome(2), { type: 'lost' });
  t.is(a.outcome(1)?.type, 'appended');
});

test('followers learn at once what is committed, and are not told again', (t) => {
  const [cluster, a, b] = led();
  const from = a.effects.length;
  a.propose(1, 'x');
  cluster.run();
  t.deepEqual(b.applied, ['x']);
  t.is(appendsTo(a.effects.slice(from), 'b').length, 2);
});

test('no more is taken for committed than the message proves to be the same', (t) => {
  const [, a, b] = led();
  const { commit, lastIndex, lastTerm } = b.status;
  const message: Message = {
    from: a.id,
    to: b.id,
    term: a.status.term,
    type: 'append',
    previousIndex: lastIndex,
    previousTerm: lastTerm,
    entries: [{ type: 'noop', index: index(lastIndex + 1), term: lastTerm }],
    commit: index(lastIndex + 5),
    round: a.state.lead?.round ?? (0 as never),
  };
  b.ask({ type: 'receive', message: { ...message, entries: [], commit: index(lastIndex + 5) } });
  t.is(b.status.commit, commit);
  b.ask({ type: 'receive', message });
  t.is(b.status.commit, index(lastIndex + 1));
});

test('a follower that needs what the log does not hold gets a snapshot, and goes on from there', (t) => {
  const [cluster, a, b] = led();
  cluster.isolate('b');
  for (const asked of [1, 2, 3, 4, 5]) a.propose(asked, `w${asked}`);
  cluster.run();
  a.compact(a.status.applied - 1);
  cluster.heal();
  const from = a.effects.length;
  cluster.tick(10);
  const shipped = a.effects.slice(from).filter((effect) => effect.type === 'ship');
  t.deepEqual(shipped, [{ type: 'ship', to: b.id }]);
  t.deepEqual(b.applied, ['w1', 'w2', 'w3', 'w4', 'w5']);
  a.propose(6, 'w6');
  cluster.run();
  t.is(b.applied.length, 6);
});

test('a snapshot that did not arrive is sent again after the next heartbeat', (t) => {
  const [cluster, a, b] = led();
  cluster.isolate('b');
  for (const asked of [1, 2, 3]) a.propose(asked, `w${asked}`);
  cluster.run();
  a.compact(a.status.applied);
  a.isShipping = false;
  cluster.heal();
  cluster.tick(4);
  const ships = (): number => a.effects.filter((effect) => effect.type === 'ship').length;
  t.is(ships(), 1);
  a.give({ type: 'shipped', to: b.id, isDone: false });
  t.is(ships(), 1);
  cluster.tick(4);
  t.is(ships(), 2);
  // It was carried over, and got lost on the last steps.
  a.give({ type: 'shipped', to: b.id, isDone: true });
  a.isShipping = true;
  cluster.tick(6);
  t.is(ships(), 3);
  t.is(b.applied.length, 3);
});

test('an answer about more than there is, and one of another term, are ignored', (t) => {
  const [cluster, a] = led();
  cluster.isLost = () => true;
  a.propose(1, 'x');
  const { lastIndex, commit } = a.status;
  const reply = {
    from: node('b'),
    to: a.id,
    type: 'append-reply',
    round: a.state.lead?.round ?? (0 as never),
    isAccepted: true,
    hintTerm: term(0),
    lastIndex,
    needsSnapshot: false,
    isInstalling: false,
    isRecovering: false,
  } as const;
  cluster.run();
  const wrong: readonly Message[] = [
    { ...reply, term: a.status.term, index: index(lastIndex + 1) },
    { ...reply, term: term(a.status.term - 1), index: lastIndex },
    { ...reply, term: a.status.term, index: lastIndex, from: node('x') },
  ];
  for (const message of wrong) {
    a.ask({ type: 'receive', message });
    t.is(a.status.commit, commit);
  }
  a.ask({ type: 'receive', message: { ...reply, term: a.status.term, index: lastIndex } });
  t.is(a.status.commit, lastIndex);
});
