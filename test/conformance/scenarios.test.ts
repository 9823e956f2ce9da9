// Each recorded scenario is one test: real processes answer as was recorded.
import test from 'ava';
import { check, failureLines } from './kit/check.ts';
import type { Checking } from './kit/check.ts';
import { pendingReason, readDisputed, readPending } from './kit/lists.ts';
import { findScenarios } from './kit/scenario.ts';
import { limitTo } from './kit/semaphore.ts';
import { summaryLines } from './kit/summary.ts';
import type { Status } from './kit/summary.ts';
import { needsPostgres, NO_POSTGRES, postgresFor } from './postgres.ts';

/** Scenarios wait more than they work; with more of them two cores only make each other late. */
const AT_ONCE = 3;

const pending = readPending();
const built = findScenarios().filter((name) => pendingReason(pending, name) === undefined);
const postgres = await postgresFor(built, process.env['CONFORMANCE_POSTGRES'] ?? '');
const disputed = new Set(readDisputed().map(({ scenario, step }) => `${scenario} ${step}`));
const checking: Checking = {
  context: { command: ['bin/vault'], cli: ['bin/vault'], postgres: postgres.url },
  extra: false,
  isDisputed: (scenario, step) => disputed.has(`${scenario} ${step}`),
};
const limited = limitTo(AT_ONCE);
const results = new Map<string, Status>();
const declared = new Set<string>();

for (const name of findScenarios()) declare(name);

for (const name of pending.onFile) {
  test(`${name} on file storage`, async (t) => {
    const failures = await limited(async () => check(name, { ...checking, storage: 'file' }));
    t.is(failureLines(failures).join('\n'), '');
  });
}

test('there are scenarios, and each is declared', (t) => {
  t.deepEqual([...declared], findScenarios());
  t.true(declared.size > 0);
});

test.after.always('the counts by area', async () => {
  await postgres.stop();
  console.log(summaryLines(results).join('\n'));
});

function declare(name: string): void {
  declared.add(name);
  const reason = pendingReason(pending, name);
  if (reason !== undefined) return skip(name, 'pending', reason);
  if (needsPostgres(name) && postgres.url === '') return skip(name, 'skipped', NO_POSTGRES);
  test(name, async (t) => {
    const failures = await limited(async () => check(name, checking));
    results.set(name, failures.length === 0 ? 'passed' : 'failed');
    t.is(failureLines(failures).join('\n'), '');
  });
}

function skip(name: string, status: Status, reason: string): void {
  results.set(name, status);
  test.skip(`${name} (${status}: ${reason})`, (t) => t.fail(reason));
}
