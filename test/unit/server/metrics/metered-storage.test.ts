import test from 'ava';
import { initialTelemetry } from '#server/config/telemetry.ts';
import { MeteredStorage } from '#server/metrics/metered-storage.ts';
import { Metrics } from '#server/metrics/metrics.ts';
import { openMemory } from '#storage/memory.ts';
import { ConflictError, NEVER, type Index } from '#storage/physical.ts';
import { batch } from '#test/helpers/raft-nodes.ts';
import { TimerClock } from '#test/helpers/timer-clock.ts';

/** Each look at the timer is a millisecond after the one before. */
function start() {
  let now = 0;
  const metrics = new Metrics({
    clock: new TimerClock(),
    now: () => (now += 1),
    telemetry: initialTelemetry,
    hostname: 'host1',
  });
  const physical = openMemory();
  const storage = new MeteredStorage(physical, metrics);
  const value = async (name: string): Promise<number> => {
    const lines = (await metrics.text()).split('\n');
    const line = lines.find((one) => one.startsWith(`vault_raft${name} `));
    return Number(line?.split(' ')[1]);
  };
  const values = (...names: readonly string[]) => Promise.all(names.map(value));
  return { physical, storage, values };
}

test('reads and lists are timed under all the names that there are for them', async (t) => {
  const { storage, values } = start();
  storage.get('a');
  storage.list('');
  storage.list('');
  for (const layer of ['', '_storage', '_storage_fsm']) {
    const sums = await values(`${layer}_get_sum`, `${layer}_list_sum`);
    t.deepEqual(sums, [1, 2], layer);
  }
});

test('a batch is counted once, and each of its records', async (t) => {
  const { storage, values } = start();
  await storage.commit(batch({ a: '1', b: '23', c: undefined }));
  t.deepEqual(await values('_apply', '_commitTime_sum', '_storage_entry_size_sum'), [1, 1, 6]);
  t.deepEqual(await values('_storage_put_count', '_storage_delete_count'), [2, 1]);
});

test('a batch that is refused, and one that writes nothing, is not counted', async (t) => {
  const { storage, values } = start();
  await storage.commit(batch({}));
  await t.throwsAsync(storage.commit(batch({ a: '1' }, { a: 7 })), { instanceOf: ConflictError });
  t.deepEqual(await values('_apply', '_commitTime_count', '_storage_put_count'), [0, 0, 0]);
});

test('it is the storage that it wraps', async (t) => {
  const { physical, storage } = start();
  const told: Index[] = [];
  const end = storage.observe((_, index) => told.push(index));
  const index = await storage.commit(batch({ 'a/b': '1' }));
  end();
  await physical.commit(batch({ c: '2' }));
  t.deepEqual(told, [index]);
  t.is(storage.index, physical.index);
  t.is(storage.indexOf('a/b'), index);
  t.is(storage.indexOf('x'), NEVER);
  t.is(storage.listIndexOf('a/'), physical.listIndexOf('a/'));
  t.deepEqual(storage.list(''), ['a/', 'c']);
  await t.notThrowsAsync(storage.close());
});
