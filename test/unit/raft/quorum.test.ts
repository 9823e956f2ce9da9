import test from 'ava';
import { InvariantError } from '#raft/invariant.ts';
import { least, most, plus } from '#raft/numbers.ts';
import { majority, reachedByMajority, votersOf } from '#raft/quorum.ts';
import { below, draw } from '#raft/random.ts';
import { index, node, server } from '#test/helpers/raft-cluster.ts';

for (const [voters, needed] of [
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 3],
  [5, 3],
  [7, 4],
] as const) {
  test(`${needed} of ${voters} are a majority`, (t) => {
    t.is(majority(voters), needed);
  });
}

const REACHED: readonly (readonly [readonly number[], number | undefined])[] = [
  [[], undefined],
  [[5], 5],
  [[5, 9], 5],
  [[9, 5], 5],
  [[1, 2, 3], 2],
  [[3, 3, 1], 3],
  [[4, 1, 3, 2], 2],
  [[5, 1, 4, 2, 3], 3],
  [[0, 0, 7], 0],
];

for (const [values, reached] of REACHED) {
  test(`a majority of [${values.join(', ')}] has reached ${reached}`, (t) => {
    const voters = values.map((_, place) => node(`${place}`));
    t.is(
      reachedByMajority(voters, (voter) => values[Number(voter)] ?? 0),
      reached,
    );
  });
}

test('only voters vote', (t) => {
  const all = [server('a', 'voter'), server('b', 'staging'), server('c', 'nonvoter')];
  t.deepEqual(votersOf(all), [node('a')]);
});

test('counting keeps exact, or stops', (t) => {
  t.is(plus(index(1), 2), index(3));
  t.is(least(index(1), index(2)), index(1));
  t.is(most(index(1), index(2)), index(2));
  t.throws(() => plus(index(Number.MAX_SAFE_INTEGER), 1), { instanceOf: InvariantError });
});

test('drawn numbers come again with their seed and spread evenly', (t) => {
  const counts = [0, 0, 0, 0, 0, 0, 0, 0];
  let seed = 42;
  for (let round = 0; round < 8000; round += 1) {
    const [next, bits] = draw(seed);
    t.deepEqual(draw(seed), [next, bits]);
    seed = next;
    const place = below(8, bits);
    counts[place] = (counts[place] ?? 0) + 1;
  }
  t.true(Math.min(...counts) > 850 && Math.max(...counts) < 1150, counts.join(' '));
});
