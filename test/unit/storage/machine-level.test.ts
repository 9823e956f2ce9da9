// A state machine on disk is found again as it was left, or found to be damaged.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { LevelMedia, resetMachine } from '#storage/machine-level.ts';
import type { Machine } from '#storage/state-machine.ts';
import { DamagedError, StorageError, type Index } from '#storage/physical.ts';
import { inflict, spreadCuts, spreadFlips } from '#test/helpers/damage.ts';
import { configuration, contents, data, open, text } from '#test/helpers/machine.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

const openFolder = (folder: string): Promise<Machine> => open(new LevelMedia(folder));

/** A folder whose store holds two entries, and is not open. */
async function makeStore(t: ExecutionContext): Promise<string> {
  const folder = join(temporaryFolder(t), 'machine');
  const machine = await openFolder(folder);
  await machine.apply([data(1, { a: '1', 'b/c': '2' }), configuration(2, ['n1'])]);
  await machine.close();
  return folder;
}

test('a state machine is found again as it was left', async (t) => {
  const folder = await makeStore(t);
  const machine = await openFolder(folder);
  t.is(machine.position.index, 2 as Index);
  t.is(machine.position.configurationIndex, 2 as Index);
  t.deepEqual(machine.position.configuration, configuration(2, ['n1']).configuration);
  t.deepEqual([text(machine, 'a'), text(machine, 'b/c')], ['1', '2']);
  await machine.close();
});

test('only one process has it open', async (t) => {
  const folder = await makeStore(t);
  const machine = await openFolder(folder);
  await t.throwsAsync(openFolder(folder), { instanceOf: StorageError });
  await machine.close();
});

test('a kill takes back what was not written, and nothing else', async (t) => {
  const folder = await makeStore(t);
  const machine = await openFolder(folder);
  await machine.apply([data(3, { a: '3' })]);
  await machine.sync();
  await machine.apply([data(4, { a: '4' })]);
  const copy = `${folder}-copy`;
  cpSync(folder, copy, { recursive: true });
  await machine.close();
  const copied = await openFolder(copy);
  t.deepEqual([copied.position.index, text(copied, 'a')], [3 as Index, '3']);
  await copied.close();
});

test('a crash while the first store is made leaves an empty folder, or one that is made again', async (t) => {
  const folder = join(temporaryFolder(t), 'machine');
  for (const leave of [
    () => mkdirSync(join(folder, 'store-1'), { recursive: true }),
    async () => {
      await (await openFolder(folder)).close();
      rmSync(join(folder, 'store-current'));
    },
  ]) {
    await leave();
    const machine = await openFolder(folder);
    t.is(machine.position.index, 0 as Index);
    await machine.close();
    t.deepEqual(readdirSync(folder).toSorted(), ['store-1', 'store-current']);
  }
});

test('a store that was not finished is removed', async (t) => {
  const folder = await makeStore(t);
  const media = new LevelMedia(folder);
  await (await media.create()).close();
  t.true(existsSync(join(folder, 'store-2')));
  const machine = await openFolder(folder);
  t.is(text(machine, 'a'), '1');
  t.deepEqual(readdirSync(folder).toSorted(), ['store-1', 'store-current']);
  await machine.close();
});

const DAMAGES: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
  [
    'the pointer is lost',
    (folder) => rmSync(join(folder, 'store-current')),
    /store-1 is in use and nothing says so$/,
  ],
  [
    'the pointer is garbled',
    (folder) => writeFileSync(join(folder, 'store-current'), 'store-x\n'),
    /store-current names no store$/,
  ],
  [
    'the store is lost',
    (folder) => rmSync(join(folder, 'store-1'), { recursive: true }),
    /names store-1, which is missing$/,
  ],
  [
    'a file of the store is lost',
    (folder) => rmSync(join(folder, 'store-1', 'CURRENT')),
    /CURRENT is missing$/,
  ],
];

for (const [what, damage, message] of DAMAGES) {
  test(`damage is found and can be cleared away: ${what}`, async (t) => {
    const folder = await makeStore(t);
    damage(folder);
    await t.throwsAsync(openFolder(folder), { instanceOf: DamagedError, message });
    resetMachine(folder);
    const machine = await openFolder(folder);
    t.is(machine.position.index, 0 as Index);
    t.deepEqual(machine.list(''), []);
    await machine.close();
  });
}

test('resetting what is not there does nothing', (t) => {
  const folder = join(temporaryFolder(t), 'machine');
  resetMachine(folder);
  t.false(existsSync(folder));
});

/** A store as a kill leaves it, with tables and a log; what it held after each entry. */
async function makeHistory(folder: string): Promise<ReadonlyMap<number, string>> {
  const history = new Map([[0, '{}']]);
  const live = `${folder}-live`;
  for (let round = 0; round < 3; round++) {
    const machine = await openFolder(live);
    for (let count = 0; count < 60; count++) {
      const index = machine.index + 1;
      await machine.apply([data(index, { [`a/${index}`]: 'x'.repeat(index), b: `${index}` })]);
      history.set(index, JSON.stringify(contents(machine)));
      if (index % 7 === 0) await machine.sync();
    }
    if (round === 2) cpSync(live, folder, { recursive: true });
    await machine.close();
  }
  return history;
}

async function tryOpen(folder: string, history: ReadonlyMap<number, string>): Promise<string> {
  let machine: Machine | undefined;
  try {
    machine = await openFolder(folder);
    if (history.get(machine.index) !== JSON.stringify(contents(machine))) return 'wrong';
    return machine.index === 175 ? 'harmless' : 'older';
  } catch (error) {
    return error instanceof DamagedError ? 'found' : `wrong: ${String(error)}`;
  } finally {
    await machine?.close();
  }
}

test('a flipped byte or a cut file is found, or leaves the state after some earlier entry', async (t) => {
  const folder = join(temporaryFolder(t), 'machine');
  const history = await makeHistory(folder);
  const store = join(folder, 'store-1');
  const tried = new Map<string, number>();
  for (const damage of [...spreadFlips(store, 60), ...spreadCuts(store, 2)]) {
    const copy = `${folder}-damaged`;
    cpSync(folder, copy, { recursive: true });
    inflict(join(copy, 'store-1'), damage);
    const outcome = await tryOpen(copy, history);
    if (outcome.startsWith('wrong')) t.fail(`${JSON.stringify(damage)}: ${outcome}`);
    tried.set(outcome, (tried.get(outcome) ?? 0) + 1);
    rmSync(copy, { recursive: true });
  }
  t.log([...tried].join('; '));
  t.true((tried.get('found') ?? 0) > 20, 'most damage is found');
});
