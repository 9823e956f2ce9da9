import test from 'ava';
import { millis } from '#sdk/clock.ts';
import { Barrier, SealedError, WrongKeyError } from '#storage/barrier/barrier.ts';
import { openMemory } from '#storage/memory.ts';
import { ConflictError, DamagedError, type Index, type Physical } from '#storage/physical.ts';
import { manualClock, openBarrier, TEST_ROOT_KEY } from '#test/helpers/barrier.ts';

const OTHER_KEY = Buffer.alloc(32, 8);
const DAY = 24 * 3600 * 1000;
const NO_LIMITS = { enabled: true, maxOperations: 3_865_470_566, interval: millis(0) };

async function put(barrier: Barrier, key: string, value: object): Promise<void> {
  const transaction = barrier.begin();
  transaction.put(key, value);
  await transaction.commit();
}

test('a new barrier is neither initialised nor open', (t) => {
  const barrier = new Barrier(openMemory(), manualClock());
  t.false(barrier.isInitialised);
  t.true(barrier.isSealed);
});

test('initialised, it is sealed until the root key is there', async (t) => {
  const barrier = new Barrier(openMemory(), manualClock());
  await barrier.initialise(TEST_ROOT_KEY);
  t.true(barrier.isInitialised);
  t.true(barrier.isSealed);
  barrier.unseal(TEST_ROOT_KEY);
  t.false(barrier.isSealed);
});

test('it is initialised once', async (t) => {
  const barrier = await openBarrier();
  await t.throwsAsync(barrier.initialise(OTHER_KEY), { name: 'InvariantError' });
  await put(barrier, 'a', { x: 1 });
});

test('of two that initialise at once, one does', async (t) => {
  const physical = openMemory();
  const [one, two] = [0, 1].map(() => new Barrier(physical, manualClock()));
  const results = await Promise.allSettled([
    one?.initialise(TEST_ROOT_KEY),
    two?.initialise(OTHER_KEY),
  ]);
  t.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
});

test('initialisation keeps the records of the seal in the same batch', async (t) => {
  const physical = openMemory();
  const record = Buffer.from('{}');
  await new Barrier(physical, manualClock()).initialise(
    TEST_ROOT_KEY,
    new Map([['core/seal-config', record]]),
  );
  t.is(physical.index, 1 as Index);
  t.deepEqual(physical.get('core/seal-config'), record);
});

test('another key does not unseal', async (t) => {
  const { physical } = await openBarrier();
  const barrier = new Barrier(physical, manualClock());
  t.throws(() => barrier.unseal(OTHER_KEY), {
    instanceOf: WrongKeyError,
    message: 'the root key does not open the keyring',
  });
  t.true(barrier.isSealed);
  t.throws(() => barrier.unseal(Buffer.alloc(16)), { name: 'InvariantError' });
  barrier.unseal(TEST_ROOT_KEY);
  t.false(barrier.isSealed);
});

test('sealed, it answers nothing', async (t) => {
  const barrier = await openBarrier();
  await put(barrier, 'a', { x: 1 });
  const begun = barrier.begin();
  t.deepEqual(begun.get('a'), { x: 1 });
  barrier.seal();
  const calls: readonly (() => unknown)[] = [
    () => barrier.begin(),
    () => barrier.read('a'),
    () => begun.get('a'),
    () => barrier.keyInformation(),
    () => barrier.rotationDue(NO_LIMITS),
    () => barrier.isRootKey(TEST_ROOT_KEY),
    () => barrier.commit({ reads: new Map(), lists: new Map(), writes: new Map([['a', '{}']]) }),
  ];
  for (const call of calls) t.throws(call, { instanceOf: SealedError, message: 'Vault is sealed' });
  begun.put('a', { x: 2 });
  await t.throwsAsync(begun.commit(), { instanceOf: SealedError });
  await t.throwsAsync(barrier.rotate(), { instanceOf: SealedError });
  await t.throwsAsync(barrier.saveEncryptions(), { instanceOf: SealedError });
  await t.throwsAsync(barrier.changeRootKey(OTHER_KEY), { instanceOf: SealedError });
  barrier.unseal(TEST_ROOT_KEY);
  t.deepEqual(barrier.read('a')?.value, { x: 1 });
});

