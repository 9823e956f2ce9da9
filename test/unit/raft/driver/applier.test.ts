import test from 'ava';
import { Applier } from '#raft/driver/applier.ts';
import type { StateMachine } from '#raft/driver/ports.ts';
import type { Entry, Index, Term } from '#raft/types.ts';
import { settle } from '#test/helpers/medium.ts';

const entries = (from: number, through: number): Entry[] =>
  Array.from({ length: through - from + 1 }, (_, at) => ({
    index: (from + at) as Index,
    term: 1 as Term,
    type: 'noop',
  }));

/** A state machine that is slow when the test says so. */
function start() {
  const applied: string[] = [];
  const waits: PromiseWithResolvers<void>[] = [];
  const state = { isSlow: false };
  const machine = {
    apply(batch: readonly Entry[]) {
      applied.push(`${batch[0]?.index}-${batch.at(-1)?.index}`);
      if (!state.isSlow) return undefined;
      const wait = Promise.withResolvers<void>();
      waits.push(wait);
      return wait.promise;
    },
  } as unknown as StateMachine;
  const told: unknown[] = [];
  /** When what is applied was committed. */
  const waited: number[] = [];
  const applier = new Applier(machine, {
    applying: (since) => waited.push(since),
    applied: (_, through) => told.push(through),
    failed: (error) => told.push(String(error)),
  });
  return { applier, applied, waits, state, told, waited };
}

test('entries are applied at once while the state machine keeps up', (t) => {
  const { applier, told } = start();
  applier.take(entries(1, 3), 0);
  applier.take(entries(4, 4), 0);
  t.deepEqual(told, [3, 4]);
});

test('what is applied has waited since the first of it was committed', async (t) => {
  const { applier, waits, state, waited } = start();
  state.isSlow = true;
  applier.take(entries(1, 1), 10);
  applier.take(entries(2, 2), 20);
  applier.take(entries(3, 3), 30);
  waits[0]?.resolve();
  await settle();
  t.deepEqual(waited, [10, 20]);
});

test('what comes while it is at work waits and is applied together', async (t) => {
  const { applier, applied, waits, state, told } = start();
  state.isSlow = true;
  applier.take(entries(1, 1), 0);
  applier.take(entries(2, 2), 0);
  applier.take(entries(3, 3), 0);
  t.deepEqual(applied, ['1-1']);
  state.isSlow = false;
  waits[0]?.resolve();
  await settle();
  t.deepEqual(
    [applied, told],
    [
      ['1-1', '2-3'],
      [1, 3],
    ],
  );
});

test('it pauses at each index at which states are compared', (t) => {
  const { applier, applied } = start();
  applier.take(entries(998, 2001), 0);
  t.deepEqual(applied, ['998-1000', '1001-2000', '2001-2001']);
});

test('work that wants the state machine for itself stands between two entries', async (t) => {
  const { applier, applied } = start();
  const work = Promise.withResolvers<string>();
  const done = applier.alone(() => work.promise);
  applier.take(entries(1, 1), 0);
  t.deepEqual(applied, []);
  work.resolve('done');
  t.is(await done, 'done');
  await settle();
  t.deepEqual(applied, ['1-1']);
});

test('work that fails is told to whoever wanted it, and entries go on', async (t) => {
  const { applier, applied, told } = start();
  await t.throwsAsync(
    applier.alone(() => Promise.reject(new Error('full'))),
    { message: 'full' },
  );
  applier.take(entries(1, 1), 0);
  await settle();
  t.deepEqual([applied, told], [['1-1'], [1]]);
});

test('a failure to apply is told, and nothing is applied after the end', async (t) => {
  const { applier, applied, waits, state, told } = start();
  state.isSlow = true;
  applier.take(entries(1, 1), 0);
  waits[0]?.reject(new Error('EIO'));
  await settle();
  t.deepEqual(told, ['Error: EIO']);
  await applier.end();
  applier.take(entries(2, 2), 0);
  t.deepEqual(applied, ['1-1']);
});
