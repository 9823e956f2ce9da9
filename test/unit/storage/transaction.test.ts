import test from 'ava';
import { InvalidKeyError, MAX_KEY_LENGTH } from '#storage/key.ts';
import { ConflictError, NEVER } from '#storage/physical.ts';
import type { Barrier } from '#storage/barrier/barrier.ts';
import { openBarrier } from '#test/helpers/barrier.ts';

async function write(
  barrier: Barrier,
  changes: Readonly<Record<string, object | undefined>>,
): Promise<void> {
  const transaction = barrier.begin();
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) transaction.delete(key);
    else transaction.put(key, value);
  }
  await transaction.commit();
}

test('a transaction sees its own writes, nobody else does before it commits', async (t) => {
  const barrier = await openBarrier();
  await write(barrier, { 'm/a': { x: 1 }, 'm/b': { x: 2 } });
  const transaction = barrier.begin();
  t.false(transaction.hasWrites);
  transaction.put('m/a', { x: 3 });
  transaction.put('m/c', { x: 4 });
  transaction.delete('m/b');
  t.true(transaction.hasWrites);
  t.deepEqual(
    ['m/a', 'm/b', 'm/c'].map((key) => transaction.get(key)),
    [{ x: 3 }, undefined, { x: 4 }],
  );
  t.deepEqual(transaction.list('m/'), ['a', 'c']);

  const other = barrier.begin();
  t.deepEqual(
    ['m/a', 'm/b', 'm/c'].map((key) => other.get(key)),
    [{ x: 1 }, { x: 2 }, undefined],
  );
  t.deepEqual(other.list('m/'), ['a', 'b']);
  await transaction.commit();
  const later = barrier.begin();
  t.deepEqual(
    ['m/a', 'm/b', 'm/c'].map((key) => later.get(key)),
    [{ x: 3 }, undefined, { x: 4 }],
  );
});

test('a value is what it was when it was put', async (t) => {
  const barrier = await openBarrier();
  const value = { list: [1], gone: undefined, time: new Date(0) };
  const transaction = barrier.begin();
  transaction.put('a', value);
  value.list.push(2);
  const json = { list: [1], time: '1970-01-01T00:00:00.000Z' };
  t.deepEqual(transaction.get('a'), json);
  t.is(transaction.get('a'), transaction.get('a'));
  await transaction.commit();
  t.deepEqual(barrier.read('a')?.value, json);
});

const LISTS: readonly (readonly [
  string,
  Readonly<Record<string, object | undefined>>,
  string,
  string[],
])[] = [
  ['a put beside', { 'a/z': {} }, 'a/', ['b', 'b/', 'c', 'z']],
  ['a put that is there', { 'a/b': {} }, 'a/', ['b', 'b/', 'c']],
  ['a put below', { 'a/x/y/z': {} }, 'a/', ['b', 'b/', 'c', 'x/']],
  ['a put between', { 'a/bb': {} }, 'a/', ['b', 'b/', 'bb', 'c']],
  ['a put elsewhere', { 'aa/z': {} }, 'a/', ['b', 'b/', 'c']],
  ['a delete', { 'a/c': undefined }, 'a/', ['b', 'b/']],
  ['a delete beside a folder', { 'a/b': undefined }, 'a/', ['b/', 'c']],
  [
    'a delete that empties a folder',
    { 'a/b/1': undefined, 'a/b/2/3': undefined },
    'a/',
    ['b', 'c'],
  ],
  ['a delete that does not', { 'a/b/1': undefined }, 'a/', ['b', 'b/', 'c']],
  [
    'a folder that is emptied and filled',
    { 'a/b/1': undefined, 'a/b/2/3': undefined, 'a/b/4': {} },
    'a/',
    ['b', 'b/', 'c'],
  ],
  [
    'a delete of what is not there',
    { 'a/q': undefined, 'a/r/s': undefined },
    'a/',
    ['b', 'b/', 'c'],
  ],
  ['a delete in a folder of a folder', { 'a/b/2/3': undefined }, 'a/b/', ['1']],
  [
    'all deleted, from above',
    { 'a/b': undefined, 'a/b/1': undefined, 'a/b/2/3': undefined, 'a/c': undefined },
    '',
    ['core/'],
  ],
  ['a put in a folder that was not there', { 'n/1': {} }, '', ['a/', 'core/', 'n/']],
  [
    'names beyond 16 bits',
    { '\u{1f511}': {}, '\uff5e': {} },
    '',
    ['a/', 'core/', '\uff5e', '\u{1f511}'],
  ],
];

