import test from 'ava';
import { Directory, sortNames, splitPath } from '#storage/directory.ts';
import { NEVER, type Index } from '#storage/physical.ts';
import { encodeRecord, fingerprintOf, type Fingerprint } from '#storage/record.ts';
import { seededRandom } from '#test/helpers/random.ts';

const at = (index: number): Index => index as Index;

function print(key: string, index: Index, value: string): Fingerprint {
  return fingerprintOf(encodeRecord({ key, index, value: Buffer.from(value) }));
}

const PATHS: readonly (readonly [string, string, string])[] = [
  ['a', '', 'a'],
  ['a/', '', 'a/'],
  ['a/b', 'a/', 'b'],
  ['a/b/', 'a/', 'b/'],
  ['a/b/c', 'a/b/', 'c'],
  ['long/er', 'long/', 'er'],
];

for (const [path, prefix, name] of PATHS) {
  test(`splitPath() finds ${name} of ${path} in ${JSON.stringify(prefix)}`, (t) => {
    t.deepEqual(splitPath(path), [prefix, name]);
  });
}

test('sortNames() sorts as Go sorts bytes of UTF-8', (t) => {
  const random = seededRandom(1);
  const letters = ['a', 'b/', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}', '-'];
  const names = Array.from({ length: 300 }, () =>
    Array.from({ length: 1 + random.below(4) }, () => random.pick(letters)).join(''),
  );
  const bytes = names.toSorted((one, two) => Buffer.compare(Buffer.from(one), Buffer.from(two)));
  t.deepEqual(sortNames(names), bytes);
});

test('a list is made once and kept until the folder changes', (t) => {
  const directory = new Directory();
  const put = (key: string, index: number): void =>
    directory.apply(at(index), [[key, { fingerprint: print(key, at(index), '') }]]);
  put('a/b', 1);
  const first = directory.list('a/');
  put('a/b', 2);
  put('b', 3);
  t.is(directory.list('a/'), first);
  put('a/c', 4);
  t.deepEqual(directory.list('a/'), ['b', 'c']);
  t.deepEqual(first, ['b'], 'who has it keeps what he saw');
});

test('the state hash depends on keys, values and indexes, and not on the way there', (t) => {
  const empty = '00'.repeat(32);
  t.is(hashOf([]), empty);
  t.is(
    hashOf([
      ['a', '1'],
      ['a', undefined],
    ]),
    empty,
  );
  t.is(
    hashOf([
      ['x', '1'],
      ['a', '2'],
      ['x', undefined],
    ]),
    hashOf([
      ['y', '1'],
      ['a', '2'],
      ['y', undefined],
    ]),
  );
  const others = [
    hashOf([['a', '1']]),
    hashOf([['a', '2']]),
    hashOf([['b', '1']]),
    hashOf([
      ['a', '1'],
      ['a', '1'],
    ]),
    hashOf([
      ['a', '1'],
      ['b', '1'],
    ]),
    hashOf([
      ['b', '1'],
      ['a', '1'],
    ]),
  ];
  t.is(new Set(others).size, others.length);
});

test('a directory that was filled anew equals the one that grew', (t) => {
  const random = seededRandom(2);
  const grown = new Directory();
  for (let index = 1; index <= 500; index++) {
    const key = `${random.below(3)}/${random.below(4)}/${random.below(5)}`;
    const gone = random.below(3) === 0;
    grown.apply(at(index), [
      [key, gone ? undefined : { fingerprint: print(key, at(index), String(index)) }],
    ]);
  }
  const filled = new Directory();
  filled.startAt(grown.index);
  const folders = grown.list('').flatMap((one) => grown.list(one).map((two) => one + two));
  const keys = folders.flatMap((folder) => grown.list(folder).map((name) => folder + name));
  for (const key of keys) {
    const entry = grown.entry(key);
    if (entry !== undefined) filled.put(key, entry, grown.index);
  }
  t.true(filled.state().hash.equals(grown.state().hash));
  t.deepEqual(
    [filled.state().count, filled.state().index],
    [grown.state().count, grown.state().index],
  );
  t.deepEqual(filled.list('1/'), grown.list('1/'));
  t.is(filled.listIndexOf('1/'), grown.index, 'no list is older than the last batch then');
  t.is(filled.listIndexOf('nowhere/'), NEVER);
});

function hashOf(batches: readonly (readonly [string, string | undefined])[]): string {
  const directory = new Directory();
  batches.forEach(([key, value], position) => {
    const index = at(position + 1);
    directory.apply(index, [
      [key, value === undefined ? undefined : { fingerprint: print(key, index, value) }],
    ]);
  });
  return directory.state().hash.bytes().toString('hex');
}
