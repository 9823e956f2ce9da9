// Short runs of what `npm run faults` does at length: three real nodes lose nothing, whatever is done to one of them.
import test from 'ava';
import { readPending } from '#test/conformance/kit/lists.ts';
import { missingFor, runCampaign, type Kind } from './campaign.ts';
import { summary } from './rounds.ts';

const ROUNDS: readonly (readonly [Kind, number])[] = [
  ['kills', 4],
  ['pauses', 2],
  ['partitions', 3],
  ['power-cuts', 1],
  ['restarts', 1],
];
/** A cluster takes some ten seconds to form; a node that is slow to come back, a minute. */
const LIMIT_MS = 240_000;
const seed = Date.now() % 1_000_000;
const pending = readPending().tests;

const missingByKind = new Map<Kind, string>();
for (const [kind] of ROUNDS) {
  const missing = pending[`faults/${kind}`] ?? (await missingFor(kind));
  if (missing !== undefined) missingByKind.set(kind, missing);
}

for (const [kind, rounds] of ROUNDS) {
  const missing = missingByKind.get(kind);
  const title = `three nodes under ${kind}`;
  if (missing !== undefined) {
    test.skip(`${title} (${missing})`, (t) => t.fail(missing));
    continue;
  }
  test.serial(title, async (t) => {
    t.timeout(LIMIT_MS);
    const struck = await runCampaign(kind, { command: ['bin/vault'], rounds, seed });
    t.log(`seed ${seed}, ${summary(kind, struck)}`);
    t.deepEqual(struck.problems, []);
    t.true(struck.acknowledged > 0);
  });
}
