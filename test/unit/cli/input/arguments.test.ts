import test from 'ava';
import { expectArguments, sanitizePath, withSlash } from '#cli/input/arguments.ts';

test('as many arguments as expected pass', (t) => {
  t.notThrows(() => expectArguments(['a'], 1));
  t.notThrows(() => expectArguments([], 0, 1));
});

test('too few and too many are refused', (t) => {
  t.throws(() => expectArguments([], 1), { message: 'Not enough arguments (expected 1, got 0)' });
  t.throws(() => expectArguments(['a', 'b'], 0, 1), {
    message: 'Too many arguments (expected 0-1, got 2)',
  });
});

test('paths lose blanks and slashes at their ends', (t) => {
  t.deepEqual([' /a/b/ ', '//a//', '/'].map(sanitizePath), ['a/b', 'a', '']);
  t.deepEqual(['a', 'a/', ' a//', ''].map(withSlash), ['a/', 'a/', 'a/', '']);
});
