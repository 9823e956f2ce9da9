// A barrier below which another state was put: what it still tells, and what it seals for whoever has the root key.
import test from 'ava';
import { Barrier } from '#storage/barrier/barrier.ts';
import { KEYRING_KEY } from '#storage/key.ts';
import { openMemory } from '#storage/memory.ts';
import type { Physical } from '#storage/physical.ts';
import { manualClock } from '#test/helpers/barrier.ts';

const CONTEXT = 'core/test';

async function open(fill: number): Promise<{ physical: Physical; barrier: Barrier }> {
  const physical = openMemory();
  const barrier = new Barrier(physical, manualClock());
  const rootKey = Buffer.alloc(32, fill);
  await barrier.initialise(rootKey);
  barrier.unseal(rootKey);
  return { physical, barrier };
}

const put = (physical: Physical, key: string, value: Uint8Array | undefined): Promise<unknown> =>
  physical.commit({ reads: new Map(), lists: new Map(), writes: new Map([[key, value]]) });

test('who observes through the barrier hears nothing that could not be read', async (t) => {
  const [{ physical, barrier }, other] = [await open(1), await open(2)];
  let isLost = false;
  barrier.follow(() => (isLost = true));
  const heard: string[] = [];
  barrier.observe((keys) => void heard.push(...keys));
  await put(physical, 'a', Buffer.from('x'));
  t.deepEqual(heard, ['a']);
  await put(physical, KEYRING_KEY, other.physical.get(KEYRING_KEY));
  await put(physical, 'b', Buffer.from('x'));
  t.true(isLost);
  t.true(barrier.isSealed);
  t.deepEqual(heard, ['a']);
});

/** The same storage, where what is committed waits until it may go on. */
function waiting(physical: Physical, gate: Promise<void>): Physical {
  return {
    index: physical.index,
    get: (key) => physical.get(key),
    indexOf: (key) => physical.indexOf(key),
    list: (prefix) => physical.list(prefix),
    listIndexOf: (prefix) => physical.listIndexOf(prefix),
    commit: (batch) => gate.then(() => physical.commit(batch)),
    observe: (listener) => physical.observe(listener),
    close: () => physical.close(),
  };
}

test('a state that arrives while the keyring is being replaced is not read under the old keys', async (t) => {
  const [{ physical }, other] = [await open(1), await open(2)];
  const gate = Promise.withResolvers<void>();
  const barrier = new Barrier(waiting(physical, gate.promise), manualClock());
  barrier.unseal(Buffer.alloc(32, 1));
  let isLost = false;
  barrier.follow(() => (isLost = true));
  barrier.observe(() => void barrier.read('a'));
  const transaction = other.barrier.begin();
  transaction.put('a', { x: 1 });
  await transaction.commit();
  const rotated = barrier.rotate();
  const writes = ['a', KEYRING_KEY].map((key) => [key, other.physical.get(key)] as const);
  await physical.commit({ reads: new Map(), lists: new Map(), writes: new Map(writes) });
  t.true(isLost);
  gate.resolve();
  await t.throwsAsync(rotated, { name: 'ConflictError' });
  t.true(barrier.isSealed);
  await t.notThrowsAsync(put(physical, 'b', Buffer.from('x')));
});

test('a barrier that loses its key while somebody follows ends that, and not the storage', async (t) => {
  const { physical, barrier } = await open(1);
  barrier.observe(() => {
    barrier.seal();
    barrier.read('a');
  });
  await put(physical, 'a', Buffer.from('x'));
  await t.notThrowsAsync(put(physical, 'b', Buffer.from('x')));
});

test('a state without any keyring seals the barrier', async (t) => {
  const { physical, barrier } = await open(1);
  let isLost = false;
  barrier.follow(() => (isLost = true));
  await put(physical, KEYRING_KEY, undefined);
  t.true(isLost);
  t.true(barrier.isSealed);
  await t.notThrowsAsync(put(physical, 'b', Buffer.from('x')));
});

test('what is sealed for the root key opens under it alone, whichever keys are in use', async (t) => {
  const [{ barrier }, other] = [await open(1), await open(2)];
  const sealed = barrier.sealForRoot(CONTEXT, Buffer.from('sums'));
  await barrier.rotate();
  t.deepEqual(barrier.openForRoot(CONTEXT, sealed), Buffer.from('sums'));
  t.is(barrier.openForRoot('core/other', sealed), undefined);
  t.is(other.barrier.openForRoot(CONTEXT, sealed), undefined);
  for (const bad of [Buffer.alloc(0), Buffer.alloc(100), sealed.subarray(1)]) {
    t.is(barrier.openForRoot(CONTEXT, bad), undefined);
  }
  t.is(barrier.openForRoot(CONTEXT, barrier.sealToken(CONTEXT, Buffer.from('sums'))), undefined);
  await barrier.changeRootKey(Buffer.alloc(32, 3));
  t.is(barrier.openForRoot(CONTEXT, sealed), undefined);
});
