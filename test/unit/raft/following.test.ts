import test from 'ava';
import { InvariantError } from '#raft/invariant.ts';
import type { Effect, Entry, Message, Round } from '#raft/types.ts';
import { bytes, index, node, startCluster, term } from '#test/helpers/raft-cluster.ts';
import type { Player } from '#test/helpers/raft-cluster.ts';

const data = (at: number, of: number): Entry => ({
  type: 'data',
  index: index(at),
  term: term(of),
  data: bytes(`${at}/${of}`),
});

interface Said {
  readonly of?: number;
  readonly previous: readonly [at: number, of: number];
  readonly entries?: readonly Entry[];
  readonly commit?: number;
}

const append = ({ of = 5, previous: [at, before], entries = [], commit = 1 }: Said): Message => ({
  from: node('b'),
  to: node('a'),
  term: term(of),
  type: 'append',
  previousIndex: index(at),
  previousTerm: term(before),
  entries,
  commit: index(commit),
  round: 7 as Round,
});

/** A follower in term 4 with the entries 2/2 3/2 4/4 5/4 behind 1/1, of which 3 is committed. */
function follower(): Player {
  const cluster = startCluster(['a', 'b', 'c']);
  const a = cluster.at('a');
  const entries = [data(2, 2), data(3, 2), data(4, 4), data(5, 4)];
  a.ask({ type: 'receive', message: append({ of: 4, previous: [1, 1], entries, commit: 3 }) });
  cluster.isLost = () => true;
  cluster.run();
  return a;
}

function answerIn(effects: readonly Effect[]): string {
  const [reply] = effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.type === 'append-reply' ? [effect.message] : [],
  );
  if (reply === undefined) return 'nothing';
  const { isAccepted, index: at, hintTerm, lastIndex } = reply;
  return isAccepted ? `has ${at}, ends at ${lastIndex}` : `perhaps ${at}/${hintTerm}`;
}

const ANSWERS: readonly (readonly [string, Said, string])[] = [
  ['a heartbeat at the end', { previous: [5, 4] }, 'has 5, ends at 5'],
  ['a heartbeat in the middle', { previous: [4, 4] }, 'has 4, ends at 5'],
  ['an entry at the end', { previous: [5, 4], entries: [data(6, 5)] }, 'has 6, ends at 6'],
  ['an entry that it has', { previous: [3, 2], entries: [data(4, 4)] }, 'has 4, ends at 5'],
  ['another entry in that place', { previous: [3, 2], entries: [data(4, 5)] }, 'has 4, ends at 4'],
  [
    'a known and a new one',
    { previous: [4, 4], entries: [data(5, 4), data(6, 5)] },
    'has 6, ends at 6',
  ],
  ['a place behind the end', { previous: [9, 4] }, 'perhaps 5/4'],
  ['a place behind the end, of an earlier term', { previous: [9, 3] }, 'perhaps 3/2'],
  ['a place of another term', { previous: [5, 5] }, 'perhaps 5/4'],
  ['a place of an earlier term', { previous: [5, 3], entries: [data(6, 5)] }, 'perhaps 3/2'],
  ['a place before what is committed', { previous: [1, 1] }, 'has 3, ends at 5'],
  [
    'entries from before what is committed on',
    { previous: [1, 1], entries: [data(2, 2), data(3, 2), data(4, 5)] },
    'has 4, ends at 4',
  ],
  ['a message of an earlier term', { of: 3, previous: [3, 2] }, 'perhaps 3/2'],
];

for (const [what, said, expected] of ANSWERS) {
  test(`to ${what} a follower answers: ${expected}`, (t) => {
    const effects = follower().ask({ type: 'receive', message: append(said) });
    t.is(answerIn(effects), expected);
  });
}

test('what is committed is not changed by anybody', (t) => {
  const a = follower();
  const entries = [data(2, 2), data(3, 3), data(4, 3)];
  t.throws(() => a.give({ type: 'receive', message: append({ previous: [1, 1], entries }) }), {
    instanceOf: InvariantError,
  });
});

test('only what is new is written', (t) => {
  const a = follower();
  const message = append({ previous: [3, 2], entries: [data(4, 4), data(5, 4), data(6, 5)] });
  const written = a
    .ask({ type: 'receive', message })
    .flatMap((effect) => (effect.type === 'persist' ? effect.entries : []));
  t.deepEqual(
    written.map((entry) => entry.index),
    [index(6)],
  );
});

test('the answer carries the round of the question', (t) => {
  const effects = follower().ask({ type: 'receive', message: append({ previous: [5, 4] }) });
  t.true(
    effects.some(
      (effect) =>
        effect.type === 'send' &&
        effect.message.type === 'append-reply' &&
        effect.message.round === 7,
    ),
  );
});

test('a commit index goes no further than the log that was compared, and never back', (t) => {
  const a = follower();
  const commits = [
    { previous: [4, 4], commit: 9 },
    { previous: [5, 4], commit: 2 },
    { previous: [5, 4], commit: 9 },
  ] as const;
  t.deepEqual(
    commits.map((said) => {
      a.ask({ type: 'receive', message: append(said) });
      return a.status.commit;
    }),
    [4, 4, 5].map(index),
  );
});

test('who hears a leader waits for it', (t) => {
  const a = follower();
  for (let round = 0; round < 10; round += 1) {
    a.tick(7);
    a.ask({ type: 'receive', message: append({ previous: [5, 4] }) });
  }
  t.is(a.status.leader, node('b'));
});
