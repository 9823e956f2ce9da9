// Both kinds of wildcard: what they match and what they do not.
import test from 'ava';
import { matchesEnds, matchesGlob } from '#sdk/glob.ts';

const CASES: readonly (readonly [string, string, boolean, boolean])[] = [
  // pattern, text, with wildcards at the ends only, with wildcards anywhere
  ['', '', true, true],
  ['', 'a', false, false],
  ['a', 'a', true, true],
  ['a', 'ab', false, false],
  ['*', '*', true, true],
  ['*', 'a', false, true],
  ['**', 'anything', true, true],
  ['a*', 'abc', true, true],
  ['a*', 'a', true, true],
  ['a*', 'ba', false, false],
  ['*c', 'abc', true, true],
  ['*c', 'cb', false, false],
  ['*b*', 'abc', true, true],
  ['*b*', 'ac', false, false],
  ['a*c', 'abc', false, true],
  ['a*c', 'a*c', true, true],
  ['a*c', 'abd', false, false],
  ['a*b*c', 'a-b-b-c', false, true],
  ['a*b*c', 'a-c', false, false],
  ['ab*ba', 'aba', false, false],
  ['a?c', 'abc', false, false],
];

for (const [pattern, text, ends, anywhere] of CASES) {
  test(`${pattern} and ${text}: at the ends ${ends}, anywhere ${anywhere}`, (t) => {
    t.is(matchesEnds(pattern, text), ends);
    t.is(matchesGlob(pattern, text), anywhere);
  });
}

test('a pattern of many wildcards takes no more time than the text is long', (t) => {
  const text = 'a'.repeat(100_000);
  t.false(matchesGlob(`${'a*'.repeat(1_000)}b`, text));
  t.true(matchesGlob('*a'.repeat(1_000), text));
});
