// A batch takes place only if all that it has seen is still so.
import test from 'ava';
import { findMoved } from '#storage/judge.ts';
import { NEVER, type Index } from '#storage/physical.ts';
import { batch } from '#test/conformance/storage.ts';

const now = {
  indexOf: (key: string) => (key === 'a' ? (5 as Index) : NEVER),
  listIndexOf: (prefix: string) => (prefix === 'x/' ? (7 as Index) : NEVER),
};

const CASES = [
  ['nothing was seen', {}, undefined],
  [
    'all is as it was',
    { reads: { a: 5 as Index, b: NEVER }, lists: { 'x/': 7 as Index } },
    undefined,
  ],
  ['a key was written', { reads: { a: 4 as Index } }, 'a'],
  ['a key has come', { reads: { a: NEVER } }, 'a'],
  ['a key has gone', { reads: { b: 3 as Index } }, 'b'],
  ['a list has changed', { lists: { 'x/': 6 as Index } }, 'the list of x/'],
  ['the list of all has changed', { lists: { '': 1 as Index } }, 'the list of all'],
] as const;

for (const [what, wish, moved] of CASES) {
  test(`a batch is judged: ${what}`, (t) => {
    t.is(findMoved(batch(wish), now), moved);
  });
}
