// LevelDB takes no write after one for which there was no room: it is opened again, and nothing is lost or torn by that.
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { LevelDatabase, openDatabase } from '#storage/level-database.ts';
import { DamagedError, FullError, StorageError } from '#storage/physical.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

const state = (text: string): Buffer => Buffer.from(`state ${text}`);
const record = (text: string): ReadonlyMap<string, Buffer> => new Map([['a', Buffer.from(text)]]);

/** A store that has come as far as `written`, and a database whose disk refuses: it believes to stand where it was. */
async function refusing(
  t: ExecutionContext,
  written: string,
  reason: string,
): Promise<LevelDatabase> {
  const folder = join(temporaryFolder(t), 'store');
  const real = await openDatabase(folder, false);
  await real.begin(state('1'));
  await real.write(record(written), state(written));
  await real.close();
  const refused = {
    getSync: () => state('1'),
    batch: () => ({ put: () => undefined, write: () => Promise.reject(new Error(reason)) }),
    close: () => Promise.resolve(),
  };
  type Database = ConstructorParameters<typeof LevelDatabase>[1];
  return new LevelDatabase(folder, refused as unknown as Database);
}

const FULL = 'IO error: 000005.log: No space left on device';

for (const [what, written] of [
  ['it has not taken place', '1'],
  ['it has taken place after all', '2'],
] as const) {
  test(`a write for which there was no room is made again: ${what}`, async (t) => {
    const database = await refusing(t, written, FULL);
    await t.throwsAsync(database.write(record('2'), state('2')), { instanceOf: FullError });
    await database.write(record('3'), state('3'));
    t.is(database.read('a')?.toString(), '3');
    t.deepEqual(database.state(), state('3'));
    await database.close();
  });
}

test('what is neither before nor after that write is damage', async (t) => {
  const database = await refusing(t, 'something else', FULL);
  await t.throwsAsync(database.write(record('2'), state('2')), { instanceOf: FullError });
  await t.throwsAsync(database.write(record('3'), state('3')), { instanceOf: DamagedError });
  await database.close();
});

test('every other failure is no matter of room', async (t) => {
  const database = await refusing(t, '1', 'IO error: 000005.log: Input/output error');
  const failed = await t.throwsAsync(database.write(record('2'), state('2')), {
    instanceOf: StorageError,
  });
  t.false(failed instanceof FullError);
});
