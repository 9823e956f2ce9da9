import test from 'ava';
import { MeteredLog, MeteredMachine } from '#raft/driver/metered.ts';
import type { DurableLog } from '#raft/driver/persister.ts';
import type { Snapshot, StateMachine } from '#raft/driver/ports.ts';
import type { Entry, HardState, Index, SnapshotMeta, Term } from '#raft/types.ts';
import { NotingMeter } from '#test/helpers/noting-meter.ts';
import { RaftTimer } from '#test/helpers/raft-timer.ts';

const ENTRIES: readonly Entry[] = [1, 2].map((index) => ({
  type: 'noop',
  index: index as Index,
  term: 1 as Term,
}));

const VOTED: HardState = {
  term: 1 as Term,
  votedFor: undefined,
  commit: 0 as Index,
  isRecovering: false,
};

const FAILURE = new Error('the disk failed');

/** What takes 5 ms each time, and fails when it is told to. */
function start() {
  const timer = new RaftTimer();
  const meter = new NotingMeter();
  const state = { fails: false, isSlow: false };
  const work = <T>(answer: T): Promise<T> => {
    timer.advance(5);
    return state.fails ? Promise.reject(FAILURE) : Promise.resolve(answer);
  };
  const log = new MeteredLog(
    {
      extent: { bytes: 1, freeBytes: 1, writes: 1 },
      append: () => work(undefined),
      compact: () => work(undefined),
      reset: () => work(undefined),
      close: () => work(undefined),
    } satisfies DurableLog,
    { meter, timer },
  );
  const position = { index: 1 } as StateMachine['position'];
  const machine = new MeteredMachine(
    {
      position,
      apply: () => {
        const applied = work(undefined);
        return state.isSlow ? applied : undefined;
      },
      sync: () => work(position),
      snapshot: () => {
        timer.advance(5);
        return {} as Snapshot;
      },
      restore: () => work(undefined),
      checksum: () => new Uint8Array([1]),
    },
    { meter, timer },
  );
  return { log, machine, meter, state };
}

test('entries are told of once they are durable, and how long that took', async (t) => {
  const { log, meter } = start();
  await log.append(VOTED, ENTRIES);
  t.deepEqual(meter.told, ['logged 2 5']);
});

test('a hard state alone is no entry', async (t) => {
  const { log, meter } = start();
  await log.append(VOTED, []);
  t.deepEqual(meter.told, []);
});

test('entries that could not be written are not told of', async (t) => {
  const { log, meter, state } = start();
  state.fails = true;
  await t.throwsAsync(log.append(VOTED, ENTRIES), { is: FAILURE });
  await t.throwsAsync(log.compact(1 as Index), { is: FAILURE });
  t.deepEqual(meter.told, []);
});

test('everything else of the log goes through', async (t) => {
  const { log, meter } = start();
  t.is(log.extent.writes, 1);
  await log.compact(1 as Index);
  await log.reset({} as SnapshotMeta);
  await log.close();
  t.deepEqual(meter.told, ['compact 5']);
});

test('entries are applied at once, or in a while', async (t) => {
  const { machine, state } = start();
  t.is(machine.apply(ENTRIES), undefined);
  state.isSlow = true;
  await t.notThrowsAsync(Promise.resolve(machine.apply(ENTRIES)));
  state.fails = true;
  await t.throwsAsync(Promise.resolve(machine.apply(ENTRIES)), { is: FAILURE });
});

test('the state machine stays what it is, and its chores are timed', async (t) => {
  const { machine, meter } = start();
  t.is(machine.position.index, 1 as Index);
  t.deepEqual(machine.checksum(), new Uint8Array([1]));
  t.is((await machine.sync()).index, 1 as Index);
  await machine.restore(machine.snapshot());
  t.deepEqual(meter.told, ['sync 5', 'snapshot 5', 'restore 5']);
});