for (const [what, changes, prefix, names] of LISTS) {
  test(`a list with its own writes: ${what}`, async (t) => {
    const barrier = await openBarrier();
    await write(barrier, { 'a/b': {}, 'a/b/1': {}, 'a/b/2/3': {}, 'a/c': {} });
    const transaction = barrier.begin();
    for (const [key, value] of Object.entries(changes)) {
      if (value === undefined) transaction.delete(key);
      else transaction.put(key, value);
    }
    t.deepEqual(transaction.list(prefix), names);
    await transaction.commit();
    t.deepEqual(barrier.begin().list(prefix), names, 'as it is afterwards');
  });
}

test('a list wants a slash at its end', async (t) => {
  const transaction = (await openBarrier()).begin();
  t.throws(() => transaction.list('a'), { name: 'InvariantError' });
});

test('a commit is refused when a key that was read has changed', async (t) => {
  const barrier = await openBarrier();
  await write(barrier, { a: { x: 1 } });
  const transaction = barrier.begin();
  transaction.get('a');
  transaction.put('b', {});
  await write(barrier, { a: { x: 2 } });
  await t.throwsAsync(transaction.commit(), {
    instanceOf: ConflictError,
    message: /^a has changed/,
  });
  t.is(barrier.read('b'), undefined);
});

test('a commit is refused when a key that was absent has come, or a list has changed', async (t) => {
  const barrier = await openBarrier();
  for (const look of ['get', 'list', 'version'] as const) {
    const transaction = barrier.begin();
    transaction[look](look === 'list' ? 'm/' : `m/${look}`);
    transaction.put('b', {});
    await write(barrier, { [`m/${look}`]: {} });
    await t.throwsAsync(transaction.commit(), { instanceOf: ConflictError });
  }
});

test('a put of the same value is a change', async (t) => {
  const barrier = await openBarrier();
  await write(barrier, { a: { x: 1 } });
  const transaction = barrier.begin();
  transaction.get('a');
  transaction.put('b', {});
  await write(barrier, { a: { x: 1 } });
  await t.throwsAsync(transaction.commit(), { instanceOf: ConflictError });
});

test('a change of what was not read is no matter', async (t) => {
  const barrier = await openBarrier();
  await write(barrier, { 'm/a': {}, 'n/a': {} });
  const transaction = barrier.begin();
  transaction.get('m/a');
  transaction.list('m/');
  transaction.put('m/b', {});
  await write(barrier, { 'n/a': { x: 1 }, 'n/b': {} });
  await t.notThrowsAsync(transaction.commit());
});

test('writes alone never conflict: the last one wins', async (t) => {
  const barrier = await openBarrier();
  const [one, two] = [barrier.begin(), barrier.begin()];
  one.put('a', { by: 1 });
  two.put('a', { by: 2 });
  await Promise.all([one.commit(), two.commit()]);
  t.deepEqual(barrier.read('a')?.value, { by: 2 });
});

test('what is read is of one moment: a read that would mix two is refused at once', async (t) => {
  const barrier = await openBarrier();
  await write(barrier, { a: { x: 1 }, b: { x: 1 }, c: {} });
  for (const look of ['get', 'list', 'version'] as const) {
    const transaction = barrier.begin();
    transaction.get('a');
    await write(barrier, { a: { x: 2 }, b: { x: 2 } });
    t.throws(() => transaction[look](look === 'list' ? '' : 'b'), { instanceOf: ConflictError });
  }
  const unmoved = barrier.begin();
  unmoved.get('c');
  await write(barrier, { a: { x: 3 }, b: { x: 3 } });
  t.deepEqual([unmoved.get('a'), unmoved.get('b')], [{ x: 3 }, { x: 3 }]);
  await t.notThrowsAsync(unmoved.commit());
});

