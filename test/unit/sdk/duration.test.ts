// Durations: what is read, what is refused, how they are printed.
import test from 'ava';
import {
  formatGoDuration,
  formatShortDuration,
  parseDurationExact,
  parseDurationSeconds,
} from '#sdk/duration.ts';

const READ: readonly (readonly [string | number, number])[] = [
  ['', 0],
  [0, 0],
  ['0', 0],
  ['-0', 0],
  [90, 90],
  ['90', 90],
  ['+90', 90],
  [-5, -5],
  ['-5s', -5],
  ['-1s', -1],
  ['5m', 300],
  ['1h30m10s', 5410],
  ['1h30m', 5400],
  ['1.5h', 5400],
  ['.5m', 30],
  ['1.m', 60],
  ['2d', 172_800],
  ['-2d', -172_800],
  ['100ms', 0],
  ['1500ms', 1],
  ['-1500ms', -1],
  ['1999999us', 1],
  ['3000000µs', 3],
  ['3000000μs', 3],
  ['9999999999ns', 9],
  ['768h', 2_764_800],
  ['2562047h', 9_223_369_200],
];

for (const [raw, expected] of READ) {
  test(`parseDurationSeconds(${JSON.stringify(raw)}) is ${expected}`, (t) => {
    t.is(Number(parseDurationSeconds(raw)), expected);
  });
}

const REFUSED: readonly (readonly [string | number, string])[] = [
  ['5x', 'time: unknown unit "x" in duration "5x"'],
  ['1w', 'time: unknown unit "w" in duration "1w"'],
  [' 5m ', 'time: invalid duration " 5m "'],
  ['5m ', 'time: unknown unit "m " in duration "5m "'],
  ['x', 'time: invalid duration "x"'],
  ['.', 'time: invalid duration "."'],
  ['.s', 'time: invalid duration ".s"'],
  ['-', 'time: invalid duration "-"'],
  ['1.5', 'time: missing unit in duration "1.5"'],
  [1.5, 'time: missing unit in duration "1.5"'],
  ['1h5', 'time: missing unit in duration "1h5"'],
  ['1.5d', 'strconv.ParseInt: parsing "1.5": invalid syntax'],
  ['1h2d', 'strconv.ParseInt: parsing "1h2": invalid syntax'],
  ['99999999999h', 'time: invalid duration "99999999999h"'],
  ['2562048h', 'time: invalid duration "2562048h"'],
  ['99999999999999999999', 'time: invalid duration "99999999999999999999"'],
  ['5H', 'time: unknown unit "H" in duration "5H"'],
];

for (const [raw, message] of REFUSED) {
  test(`parseDurationSeconds(${JSON.stringify(raw)}) is refused`, (t) => {
    t.throws(() => parseDurationSeconds(raw), { message });
  });
}

test('a very long duration is refused without arithmetic on it', (t) => {
  const error = t.throws(() => parseDurationSeconds('9'.repeat(1_000_000)));
  t.true((error?.message.length ?? 0) < 400);
});

test('parseDurationExact keeps fractions of a second', (t) => {
  t.is(Number(parseDurationExact('1500ms')), 1.5);
  t.is(Number(parseDurationExact('250ms')), 0.25);
  t.is(Number(parseDurationExact(3)), 3);
});

const PRINTED: readonly (readonly [number, string, string])[] = [
  [0, '0s', '0s'],
  [1, '1s', '1s'],
  [45, '45s', '45s'],
  [60, '1m0s', '1m'],
  [90, '1m30s', '1m30s'],
  [3600, '1h0m0s', '1h'],
  [5400, '1h30m0s', '1h30m'],
  [3630, '1h0m30s', '1h0m30s'],
  [2_764_800, '768h0m0s', '768h'],
  [1.5, '1.5s', '1.5s'],
  [0.1, '100ms', '100ms'],
  [0.0015, '1.5ms', '1.5ms'],
  [0.000002, '2µs', '2µs'],
  [0.000000003, '3ns', '3ns'],
  [-90, '-1m30s', '-1m30s'],
];

for (const [duration, long, short] of PRINTED) {
  test(`${duration} seconds are printed as ${long}, in short ${short}`, (t) => {
    t.is(formatGoDuration(duration), long);
    t.is(formatShortDuration(duration), short);
  });
}
