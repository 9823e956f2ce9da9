// LevelDB keeps the contract of every backend, and a damaged store is found. Every place of every file is tried
// elsewhere; here are some hundreds.
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openLevel } from '#storage/level.ts';
import { DamagedError, StorageError, type Index, type Physical } from '#storage/physical.ts';
import { batch, storageSuite } from '#test/conformance/storage.ts';
import {
  copyLive,
  spreadCuts,
  spreadFlips,
  tryDamage,
  type Contents,
  type Damage,
} from '#test/helpers/damage.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

storageSuite('level', {
  make: (t) => {
    const folder = join(temporaryFolder(t), 'store');
    return () => openLevel(folder);
  },
  survives: true,
});

/** A small store as a kill leaves it: two tables and a log, of 260 batches in which keys come again. */
async function makeStore(folder: string): Promise<Contents> {
  const expected = new Map<string, string>();
  const fill = async (store: Physical, from: number, to: number): Promise<void> => {
    for (let round = from; round < to; round++) {
      const writes = { [`a/${round}`]: 'x'.repeat(round), [`b/c/${round % 37}`]: `${round}` };
      for (const [key, value] of Object.entries(writes)) expected.set(key, value);
      await store.commit(batch({ writes }));
    }
  };
  const live = `${folder}-live`;
  for (const [from, to] of [
    [0, 100],
    [80, 200],
  ] as const) {
    const store = await openLevel(live);
    await fill(store, from, to);
    await store.close();
  }
  const store = await openLevel(live);
  await fill(store, 190, 260);
  copyLive(live, folder);
  await store.close();
  return expected;
}

async function checkAll(
  t: ExecutionContext,
  choose: (folder: string) => readonly Damage[],
): Promise<string[]> {
  const folder = join(temporaryFolder(t), 'store');
  const expected = await makeStore(folder);
  t.deepEqual(readdirSync(folder).filter((name) => name.endsWith('.ldb')).length, 2);
  const results: string[] = [];
  for (const damage of choose(folder)) {
    const outcome = await tryDamage(folder, expected, damage);
    if (outcome.result === 'wrong') t.fail(`${JSON.stringify(damage)}: ${outcome.detail}`);
    results.push(`${damage.file.replace(/\d+/, 'N')} ${outcome.result}`);
  }
  return results;
}

test('a flipped byte anywhere is found and named, or does no harm', async (t) => {
  const results = await checkAll(t, (folder) => spreadFlips(folder, 300));
  t.true(results.length >= 300);
  const found = results.filter((result) => result.endsWith('found')).length;
  t.true(found > 250, `${found} of ${results.length} found`);
  const harmless = results.filter((result) => result.endsWith('harmless'));
  t.deepEqual(
    [...new Set(harmless)].filter((result) => !/^(LOG|anchor|N.ldb) /.test(result)),
    [],
  );
});

test('a file that is cut short or taken away is found and named, or does no harm', async (t) => {
  const results = await checkAll(t, (folder) => spreadCuts(folder, 8));
  const harmless = results.filter((result) => result.endsWith('harmless'));
  t.deepEqual([...new Set(harmless)].toSorted(), [
    'LOCK harmless',
    'LOG harmless',
    'anchor harmless',
  ]);
});

test('a store that was killed opens with all that was acknowledged', async (t) => {
  const folder = join(temporaryFolder(t), 'store');
  const expected = await makeStore(folder);
  const store = await openLevel(folder);
  for (const [key, value] of expected) t.is(Buffer.from(store.get(key) ?? '').toString(), value);
  t.is(store.index, 290 as Index);
  await store.close();
});

test('a damaged store stays damaged, however often it is opened', async (t) => {
  const folder = join(temporaryFolder(t), 'store');
  await makeStore(folder);
  const log = readdirSync(folder).find((name) => name.endsWith('.log')) ?? '';
  writeFileSync(join(folder, log), '');
  for (let time = 0; time < 3; time++) {
    await t.throwsAsync(openLevel(folder), {
      instanceOf: DamagedError,
      message: /has lost writes that were acknowledged: batches 221 to 290$/,
    });
  }
});

