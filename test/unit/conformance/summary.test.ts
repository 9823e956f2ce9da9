// Counts by area.
import test from 'ava';
import { summaryLines } from '#test/conformance/kit/summary.ts';

test('summaryLines() counts each area and all of them', (t) => {
  const lines = summaryLines(
    new Map([
      ['kv2/a', 'passed'],
      ['kv2/b', 'failed'],
      ['cli/a', 'pending'],
      ['kv2/c', 'passed'],
    ]),
  );
  t.deepEqual(lines, [
    'cli                  0 of 1 passed, 1 pending',
    'kv2                  2 of 3 passed, 1 failed',
    'all                  2 of 4 passed, 1 failed, 1 pending',
  ]);
});
