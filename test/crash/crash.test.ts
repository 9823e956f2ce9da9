// Short runs of what `npm run crash` does at length: no acknowledged write is lost, no damage is served.
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { readPending } from '#test/conformance/kit/lists.ts';
import { missingFuse } from '#test/helpers/lossy-disk.ts';
import { flipLines, flipOften } from './flips.ts';
import { killOften } from './kills.ts';
import { cutPowerOften } from './power-cuts.ts';
import { summary } from './rounds.ts';
import type { Struck } from './rounds.ts';

const KILLS = 10;
const POWER_CUTS = 5;
const FLIPS = 24;
const command = ['bin/vault'];
const seed = Date.now() % 1_000_000;
const pending = readPending().tests;
const noFuse = pending['crash/power-cuts'] ?? (await missingFuse());

declare('kill -9 loses nothing that was acknowledged', pending['crash/kills'], async (t) => {
  nothingIsLost(t, await killOften({ command, rounds: KILLS, seed }));
});

declare('a power cut loses nothing that was acknowledged', noFuse, async (t) => {
  nothingIsLost(t, await cutPowerOften({ command, rounds: POWER_CUTS, seed }));
});

declare('a flipped bit is named, or harmless', pending['crash/flips'], async (t) => {
  const flips = await flipOften({ command, flips: FLIPS, seed });
  t.log(`seed ${seed}`, ...flipLines(flips));
  t.deepEqual(
    flips.filter(({ outcome }) => outcome === 'wrong'),
    [],
  );
});

/** One after the other: each of them wants the machine for itself. */
function declare(
  title: string,
  missing: string | undefined,
  implementation: (t: ExecutionContext) => Promise<void>,
): void {
  if (missing !== undefined) test.skip(`${title} (${missing})`, (t) => t.fail(missing));
  else test.serial(title, implementation);
}

function nothingIsLost(t: ExecutionContext, struck: Struck): void {
  t.log(`seed ${seed}, ${summary('rounds', struck)}`);
  t.deepEqual(struck.problems, []);
  t.true(struck.acknowledged > 0);
}
