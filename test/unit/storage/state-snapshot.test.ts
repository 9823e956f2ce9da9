// A snapshot keeps aside what changes ahead of its walk, and says so when it cannot be right any more.
import test, { type ExecutionContext } from 'ava';
import type { SnapshotMeta, Term } from '#raft/types.ts';
import { Directory } from '#storage/directory.ts';
import { DamagedError, StorageError, type Index } from '#storage/physical.ts';
import { encodeAll, StateHash } from '#storage/record.ts';
import { StateSnapshot } from '#storage/state-snapshot.ts';
import { readParts } from '#storage/state-stream.ts';
import { StillTimer } from '#test/helpers/machine.ts';

const meta: SnapshotMeta = {
  index: 5 as Index,
  term: 1 as Term,
  configuration: [],
  configurationIndex: 0 as Index,
};
const KEYS = ['a', 'b', 'c', 'd', 'e'];

/** A snapshot of five keys whose records are what `read` says. */
function snapshotOf(read: (key: string) => Buffer): {
  snapshot: StateSnapshot;
  directory: Directory;
} {
  const directory = new Directory();
  for (const [at, key] of KEYS.entries()) write(directory, key, at + 1);
  const sum = { count: 5, hash: new StateHash(), staging: undefined };
  const source = { directory, record: read, chunk: () => Buffer.alloc(0) };
  const snapshot = new StateSnapshot({ meta, sum }, source, new StillTimer(), () => undefined);
  return { snapshot, directory };
}

function write(directory: Directory, key: string, index: number): void {
  const value = Buffer.from(`${key}${index}`);
  directory.apply(index as Index, encodeAll(new Map([[key, value]]), index as Index));
}

async function recordsOf(snapshot: StateSnapshot): Promise<readonly string[]> {
  const records: string[] = [];
  for await (const parts of readParts(snapshot.chunks())) {
    for (const part of parts) if (part.type === 'record') records.push(part.bytes.toString());
  }
  return records.toSorted();
}

function change(
  t: ExecutionContext,
  { snapshot, directory }: ReturnType<typeof snapshotOf>,
  key: string,
): void {
  const entry = directory.entry(key);
  if (entry === undefined) t.fail(`${key} is not there`);
  else snapshot.keep(key, entry);
  write(directory, key, directory.index + 1);
}

test('each record comes once, as it was', async (t) => {
  const present = new Map(KEYS.map((key) => [key, key]));
  const made = snapshotOf((key) => Buffer.from(present.get(key) ?? ''));
  for (const key of ['b', 'd', 'b']) {
    change(t, made, key);
    present.set(key, 'new');
  }
  write(made.directory, 'f', 9);
  t.deepEqual(await recordsOf(made.snapshot), KEYS);
});

test('more than memory should hold ends it', async (t) => {
  // Nothing is ever written there, so it takes up no memory.
  const made = snapshotOf(() => Buffer.alloc(100 * 1024 * 1024));
  for (const key of ['a', 'b', 'c']) change(t, made, key);
  await t.throwsAsync(recordsOf(made.snapshot), {
    instanceOf: StorageError,
    message: 'too much has changed while a snapshot was read',
  });
});

test('a damaged record does not keep it from being written again, and is told to whoever reads', async (t) => {
  const made = snapshotOf((key) => {
    if (key === 'c') throw new DamagedError('the record of c is missing');
    return Buffer.from(key);
  });
  t.notThrows(() => change(t, made, 'c'));
  await t.throwsAsync(recordsOf(made.snapshot), { instanceOf: DamagedError });
});

test('what was let go cannot be read', async (t) => {
  const { snapshot } = snapshotOf((key) => Buffer.from(key));
  snapshot.release();
  await t.throwsAsync(recordsOf(snapshot), { instanceOf: StorageError });
});