test('what is read is what was put, and the same object while it has not changed', async (t) => {
  const barrier = await openBarrier();
  await put(barrier, 'a', { x: [1, 'é', null], n: 12 });
  const first = barrier.read('a');
  t.deepEqual(first?.value, { x: [1, 'é', null], n: 12 });
  t.is(barrier.read('a')?.value, first?.value);
  await put(barrier, 'a', { x: 2 });
  const second = barrier.read('a');
  t.deepEqual(second, { value: { x: 2 }, index: barrier.physical.index });
  t.is(barrier.read('b'), undefined);
});

test('numbers keep their digits', async (t) => {
  const physical = openMemory();
  const barrier = await openBarrier(physical);
  const text = '{"big":12345678901234567890,"precise":1.10}';
  await barrier.commit({ reads: new Map(), lists: new Map(), writes: new Map([['a', text]]) });
  t.is(JSON.stringify(barrier.read('a')?.value), text);
});

test('nothing is stored in plain, and the same value never looks the same', async (t) => {
  const physical = openMemory();
  const barrier = await openBarrier(physical);
  await put(barrier, 'a', { secret: 'canary' });
  await put(barrier, 'b', { secret: 'canary' });
  const stored = ['a', 'b', 'core/keyring'].map((key) => Buffer.from(physical.get(key) ?? ''));
  t.true(stored.every((bytes) => bytes.length > 30));
  for (const bytes of stored) {
    t.is(bytes.indexOf('canary'), -1);
    t.is(bytes.indexOf(TEST_ROOT_KEY), -1);
  }
  t.notDeepEqual(stored[0], stored[1]);
});

test('a value that was moved or exchanged on disk is refused', async (t) => {
  const physical = openMemory();
  const barrier = await openBarrier(physical);
  await put(barrier, 'a', { x: 1 });
  await overwrite(physical, 'b', physical.get('a'));
  t.throws(() => barrier.read('b'), { instanceOf: DamagedError, message: /value of b/ });
  await overwrite(physical, 'c', Buffer.from('{"x":1}'));
  t.throws(() => barrier.read('c'), { instanceOf: DamagedError, message: /value of c/ });
});

function overwrite(physical: Physical, key: string, value: Uint8Array | undefined): Promise<Index> {
  return physical.commit({ reads: new Map(), lists: new Map(), writes: new Map([[key, value]]) });
}

test('a rotation installs a key for what is written next, and older values are still read', async (t) => {
  const clock = manualClock();
  const physical = openMemory();
  const barrier = await openBarrier(physical, clock);
  await put(barrier, 'old', { x: 1 });
  t.like(barrier.keyInformation(), {
    term: 1,
    encryptions: 1,
    install_time: '2023-11-14T22:13:20Z',
  });
  clock.advance(1500);
  await barrier.rotate();
  t.like(barrier.keyInformation(), {
    term: 2,
    encryptions: 0,
    install_time: '2023-11-14T22:13:21.5Z',
  });
  await put(barrier, 'new', { x: 2 });
  t.deepEqual(
    ['old', 'new'].map((key) => physical.get(key)?.[3]),
    [1, 2],
  );

  const again = new Barrier(physical, clock);
  again.unseal(TEST_ROOT_KEY);
  t.deepEqual(
    ['old', 'new'].map((key) => again.read(key)?.value),
    [{ x: 1 }, { x: 2 }],
  );
});

test('a barrier learns the keys that another one installs', async (t) => {
  const physical = openMemory();
  const one = await openBarrier(physical);
  const two = new Barrier(physical, manualClock());
  two.unseal(TEST_ROOT_KEY);
  await one.rotate();
  await put(one, 'a', { x: 1 });
  t.is(two.keyInformation().term, 1);
  t.deepEqual(two.read('a')?.value, { x: 1 });
  t.is(two.keyInformation().term, 2);
});

test('of two rotations at once, one is refused', async (t) => {
  const barrier = await openBarrier();
  const [first, second] = [barrier.rotate(), barrier.rotate()];
  await first;
  await t.throwsAsync(second, { instanceOf: ConflictError });
  t.is(barrier.keyInformation().term, 2);
});

