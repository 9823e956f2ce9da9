import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openLevel } from '#storage/level.ts';
import { readManifest } from '#storage/leveldb/manifest.ts';
import { checkTables } from '#storage/leveldb/table.ts';
import { DamagedError } from '#storage/physical.ts';
import { batch } from '#test/conformance/storage.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

/** A closed store of some tables that LevelDB has merged in part. */
async function makeTables(t: ExecutionContext): Promise<string> {
  const folder = join(temporaryFolder(t), 'store');
  for (let round = 0; round < 4; round++) {
    const store = await openLevel(folder);
    for (let at = 0; at < 30; at++) {
      await store.commit(batch({ writes: { [`key ${at * round}`]: 'x'.repeat(3000) } }));
    }
    await store.close();
  }
  return folder;
}

function tablesIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.ldb'));
}

test('the manifest names the tables that are there, with their sizes', async (t) => {
  const folder = await makeTables(t);
  const tables = readManifest(folder);
  t.deepEqual(tables.map(({ name }) => name).toSorted(), tablesIn(folder).toSorted());
  t.true(tables.length > 1);
  for (const { name, size } of tables) t.is(readFileSync(join(folder, name)).length, size);
});

test('each flipped bit of a table is found, but for those that fill the footer', async (t) => {
  const folder = await makeTables(t);
  const name = tablesIn(folder)[0] ?? '';
  const file = join(folder, name);
  const whole = readFileSync(file);
  t.notThrows(() => checkTables(folder));
  let missed = 0;
  for (let at = 0; at < whole.length; at += at < whole.length - 600 ? 97 : 1) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
    writeFileSync(file, damaged);
    try {
      checkTables(folder);
      missed += 1;
      t.true(at > whole.length - 48 && whole[at] === 0, `byte ${at} of ${whole.length}`);
    } catch (error) {
      t.true(error instanceof DamagedError && error.message.startsWith(`${file} is damaged: `));
    }
  }
  t.true(missed < 40);
});

test('a table that is too long is damaged, one that is in no use does not matter', async (t) => {
  const folder = await makeTables(t);
  writeFileSync(join(folder, '999999.ldb'), 'half made when the power went');
  t.notThrows(() => checkTables(folder));
  const [name = ''] = tablesIn(folder);
  appendFileSync(join(folder, name), 'x');
  t.throws(() => checkTables(folder), {
    instanceOf: DamagedError,
    message: /it has \d+ bytes of \d+$/,
  });
});

test('without a readable manifest there is nothing to check: LevelDB says what is wrong', async (t) => {
  const folder = await makeTables(t);
  writeFileSync(join(folder, 'CURRENT'), '../elsewhere\n');
  t.notThrows(() => checkTables(folder));
  t.throws(() => readManifest(folder), { instanceOf: SyntaxError });
  await t.throwsAsync(openLevel(folder), { instanceOf: DamagedError });
});
