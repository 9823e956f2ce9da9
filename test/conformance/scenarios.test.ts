// Each recorded scenario is one test: real processes answer as was recorded.
import test from 'ava';
import { check, failureLines } from './kit/check.ts';
import type { Checking } from './kit/check.ts';
import { pendingReason, readDisputed, readPending } from './kit/lists.ts';
import { findScenarios, readScenario } from './kit/scenario.ts';
import { limitTo } from './kit/semaphore.ts';
import { summaryLines } from './kit/summary.ts';
import type { Status } from './kit/summary.ts';

/** Scenarios wait more than they work; with more of them two cores only make each other late. */
const AT_ONCE = 3;

const postgres = process.env['CONFORMANCE_POSTGRES'] ?? '';
const pending = readPending();
const disputed = new Set(readDisputed().map(({ scenario, step }) => `${scenario} ${step}`));
const checking: Checking = {
  context: { command: ['bin/vault'], cli: ['bin/vault'], postgres },
  extra: false,
  isDisputed: (scenario, step) => disputed.has(`${scenario} ${step}`),
};
const limited = limitTo(AT_ONCE);
const results = new Map<string, Status>();
const declared = new Set<string>();

for (const name of findScenarios()) declare(name);

test('there are scenarios, and each is declared', (t) => {
  t.deepEqual([...declared], findScenarios());
  t.true(declared.size > 0);
});

test.after.always('the counts by area', () => {
  console.log(summaryLines(results).join('\n'));
});

function declare(name: string): void {
  declared.add(name);
  const reason = pendingReason(pending, name);
  if (reason !== undefined) return skip(name, 'pending', reason);
  if (readScenario(name).needs?.includes('postgres') === true && postgres === '') {
    return skip(name, 'skipped', 'CONFORMANCE_POSTGRES names no server');
  }
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
