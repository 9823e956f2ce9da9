// Which texts can be keys and prefixes of keys.
import test from 'ava';
import { isKey, isPrefix, requireKey } from '#sdk/storage.ts';

const CASES: readonly (readonly [string, boolean, boolean])[] = [
  // text, a key, a prefix
  ['', false, true],
  ['a', true, false],
  ['a/b', true, false],
  ['a/', false, true],
  ['a/b/', false, true],
  ['.', true, false],
  ['a b/ž🐎/..x', true, false],
  ['/', false, false],
  ['//', false, false],
  ['/a', false, false],
  ['/a/', false, false],
  ['a//b', false, false],
  ['a//', false, false],
];
for (const [text, key, prefix] of CASES) {
  test(`"${text}" is ${key ? 'a key' : prefix ? 'a prefix' : 'neither key nor prefix'}`, (t) => {
    t.deepEqual([isKey(text), isPrefix(text)], [key, prefix]);
    if (key) return;
    t.throws(() => requireKey(text), { message: text === '' ? 'missing path' : /empty segment/ });
  });
}
