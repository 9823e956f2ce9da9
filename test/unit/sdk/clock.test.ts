// Times as Go prints them.
import test from 'ava';
import { formatTime, millis } from '#sdk/clock.ts';

const CASES = [
  [0, '1970-01-01T00:00:00Z'],
  [1_700_000_000_120, '2023-11-14T22:13:20.12Z'],
  [1_700_000_000_123, '2023-11-14T22:13:20.123Z'],
] as const;
for (const [time, expected] of CASES) {
  test(`${time} is ${expected}`, (t) => {
    t.is(formatTime(millis(time)), expected);
  });
}