test('encryptions are counted, and the count is kept when it is saved', async (t) => {
  const physical = openMemory();
  const barrier = await openBarrier(physical);
  for (let count = 0; count < 5; count++) await put(barrier, 'a', { count });
  t.is(barrier.keyInformation().encryptions, 5);
  await barrier.saveEncryptions();
  const { index } = physical;
  await barrier.saveEncryptions();
  t.is(physical.index, index, 'nothing to save, nothing written');

  const again = new Barrier(physical, manualClock());
  again.unseal(TEST_ROOT_KEY);
  t.is(again.keyInformation().encryptions, 5);
});

test('a changed root key opens the barrier, the old one no more', async (t) => {
  const physical = openMemory();
  const barrier = await openBarrier(physical);
  await put(barrier, 'a', { x: 1 });
  t.true(barrier.isRootKey(TEST_ROOT_KEY));
  await barrier.changeRootKey(OTHER_KEY, new Map([['core/seal-config', Buffer.from('{}')]]));
  t.true(barrier.isRootKey(OTHER_KEY));
  t.false(barrier.isRootKey(TEST_ROOT_KEY));
  t.is(physical.indexOf('core/seal-config'), physical.indexOf('core/keyring'));

  barrier.seal();
  t.throws(() => barrier.unseal(TEST_ROOT_KEY), { instanceOf: WrongKeyError });
  barrier.unseal(OTHER_KEY);
  t.deepEqual(barrier.read('a')?.value, { x: 1 });
  t.is(barrier.keyInformation().term, 1, 'the keys below are the same');
});

const DUE: readonly (readonly [string, number, number, object, boolean])[] = [
  ['a young key', 10, 0, {}, false],
  ['a key that has encrypted too often', 11, 0, { maxOperations: 10 }, true],
  ['a key that has encrypted just often enough', 10, 0, { maxOperations: 10 }, false],
  ['a key that is too old', 1, 2 * DAY + 1, { interval: millis(2 * DAY) }, true],
  ['a key that is old enough', 1, 2 * DAY, { interval: millis(2 * DAY) }, false],
  ['an old key without an interval', 1, 400 * DAY, {}, false],
  ['a key that was never counted, after a year', 0, 365 * DAY + 1, {}, true],
  ['a key that was never counted, before', 0, 365 * DAY, {}, false],
  ['any key while rotation is off', 11, 400 * DAY, { enabled: false, maxOperations: 10 }, false],
];

for (const [what, encryptions, age, config, due] of DUE) {
  test(`${what} is ${due ? '' : 'not '}due`, async (t) => {
    const clock = manualClock();
    const barrier = await openBarrier(openMemory(), clock);
    for (let count = 0; count < encryptions; count++) await put(barrier, 'a', {});
    clock.advance(age);
    t.is(barrier.rotationDue({ ...NO_LIMITS, ...config }), due);
  });
}

test('what is sealed into a token opens as the same kind of token only', async (t) => {
  const barrier = await openBarrier();
  const sealed = barrier.sealToken('batch', Buffer.from('who I am'));
  t.is(barrier.openToken('batch', sealed)?.toString(), 'who I am');
  t.is(barrier.openToken('other', sealed), undefined);
  await barrier.rotate();
  t.is(barrier.openToken('batch', sealed)?.toString(), 'who I am');
});

test('what was made up is no token', async (t) => {
  const barrier = await openBarrier();
  const sealed = barrier.sealToken('batch', Buffer.from('who I am'));
  const changed = Buffer.from(sealed);
  changed[changed.length - 1]! ^= 1;
  const ofAnotherTerm = Buffer.from(sealed);
  ofAnotherTerm.writeUInt32BE(7, 0);
  for (const forged of [changed, ofAnotherTerm, sealed.subarray(1), Buffer.alloc(0)]) {
    t.is(barrier.openToken('batch', forged), undefined);
  }
  barrier.seal();
  t.throws(() => barrier.openToken('batch', sealed), { instanceOf: SealedError });
});
