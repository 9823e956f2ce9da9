// A short simulation with every test run; `npm run simulate` goes on for as long as one likes.
import { availableParallelism } from 'node:os';
import test from 'ava';
import type { KitName } from './kits.ts';
import { runInWorkers } from './pool.ts';
import { runSeeds } from './worker.ts';

const SECONDS = 60;

/** In milliseconds, where two cores are busy with much else. */
const PATIENCE = 20 * 60 * 1000;

/** The seeds are other ones than those that a run from the command line begins with. */
const FIRST = 1_000_001;

const COUNTS: readonly (readonly [string, KitName, number])[] = [
  ['the core survives', 'core', 2000],
  ['whole nodes survive', 'whole', 150],
];

for (const [who, kit, count] of COUNTS) {
  test(`${who} everything that goes wrong in ${count} worlds`, async (t) => {
    t.timeout(PATIENCE);
    const failed: string[] = [];
    const work = {
      kit,
      seconds: SECONDS,
      first: FIRST,
      last: FIRST + count - 1,
      isVerifying: false,
      stopsAtFailure: false,
    };
    let seeds = 0;
    await runInWorkers(work, availableParallelism(), ({ seed, failure }) => {
      seeds += 1;
      if (failure !== undefined) failed.push(`npm run simulate -- --kit ${kit} --seed ${seed}`);
      return true;
    });
    t.deepEqual(failed, []);
    t.is(seeds, count);
  });
}

test('a seed says everything that happens in its world', async (t) => {
  for (const kit of ['core', 'whole'] as const) {
    const hashes: unknown[] = [];
    const work = { kit, seconds: 10, first: 7, last: 7, stride: 1, stopsAtFailure: false } as const;
    await runSeeds({ ...work, isVerifying: true }, (report) => {
      hashes.push(report.failure, typeof report.hash);
      return true;
    });
    t.deepEqual(hashes, [undefined, 'string']);
  }
});
