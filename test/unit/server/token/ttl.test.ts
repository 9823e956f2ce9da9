import test from 'ava';
import { millis } from '#sdk/clock.ts';
import { seconds } from '#sdk/duration.ts';
import { calculateTtl, endOf, secondsUntil } from '#server/token/ttl.ts';
import { seededRandom } from '#test/helpers/random.ts';

const HOUR = 3600;
const LIMITS = { defaultLeaseTtl: seconds(10 * HOUR), maxLeaseTtl: seconds(20 * HOUR) };
const START = 1_700_000_000_000;

type Wish = Partial<
  Record<'increment' | 'ttl' | 'maxTtl' | 'explicitMaxTtl' | 'period' | 'elapsed', number>
>;

function calculate(wish: Wish) {
  const { increment = 0, ttl = 0, maxTtl = 0, explicitMaxTtl = 0, period = 0, elapsed = 0 } = wish;
  return calculateTtl(
    {
      increment: seconds(increment),
      ttl: seconds(ttl),
      maxTtl: seconds(maxTtl),
      explicitMaxTtl: seconds(explicitMaxTtl),
      period: seconds(period),
      start: millis(START),
      now: millis(START + elapsed * 1000),
    },
    LIMITS,
  );
}

type Case = readonly [what: string, wish: Wish, ttl?: number | undefined, warnings?: string[]];

const CASES: readonly Case[] = [
  ['nothing asked: the default of the mount', {}, 10 * HOUR],
  ['the ttl of the role', { ttl: HOUR }, HOUR],
  ['the increment goes before it', { ttl: HOUR, increment: 60 }, 60],
  ['an increment below nothing is none', { ttl: HOUR, increment: -1 }, HOUR],
  [
    'the maximum of the mount',
    { ttl: 30 * HOUR },
    20 * HOUR,
    ['TTL of "30h" exceeded the effective max_ttl of "20h"; TTL value is capped accordingly'],
  ],
  [
    'the maximum of the role',
    { ttl: 3 * HOUR, maxTtl: 2 * HOUR },
    2 * HOUR,
    ['TTL of "3h" exceeded the effective max_ttl of "2h"; TTL value is capped accordingly'],
  ],
  [
    'a maximum of the role above that of the mount',
    { ttl: 20 * HOUR, maxTtl: 90 * HOUR },
    20 * HOUR,
  ],
  [
    'the explicit maximum, counted from the start',
    { ttl: HOUR, explicitMaxTtl: HOUR, elapsed: 60 },
    HOUR - 60,
    ['TTL of "1h" exceeded the effective max_ttl of "59m"; TTL value is capped accordingly'],
  ],
  ['less than a second is left', { explicitMaxTtl: 60, elapsed: 59.6 }, undefined],
  ['exactly a second is left', { explicitMaxTtl: 60, elapsed: 59, ttl: 1 }, 1],
  ['nothing is left', { explicitMaxTtl: 60, elapsed: 60 }, undefined],
  ['the maximum was passed long ago', { maxTtl: 60, elapsed: 9000 }, undefined],
  ['a period, whatever else', { period: 60, ttl: 5, increment: 7, elapsed: 90 * HOUR }, 60],
  [
    'a period above the maximum of the mount',
    { period: 30 * HOUR, elapsed: 90 * HOUR },
    20 * HOUR,
    ['period of "30h" exceeded the effective max_ttl of "20h"; period value is capped accordingly'],
  ],
  [
    'a period above the explicit maximum',
    { period: 600, explicitMaxTtl: 100 },
    100,
    [
      'period of "10m" exceeded the effective max_ttl of "1m40s"; period value is capped accordingly',
    ],
  ],
  [
    'a period at the end of the explicit maximum',
    { period: 60, explicitMaxTtl: 100, elapsed: 70 },
    30,
    ['TTL of "1m" exceeded the effective max_ttl of "30s"; TTL value is capped accordingly'],
  ],
  [
    'a period after the explicit maximum',
    { period: 60, explicitMaxTtl: 100, elapsed: 100 },
    undefined,
  ],
];

for (const [what, wish, expected, warnings = []] of CASES) {
  test(`a lifetime of ${what}`, (t) => {
    const result = calculate(wish);
    t.is(result?.ttl, expected as never);
    t.deepEqual(result?.warnings ?? [], warnings);
  });
}

test('whatever is asked, a lifetime is whole, at least a second, and within every maximum', (t) => {
  const random = seededRandom(30);
  const some = (): number => random.pick([0, 0, -1, 1, 59, HOUR, 30 * HOUR, 9.2e9, 2 ** 53]);
  for (let round = 0; round < 20_000; round++) {
    const elapsed = random.below(40 * HOUR * 10) / 10;
    const wish = {
      increment: some(),
      ttl: some(),
      maxTtl: some(),
      explicitMaxTtl: some(),
      period: some(),
      elapsed,
    };
    const result = calculate(wish);
    if (result === undefined) continue;
    const { ttl } = result;
    const of = JSON.stringify(wish);
    t.true(Number.isSafeInteger(ttl) && ttl >= 1 && ttl <= LIMITS.maxLeaseTtl, of);
    if (wish.explicitMaxTtl > 0) t.true(elapsed + ttl <= wish.explicitMaxTtl, of);
    if (wish.period <= 0) t.true(elapsed + ttl <= LIMITS.maxLeaseTtl, of);
    if (wish.period <= 0 && wish.maxTtl > 0) t.true(elapsed + ttl <= wish.maxTtl, of);
  }
});

test('what is left of a lifetime is never below nothing', (t) => {
  const end = endOf(millis(START), seconds(60));
  t.is(secondsUntil(end, millis(START)), seconds(60));
  t.is(secondsUntil(end, millis(START + 59_001)), seconds(1));
  t.is(secondsUntil(end, millis(START + 61_000)), seconds(0));
});
