import test from 'ava';
import type { Persist } from '#raft/driver/order.ts';
import { Persister, type DurableLog } from '#raft/driver/persister.ts';
import { DiskError, DiskFullError } from '#raft/driver/ports.ts';
import type { Entry, HardState, Index, Sequence, Term } from '#raft/types.ts';

const entry = (index: number, term = 1): Entry => ({
  type: 'noop',
  index: index as Index,
  term: term as Term,
});

const state = (term: number): HardState => ({
  term: term as Term,
  votedFor: undefined,
  commit: 0 as Index,
  isRecovering: false,
});

function persist(entries: readonly Entry[], hardState?: HardState): Persist {
  return { type: 'persist', sequence: 1 as Sequence, hardState, entries };
}

/** A log that answers its appends with these errors, one after the other, and then takes them. */
function start(...errors: readonly Error[]) {
  const done: string[] = [];
  const left = [...errors];
  const log = {
    append(hardState: HardState | undefined, entries: readonly Entry[]): Promise<void> {
      const error = left.shift();
      if (error !== undefined) return Promise.reject(error);
      const names = entries.map(({ index, term }) => `${index}/${term}`);
      done.push(`append ${hardState?.term ?? '-'}: ${names.join(' ')}`);
      return Promise.resolve();
    },
  } as unknown as DurableLog;
  const flags = { hasEnded: false };
  const persister = new Persister(log, {
    pause: () => Promise.resolve(),
    usable: (isUsable) => done.push(isUsable ? 'usable' : 'full'),
    hasEnded: () => flags.hasEnded,
  });
  return { persister, done, flags };
}

test('a group is one write, in the order in which it was asked for', async (t) => {
  const { persister, done } = start();
  await persister.persist([
    persist([entry(1), entry(2), entry(3)], state(1)),
    persist([], state(2)),
    persist([entry(3, 2), entry(4, 2)]),
    persist([entry(5, 2)]),
  ]);
  t.deepEqual(done, ['append 2: 1/1 2/1 3/1 3/2 4/2 5/2']);
});

test('a full disk is told of once, tried again, and told of when there is room', async (t) => {
  const full = new DiskFullError('no room');
  const { persister, done } = start(full, full, full);
  await persister.persist([persist([entry(1)])]);
  t.deepEqual(done, ['full', 'append -: 1/1', 'usable']);
});

test('any other error is the end', async (t) => {
  const { persister, done } = start(new DiskError('EIO'));
  await t.throwsAsync(persister.persist([persist([entry(1)])]), { instanceOf: DiskError });
  t.deepEqual(done, []);
});

test('nobody tries again for a node that has ended', async (t) => {
  const { persister, done, flags } = start(new DiskFullError('no room'));
  const waiting = persister.persist([persist([entry(1)])]);
  flags.hasEnded = true;
  await waiting;
  t.deepEqual(done, ['full']);
});
