// Barriers of several nodes over one storage: what one of them does with the keys, the others follow.
import test from 'ava';
import { Barrier, WrongKeyError } from '#storage/barrier/barrier.ts';
import { KEYRING_KEY, ROOT_KEY } from '#storage/key.ts';
import { openMemory } from '#storage/memory.ts';
import type { Physical } from '#storage/physical.ts';
import { manualClock, openBarrier, TEST_ROOT_KEY } from '#test/helpers/barrier.ts';

const OTHER_KEY = Buffer.alloc(32, 8);
const THIRD_KEY = Buffer.alloc(32, 9);

async function put(barrier: Barrier, key: string, value: object): Promise<void> {
  const transaction = barrier.begin();
  transaction.put(key, value);
  await transaction.commit();
}

async function twoNodes() {
  const physical = openMemory();
  const active = await openBarrier(physical);
  const standby = new Barrier(physical, manualClock());
  standby.unseal(TEST_ROOT_KEY);
  const lost: string[] = [];
  standby.follow(() => lost.push('lost'));
  return { physical, active, standby, lost };
}

test('a key that another node has installed is known as soon as it is applied', async (t) => {
  const { active, standby, lost } = await twoNodes();
  await active.rotate();
  t.is(standby.keyInformation().term, 2);
  await put(active, 'a', { x: 1 });
  t.deepEqual(standby.read('a')?.value, { x: 1 });
  t.deepEqual(lost, []);
});

test('a root key that another node has changed is followed, again and again', async (t) => {
  const { active, standby, lost } = await twoNodes();
  await active.changeRootKey(OTHER_KEY);
  t.true(standby.isRootKey(OTHER_KEY));
  await active.rotate();
  await active.changeRootKey(THIRD_KEY);
  t.true(standby.isRootKey(THIRD_KEY));
  await put(standby, 'a', { x: 1 });
  t.deepEqual(active.read('a')?.value, { x: 1 });
  t.deepEqual(lost, []);
});

test('the root key lies in storage only under a key of the barrier', async (t) => {
  const { physical, active } = await twoNodes();
  t.is(physical.get(ROOT_KEY), undefined);
  await active.changeRootKey(OTHER_KEY);
  const bytes = Buffer.from(physical.get(ROOT_KEY) ?? '');
  t.false(bytes.includes(OTHER_KEY));
  t.is(physical.indexOf(ROOT_KEY), physical.indexOf(KEYRING_KEY), 'in the same batch');
  t.throws(() => active.begin().put(ROOT_KEY, {}), { name: 'InvalidKeyError' });
});

test('a node that missed a rotation and a new root key says that it is lost, once', async (t) => {
  const { physical, active, standby, lost } = await twoNodes();
  const missed = quiet(physical);
  const late = new Barrier(missed.physical, manualClock());
  late.unseal(TEST_ROOT_KEY);
  const isLost: string[] = [];
  late.follow(() => isLost.push('lost'));
  await active.rotate();
  await active.changeRootKey(OTHER_KEY);
  missed.tell();
  t.deepEqual(isLost, ['lost']);
  t.deepEqual(lost, []);
  t.true(standby.isRootKey(OTHER_KEY));
});

test('the old root key does not open what was changed', async (t) => {
  const { physical, active } = await twoNodes();
  await active.changeRootKey(OTHER_KEY);
  const restarted = new Barrier(physical, manualClock());
  t.throws(() => restarted.unseal(TEST_ROOT_KEY), { instanceOf: WrongKeyError });
  restarted.unseal(OTHER_KEY);
  t.false(restarted.isSealed);
});

test('a node that becomes active goes on from the keys of its predecessor', async (t) => {
  const { active, standby } = await twoNodes();
  await active.rotate();
  await standby.rotate();
  t.is(standby.keyInformation().term, 3);
  await put(standby, 'a', { x: 1 });
  t.deepEqual(active.read('a')?.value, { x: 1 }, 'it has read the keyring again');
});

test('a sealed barrier follows nothing', async (t) => {
  const { active, standby, lost } = await twoNodes();
  standby.seal();
  await active.changeRootKey(OTHER_KEY);
  t.true(standby.isSealed);
  t.deepEqual(lost, []);
});

/** The same storage for one who hears of what was applied only when told, as after a snapshot. */
function quiet(physical: Physical) {
  const listeners = new Set<Parameters<Physical['observe']>[0]>();
  const view: Physical = {
    get index() {
      return physical.index;
    },
    get: (key) => physical.get(key),
    indexOf: (key) => physical.indexOf(key),
    list: (prefix) => physical.list(prefix),
    listIndexOf: (prefix) => physical.listIndexOf(prefix),
    commit: (batch) => physical.commit(batch),
    observe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => physical.close(),
  };
  const tell = (): void => {
    for (const listener of listeners) listener([KEYRING_KEY], physical.index);
  };
  return { physical: view, tell };
}