test('a power cut may take back the anchor, but no batch', async (t) => {
  const folder = join(temporaryFolder(t), 'store');
  const anchor = join(folder, 'anchor');
  const first = await openLevel(folder);
  const empty = readFileSync(anchor);
  await first.commit(batch({ writes: { a: '1' } }));
  await first.commit(batch({ writes: { b: '1' } }));
  await first.close();
  for (const older of [empty, Buffer.alloc(0), undefined]) {
    if (older === undefined) rmSync(anchor);
    else writeFileSync(anchor, older);
    const store = await openLevel(folder);
    t.deepEqual([store.index, store.list('')], [2 as Index, ['a', 'b']]);
    await store.close();
  }
});

test('the anchor of another store does not fit', async (t) => {
  const folder = join(temporaryFolder(t), 'store');
  const [mine, other] = [folder, `${folder}-other`];
  for (const [place, value] of [
    [mine, '1'],
    [other, '2'],
  ] as const) {
    const store = await openLevel(place);
    await store.commit(batch({ writes: { a: value } }));
    await store.close();
  }
  copyFileSync(join(other, 'anchor'), join(mine, 'anchor'));
  await t.throwsAsync(openLevel(mine), {
    instanceOf: DamagedError,
    message: `${mine} does not hold what was acknowledged last`,
  });
});

test('a store is opened by one at a time', async (t) => {
  const folder = join(temporaryFolder(t), 'store');
  const first = await openLevel(folder);
  await first.commit(batch({ writes: { a: '1' } }));
  await t.throwsAsync(openLevel(folder), {
    instanceOf: StorageError,
    message: /^cannot open .*lock/,
  });
  await first.commit(batch({ writes: { b: '1' } }));
  await first.close();
  const second = await openLevel(folder);
  t.deepEqual(second.list(''), ['a', 'b']);
  await second.close();
});

test('only the owner may enter the folder and read the files, whatever the umask and the modes before', async (t) => {
  const umask = process.umask(0);
  t.teardown(() => process.umask(umask));
  const folder = join(temporaryFolder(t), 'data', 'store');
  const modes = (): string[] => [
    ...new Set(
      readdirSync(folder).map((name) => (statSync(join(folder, name)).mode & 0o777).toString(8)),
    ),
  ];
  const first = await openLevel(folder);
  t.deepEqual(modes(), ['600']);
  t.is(statSync(folder).mode & 0o777, 0o700);
  t.is(statSync(join(folder, '..')).mode & 0o777, 0o700);
  const value = 'x'.repeat(100_000);
  for (let round = 0; round < 60; round++) {
    await first.commit(batch({ writes: { [`k${round}`]: value } }));
  }
  await first.commit(batch({ writes: { large: 'x'.repeat(1_100_000) } }));
  t.deepEqual(modes(), ['600'], 'also files that LevelDB has begun meanwhile');
  await first.close();
  t.deepEqual(modes(), ['600']);

  chmodSync(folder, 0o755);
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o644);
  const second = await openLevel(folder);
  t.deepEqual(modes(), ['600']);
  t.is(statSync(folder).mode & 0o777, 0o700);
  await second.close();
});

test('a creation that a power cut has ended early begins again', async (t) => {
  const folder = join(temporaryFolder(t), 'store');
  mkdirSync(folder);
  writeFileSync(join(folder, 'LOCK'), '');
  writeFileSync(join(folder, '000001.dbtmp'), '');
  writeFileSync(join(folder, 'anchor.new'), 'x');
  const first = await openLevel(folder);
  await first.commit(batch({ writes: { a: '1' } }));
  await first.close();
  const second = await openLevel(folder);
  t.deepEqual(second.list(''), ['a']);
  await second.close();
});

test('a folder that holds tables and no store is not overwritten', async (t) => {
  const folder = join(temporaryFolder(t), 'store');
  mkdirSync(folder);
  writeFileSync(join(folder, '000005.ldb'), 'precious');
  await t.throwsAsync(openLevel(folder), {
    instanceOf: DamagedError,
    message: /CURRENT is missing$/,
  });
  t.true(readdirSync(folder).includes('000005.ldb'));
});

test('a place that is no folder is refused', async (t) => {
  const file = join(temporaryFolder(t), 'file');
  writeFileSync(file, '');
  await t.throwsAsync(openLevel(file), {
    instanceOf: StorageError,
    message: /^cannot open .*EEXIST/,
  });
});
