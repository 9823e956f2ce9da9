import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openStorage } from '#storage/backends.ts';
import { NEVER } from '#storage/physical.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

test('inmem and file open a store', async (t) => {
  const folder = join(temporaryFolder(t), 'data');
  for (const type of ['inmem', 'file']) {
    const store = await openStorage(type, { path: folder });
    t.is(store.type, 'alone');
    t.is(store.physical.index, NEVER);
    await store.physical.close();
  }
  t.true(existsSync(folder));
});

const REFUSED: readonly (readonly [string, Record<string, unknown>, string])[] = [
  ['consul', {}, 'Unknown storage type consul'],
  ['', {}, 'Unknown storage type '],
  ['constructor', {}, 'Unknown storage type constructor'],
  ['file', {}, "'path' must be set"],
  ['file', { path: '' }, "'path' must be set"],
  ['file', { path: 7 }, "'path' must be set"],
];

for (const [type, settings, message] of REFUSED) {
  test(`${type} with ${JSON.stringify(settings)} is refused: ${message}`, async (t) => {
    await t.throwsAsync(openStorage(type, settings), { message });
  });
}
