import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openFolder } from '#raft/driver/disk.ts';
import { DiskError, DiskFullError } from '#raft/driver/ports.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('a folder that is not there is made, for its owner only, and so are its files', async (t) => {
  const path = join(temporaryFolder(t), 'a', 'raft');
  const disk = openFolder(path);
  await (await disk.create('log')).close();
  t.deepEqual([modeOf(path), modeOf(join(path, 'log'))], [0o700, 0o600]);
  t.deepEqual(await disk.list(), ['log']);
});

test('what is written is there, wherever and however it is written', async (t) => {
  const path = temporaryFolder(t);
  const file = await openFolder(path).create('log');
  await file.allocate(3_000_000);
  await file.write(5, Buffer.from('buffered'));
  await file.writeDurably(2_999_998, Buffer.from('durable'));
  await file.sync();
  t.is(file.size, 3_000_005);
  t.is((await file.read(5, 8)).toString(), 'buffered');
  t.is((await file.read(2_999_998, 100)).toString(), 'durable');
  t.is((await file.read(4_000_000, 100)).length, 0);
  await file.truncate(7);
  await file.close();
  t.deepEqual(readFileSync(join(path, 'log')), Buffer.from('\0\0\0\0\0bu'));
});

test('a file that is opened again has what it had', async (t) => {
  const path = temporaryFolder(t);
  writeFileSync(join(path, 'log'), 'text');
  const file = await openFolder(path).open('log');
  t.deepEqual([file.size, (await file.read(0, 4)).toString()], [4, 'text']);
  await file.close();
});

test('names change and go', async (t) => {
  const disk = openFolder(temporaryFolder(t));
  for (const name of ['a', 'b', 'c']) await (await disk.create(name)).close();
  await disk.rename('a', 'b');
  await disk.remove('c');
  await disk.syncFolder();
  t.deepEqual(await disk.list(), ['b']);
});

test('what the system refuses is told without the path', async (t) => {
  const path = temporaryFolder(t);
  const disk = openFolder(path);
  await (await disk.create('a')).close();
  mkdirSync(join(path, 'folder'));
  const refused: readonly (readonly [Promise<unknown>, string])[] = [
    [disk.create('a'), 'cannot open a: EEXIST'],
    [disk.open('b'), 'cannot open b: ENOENT'],
    [disk.remove('b'), 'cannot remove b: ENOENT'],
    [disk.rename('b', 'c'), 'cannot rename b: ENOENT'],
    [disk.open('folder'), 'cannot open folder: EISDIR'],
    [disk.open('../a'), 'the name of a file holds a slash'],
  ];
  for (const [answer, message] of refused) {
    const error = await t.throwsAsync(answer, { instanceOf: DiskError, message });
    t.false(error instanceof DiskFullError);
  }
});

test('a disk without room says so', async (t) => {
  // Linux has a device that is always full.
  const file = await openFolder('/dev').open('full');
  const message = 'cannot write full: ENOSPC';
  const wanted = { instanceOf: DiskFullError, message };
  await t.throwsAsync(file.write(0, Buffer.from('x')), wanted);
  await t.throwsAsync(file.writeDurably(0, Buffer.from('x')), wanted);
  await file.close();
});
