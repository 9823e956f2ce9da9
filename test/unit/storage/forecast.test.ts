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
