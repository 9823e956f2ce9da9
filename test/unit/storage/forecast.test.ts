import test from 'ava';
import { Directory } from '#storage/directory.ts';
import { Forecast } from '#storage/forecast.ts';
import type { Index } from '#storage/physical.ts';
import type { Fingerprint } from '#storage/record.ts';
import { seededRandom, type Random } from '#test/helpers/random.ts';

const KEYS = ['a', 'a/x', 'a/y', 'a/x/p', 'a/x/q', 'b/x', 'b/y/z', 'c/d/e/f'];
const PREFIXES = ['', 'a/', 'a/x/', 'b/', 'b/y/', 'c/', 'c/d/', 'c/d/e/'];
const RECORD = { fingerprint: '\0'.repeat(32) as Fingerprint };

type Writes = ReadonlyMap<string, typeof RECORD | undefined>;

test('what was forecast is what comes, whatever part of it has been applied', (t) => {
  const random = seededRandom(3);
  for (let round = 0; round < 200; round++) {
    const fault = playRound(random);
    if (fault !== undefined) t.fail(`round ${round}: ${fault}`);
  }
  t.pass();
});

/** Batches come and are applied at random; what the forecast said that was wrong, if anything. */
function playRound(random: Random): string | undefined {
  const [directory, future] = [new Directory(), new Directory()];
  const forecast = new Forecast(directory);
  let waiting: (readonly [Index, Writes])[] = [];
  for (let index = 1 as Index; index <= 30; index = (index + 1) as Index) {
    const writes = randomWrites(random);
    forecast.expect(index, writes);
    future.apply(index, writes);
    waiting.push([index, writes]);
    const ready = random.below(3) === 0 ? random.below(waiting.length + 1) : 0;
    for (const [position, batch] of waiting.slice(0, ready)) directory.apply(position, batch);
    forecast.settle(directory.index);
    waiting = waiting.slice(ready);

    const key = KEYS.find((one) => forecast.indexOf(one) !== future.indexOf(one));
    const prefix = PREFIXES.find((one) => forecast.listIndexOf(one) !== future.listIndexOf(one));
    if (key !== undefined || prefix !== undefined) return `${key ?? prefix} at ${index}`;
  }
  return undefined;
}

function randomWrites(random: Random): Writes {
  const count = 1 + random.below(3);
  return new Map(
    Array.from({ length: count }, () => [
      random.pick(KEYS),
      random.below(2) === 0 ? RECORD : undefined,
    ]),
  );
}

const at = (index: number): Index => index as Index;

test('what replaces everything leaves nothing that could be known, until it is applied', (t) => {
  const before = new Directory();
  before.apply(at(1), new Map([['a', RECORD]]));
  const after = new Directory();
  after.apply(at(5), new Map([['b/c', RECORD]]));
  let present = before;
  const forecast = new Forecast({
    indexOf: (key) => present.indexOf(key),
    listIndexOf: (prefix) => present.listIndexOf(prefix),
    sizeOf: (prefix) => present.sizeOf(prefix),
  });
  forecast.expect(at(4), new Map([['d', RECORD]]));
  forecast.expectAll(at(5));
  const seen = (): readonly Index[] => [
    ...['a', 'b/c', 'b/e', 'd'].map((key) => forecast.indexOf(key)),
    ...['', 'b/'].map((prefix) => forecast.listIndexOf(prefix)),
  ];
  t.deepEqual(seen(), [5, 5, 5, 5, 5, 5].map(at));
  forecast.settle(at(4));
  t.deepEqual(seen(), [5, 5, 5, 5, 5, 5].map(at));
  t.true(forecast.isReplaced);
  present = after;
  forecast.settle(at(5));
  t.false(forecast.isReplaced);
  forecast.expect(at(6), new Map([['b/e', RECORD]]));
  t.deepEqual(seen(), [0, 5, 6, 0, 5, 6].map(at));
  after.apply(at(6), new Map([['b/e', RECORD]]));
  forecast.settle(at(6));
  t.deepEqual(seen(), [0, 5, 6, 0, 5, 6].map(at));
});

test('what was expected can be forgotten', (t) => {
  const directory = new Directory();
  directory.apply(at(1), new Map([['a', RECORD]]));
  const forecast = new Forecast(directory);
  for (const expect of [
    () => forecast.expect(at(2), new Map([['a', undefined]])),
    () => forecast.expectAll(at(2)),
  ]) {
    expect();
    t.not(forecast.indexOf('a'), at(1));
    forecast.clear();
    t.deepEqual([forecast.indexOf('a'), forecast.listIndexOf('')], [at(1), at(1)]);
  }
});
