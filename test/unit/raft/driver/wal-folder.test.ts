import { join } from 'node:path';
import test from 'ava';
import { openFolder } from '#raft/driver/disk.ts';
import { openWal } from '#raft/driver/wal-open.ts';
import type { Entry, HardState, Index, NodeId, Term } from '#raft/types.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

const SETTINGS = { segmentBytes: 16 * 1024 };

const entry = (index: number, bytes = 100): Entry => ({
  type: 'data',
  index: index as Index,
  term: 1 as Term,
  data: Buffer.alloc(bytes, index),
});

const voted: HardState = {
  term: 1 as Term,
  votedFor: 'a' as NodeId,
  commit: 3 as Index,
  isRecovering: false,
};

test('the log says what it takes on the disk, and how often it was written to', async (t) => {
  const disk = openFolder(join(temporaryFolder(t), 'raft'));
  const { wal } = await openWal(disk, SETTINGS);
  const before = wal.extent;
  t.deepEqual([before.bytes, before.writes], [SETTINGS.segmentBytes, 0]);
  await wal.append(voted, [entry(1, 600)]);
  const after = wal.extent;
  t.deepEqual([after.bytes, after.writes], [SETTINGS.segmentBytes, 1]);
  t.true(after.freeBytes <= before.freeBytes - 600);
  for (let index = 2; index < 40; index += 1) await wal.append(undefined, [entry(index, 600)]);
  t.is(wal.extent.writes, 39);
  t.true(wal.extent.bytes > SETTINGS.segmentBytes);
  await wal.close();
});

test('what was appended on a real disk is there when the log is opened again', async (t) => {
  const disk = openFolder(join(temporaryFolder(t), 'raft'));
  const { wal, ...empty } = await openWal(disk, SETTINGS);
  t.deepEqual([empty.start.index, empty.entries.length, empty.hardState.term], [0, 0, 0]);
  const entries = Array.from({ length: 200 }, (_, at) => entry(at + 1, 300));
  await wal.append(voted, entries.slice(0, 5));
  await Promise.all(entries.slice(5).map((one) => wal.append(undefined, [one])));
  await wal.compact(120 as Index);
  await wal.close();
  const again = await openWal(disk, SETTINGS);
  t.deepEqual(again.entries, entries.slice(120));
  t.deepEqual(again.start, { index: 120, term: 1, configuration: [], configurationIndex: 0 });
  t.deepEqual(again.hardState, { ...voted, commit: 120 });
  await again.wal.close();
});
