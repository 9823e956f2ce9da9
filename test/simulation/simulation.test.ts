// A short simulation with every test run; `npm run simulate` goes on for as long as one likes.
import test from 'ava';
import type { KitName } from './kits.ts';
import { runSeeds } from './worker.ts';

const SECONDS = 60;

/** The seeds are other ones than those that a run from the command line begins with. */
async function failures(kit: KitName, first: number, seeds: number): Promise<readonly string[]> {
  const found: string[] = [];
  await runSeeds(
    {
      kit,
      seconds: SECONDS,
      first,
      last: first + seeds - 1,
      stride: 1,
      isVerifying: false,
      stopsAtFailure: false,
    },
    ({ seed, failure }) => {
      if (failure !== undefined) found.push(`npm run simulate -- --kit ${kit} --seed ${seed}`);
      return true;
    },
  );
  return found;
}

test('the core survives everything that goes wrong in 60 worlds', async (t) => {
  t.deepEqual(await failures('core', 1_000_001, 60), []);
});

test('whole nodes survive everything that goes wrong in 10 worlds', async (t) => {
  t.deepEqual(await failures('whole', 1_000_001, 10), []);
});

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
