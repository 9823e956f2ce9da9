import test from 'ava';
import { Compaction, type CompactionSettings } from '#raft/driver/compaction.ts';
import { DiskFullError, type Position } from '#raft/driver/ports.ts';
import type { Entry, Index, Term } from '#raft/types.ts';
import { settle } from '#test/helpers/medium.ts';

const SETTINGS: CompactionSettings = {
  trailingLogs: 10,
  snapshotThreshold: 100,
  snapshotInterval: 5_000,
};

const index = (number: number): Index => number as Index;

function entries(from: number, through: number, bytes = 10): Entry[] {
  return Array.from({ length: through - from + 1 }, (_, at) => ({
    type: 'data',
    index: index(from + at),
    term: 1 as Term,
    data: Buffer.alloc(bytes),
  }));
}

function start(settings: Partial<CompactionSettings> = {}) {
  const done: string[] = [];
  const world = {
    durable: 0,
    failure: undefined as Error | undefined,
    held: undefined as Index | undefined,
    syncing: undefined as Promise<void> | undefined,
  };
  const position = (): Position => ({
    index: index(world.durable),
    term: 1 as Term,
    configuration: [],
    configurationIndex: index(0),
  });
  const compaction = new Compaction(
    { ...SETTINGS, ...settings },
    {
      sync: async () => {
        await world.syncing;
        return position();
      },
      heldAt: () => world.held,
      compact: (through) => {
        if (world.failure !== undefined) return Promise.reject(world.failure);
        done.push(`compact ${through}`);
        return Promise.resolve();
      },
      compacted: (snapshot, through) => done.push(`compacted ${snapshot.index} ${through}`),
      failed: (error) => done.push(String(error)),
    },
    { start: index(0), applied: index(0), now: 0 },
  );
  const apply = async (from: number, through: number, bytes?: number): Promise<void> => {
    world.durable = through;
    compaction.applied(entries(from, through, bytes), 0);
    await settle();
  };
  return { compaction, done, world, apply };
}

test('after so many entries the log is cut, but for a tail', async (t) => {
  const { done, apply } = start();
  await apply(1, 99);
  t.deepEqual(done, []);
  await apply(100, 100);
  t.deepEqual(done, ['compact 90', 'compacted 100 90']);
  await apply(101, 199);
  t.is(done.length, 2);
  await apply(200, 200);
  t.deepEqual(done.slice(2), ['compact 190', 'compacted 200 190']);
});

test('after so long it is cut if anything has changed', async (t) => {
  const { compaction, done, apply } = start();
  compaction.check(6_000);
  await settle();
  t.deepEqual(done, []);
  await apply(1, 20);
  compaction.check(4_999);
  await settle();
  t.deepEqual(done, []);
  compaction.check(6_000);
  await settle();
  t.deepEqual(done, ['compact 10', 'compacted 20 10']);
  compaction.check(12_000);
  await settle();
  t.is(done.length, 2);
});

test('a tail of large entries is cut by its bytes', async (t) => {
  const { done, apply } = start({ trailingLogs: 1000, snapshotThreshold: 1_000_000 });
  for (let at = 1; at <= 130; at++) await apply(at, at, 1024 * 1024);
  t.deepEqual(
    done.filter((what) => what.startsWith('compact ')),
    ['compact 1', 'compact 65'],
  );
});

test('what a follower will want stays, unless it is too much', async (t) => {
  const { done, world, apply } = start();
  world.held = index(20);
  await apply(1, 100);
  t.deepEqual(done, ['compact 20', 'compacted 100 20']);
  for (let at = 101; at <= 400; at++) await apply(at, at, 1024 * 1024);
  t.true(Number(done.at(-1)?.split(' ')[2]) > 20, done.at(-1));
});

test('what is not durable stays, whatever was applied', async (t) => {
  const { compaction, done, world } = start({ trailingLogs: 0 });
  world.durable = 30;
  compaction.applied(entries(1, 100), 0);
  await settle();
  t.deepEqual(done, ['compact 30', 'compacted 30 30']);
});

test('a log that a snapshot has replaced meanwhile is not cut', async (t) => {
  const { compaction, done, world } = start();
  const syncing = Promise.withResolvers<void>();
  world.syncing = syncing.promise;
  world.durable = 100;
  compaction.applied(entries(1, 100), 0);
  compaction.reset(index(500));
  syncing.resolve();
  await settle();
  t.deepEqual(done, []);
  t.is(compaction.start, index(500));
});

test('a full disk is waited for, any other error is the end', async (t) => {
  const { done, world, apply } = start();
  world.failure = new DiskFullError('no room');
  await apply(1, 100);
  t.deepEqual(done, []);
  world.failure = new Error('EIO');
  await apply(101, 200);
  t.deepEqual(done, ['Error: EIO']);
});