test('a transaction that only reads ends without a write, and is refused when it was overtaken', async (t) => {
  const barrier = await openBarrier();
  await write(barrier, { a: {}, b: {} });
  const { index } = barrier.physical;
  const [quiet, overtaken] = [barrier.begin(), barrier.begin()];
  for (const transaction of [quiet, overtaken]) {
    transaction.get('a');
    transaction.list('m/');
  }
  await quiet.commit();
  t.is(barrier.physical.index, index);
  await write(barrier, { b: {} });
  await t.notThrowsAsync(overtaken.commit(), 'what it read is as it was');
  await write(barrier, { a: {} });
  await t.throwsAsync(overtaken.commit(), { instanceOf: ConflictError });
  t.throws(() => overtaken.assertUnmoved(), { instanceOf: ConflictError });
});

test('version() moves with each write and tells absence; one’s own write has none', async (t) => {
  const barrier = await openBarrier();
  t.is(barrier.begin().version('a'), NEVER);
  await write(barrier, { a: {} });
  const first = barrier.begin().version('a');
  t.is(first, barrier.physical.index);
  await write(barrier, { b: {} });
  t.is(barrier.begin().version('a'), first);
  await write(barrier, { a: {} });
  t.not(barrier.begin().version('a'), first);
  const transaction = barrier.begin();
  transaction.put('a', {});
  t.is(transaction.version('a'), undefined);
});

test('a counter that many increment at once loses nothing when the refused run again', async (t) => {
  const barrier = await openBarrier();
  await write(barrier, { counter: { value: 0 } });
  const increment = async (): Promise<void> => {
    try {
      const transaction = barrier.begin();
      const value = transaction.get<{ value: number }>('counter')?.value ?? 0;
      await new Promise((resolve) => setImmediate(resolve));
      transaction.put('counter', { value: value + 1 });
      await transaction.commit();
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      await increment();
    }
  };
  await Promise.all(Array.from({ length: 20 }, increment));
  t.deepEqual(barrier.read('counter')?.value, { value: 20 });
});

const KEYS: readonly (readonly [string, string | undefined])[] = [
  ['a', undefined],
  ['a/b c/é/\u{1f511}/-.~%', undefined],
  ['a/../b', undefined],
  ['x'.repeat(MAX_KEY_LENGTH), undefined],
  ['x'.repeat(MAX_KEY_LENGTH + 1), 'a storage key is longer than 32768'],
  ['', 'a storage key has an empty segment'],
  ['/', 'a storage key has an empty segment'],
  ['/a', 'a storage key has an empty segment'],
  ['a/', 'a storage key has an empty segment'],
  ['a//b', 'a storage key has an empty segment'],
  ['a\0b', 'a storage key holds a control character'],
  ['a\nb', 'a storage key holds a control character'],
  ['a\x7fb', 'a storage key holds a control character'],
  ['a/\ud800', 'a storage key is not valid Unicode'],
  ['core/keyring', 'the barrier does not write core/keyring'],
  ['core/seal-config', 'the barrier does not write core/seal-config'],
  ['core/hsm/barrier-unseal-keys', 'the barrier does not write core/hsm/barrier-unseal-keys'],
  ['core/mounts', undefined],
];

for (const [key, message] of KEYS) {
  const name = key.length > 60 ? `${key.length} times x` : JSON.stringify(key);
  test(`the key ${name} is ${message === undefined ? 'written' : 'refused'}`, async (t) => {
    const barrier = await openBarrier();
    const transaction = barrier.begin();
    if (message === undefined) {
      transaction.put(key, { x: 1 });
      await transaction.commit();
      t.deepEqual(barrier.read(key)?.value, { x: 1 });
      return;
    }
    t.throws(() => transaction.put(key, {}), { instanceOf: InvalidKeyError, message });
    t.throws(() => transaction.delete(key), { instanceOf: InvalidKeyError, message });
    t.false(transaction.hasWrites);
  });
}
