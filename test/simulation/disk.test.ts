import test from 'ava';
import { DiskError, DiskFullError, type Disk, type DiskFile } from '#raft/driver/ports.ts';
import { seededRandom } from '#test/helpers/random.ts';
import { VirtualDisk, type Fault, type Operation } from './disk.ts';

const SECTOR = 512;

function newDisk(seed = 1): { readonly device: VirtualDisk; readonly disk: Disk } {
  const device = new VirtualDisk(seededRandom(seed));
  return { device, disk: device.mount() };
}

/** Sectors that are each full of one character. */
const full = (characters: string): Buffer =>
  Buffer.concat(characters.split('').map((character) => Buffer.alloc(SECTOR, character)));

async function durableFile(disk: Disk, name: string, characters: string): Promise<DiskFile> {
  const file = await disk.create(name);
  await file.write(0, full(characters));
  await file.sync();
  await disk.syncFolder();
  return file;
}

/** What each sector holds: its first character. */
function sectors(device: VirtualDisk, name: string): string {
  const text = device.contents(name).toString('latin1');
  return text.replaceAll(/([^])[^]{511}/g, '$1');
}

const meets = (device: VirtualDisk, operation: Operation, fault: Fault): void => {
  device.settings.fault = (call) => (call.operation === operation ? fault : undefined);
};

/** All that crashes make of one moment. */
function outcomes(device: VirtualDisk, look: (crashed: VirtualDisk) => string): Set<string> {
  const found = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const crashed = device.copy(seededRandom(seed));
    crashed.crash();
    found.add(look(crashed));
  }
  return found;
}

const names = (device: VirtualDisk): string =>
  device.files
    .map(({ name }) => name)
    .toSorted()
    .join(' ');

test('what the device settles is there after a crash, whoever lied about it', async (t) => {
  const { device, disk } = newDisk();
  meets(device, 'sync', { type: 'lie' });
  meets(device, 'syncFolder', { type: 'lie' });
  await durableFile(disk, 'a', 'abc');
  t.true(outcomes(device, names).has(''));
  device.settle();
  t.deepEqual([...outcomes(device, (crashed) => sectors(crashed, 'a'))], ['abc']);
});

test('a crash keeps what was synced and any of the sectors that were not', async (t) => {
  const { device, disk } = newDisk();
  const file = await durableFile(disk, 'a', 'abc');
  await file.write(0, full('xy'));
  t.is(sectors(device, 'a'), 'xyc');
  const found = outcomes(device, (crashed) => sectors(crashed, 'a'));
  t.deepEqual([...found].toSorted(), ['abc', 'ayc', 'xbc', 'xyc']);
});

test('of a sector that was written twice, a crash keeps any version', async (t) => {
  const { device, disk } = newDisk();
  const file = await durableFile(disk, 'a', 'a');
  await file.write(0, full('b'));
  await file.write(0, full('c'));
  const found = outcomes(device, (crashed) => sectors(crashed, 'a'));
  t.deepEqual([...found].toSorted(), ['a', 'b', 'c']);
});

test('a file that grows may be longer or not after a crash, with zeroes where nothing is', async (t) => {
  const { device, disk } = newDisk();
  const file = await durableFile(disk, 'a', 'a');
  await file.write(SECTOR, full('b'));
  const found = outcomes(device, (crashed) => sectors(crashed, 'a'));
  t.deepEqual([...found].toSorted(), ['a', 'a\0', 'ab']);
});

test('a durable write makes durable what it writes and nothing else', async (t) => {
  const { device, disk } = newDisk();
  const file = await durableFile(disk, 'a', 'ab');
  await file.write(0, full('x'));
  await file.writeDurably(SECTOR, full('y'));
  const found = outcomes(device, (crashed) => sectors(crashed, 'a'));
  t.deepEqual([...found].toSorted(), ['ay', 'xy']);
});

test('names are durable once the folder is synced', async (t) => {
  const { device, disk } = newDisk();
  await durableFile(disk, 'a', 'a');
  const file = await disk.create('b');
  await file.sync();
  await disk.rename('b', 'c');
  await disk.remove('a');
  // The rename only behind the creation, and the removal with or without both.
  t.deepEqual([...outcomes(device, names)].toSorted(), ['', 'a', 'a b', 'a c', 'b', 'c']);
  await disk.syncFolder();
  t.deepEqual([...outcomes(device, names)], ['c']);
});

test('a rename replaces the file of that name as a whole', async (t) => {
  const { device, disk } = newDisk();
  await durableFile(disk, 'a', 'a');
  await durableFile(disk, 'b', 'b');
  await disk.rename('b', 'a');
  const found = outcomes(device, (crashed) => names(crashed) + sectors(crashed, 'a'));
  t.deepEqual([...found].toSorted(), ['a ba', 'ab']);
});

test('a process that is killed leaves everything that it wrote, and is never answered again', async (t) => {
  const { device, disk } = newDisk();
  const file = await durableFile(disk, 'a', 'a');
  await file.write(0, full('b'));
  device.kill();
  t.is(sectors(device, 'a'), 'b');
  const answered = await Promise.race([file.sync().then(() => true), device.mount().list()]);
  t.deepEqual(answered, ['a']);
  const found = outcomes(device, (crashed) => sectors(crashed, 'a'));
  t.deepEqual([...found].toSorted(), ['a', 'b']);
});

test('what a full disk refuses is written in part and does not grow the file', async (t) => {
  const { device, disk } = newDisk();
  const file = await durableFile(disk, 'a', 'ab');
  device.settings.capacity = 2 * SECTOR;
  await t.throwsAsync(file.write(SECTOR, full('xy')), {
    instanceOf: DiskFullError,
    message: 'cannot write a: ENOSPC',
  });
  t.is(file.size, 2 * SECTOR);
  t.regex(sectors(device, 'a'), /^a[bx]$/);
  await file.write(0, full('z'));
  device.settings.capacity = 3 * SECTOR;
  await file.allocate(3 * SECTOR);
  t.regex(sectors(device, 'a'), /^z[bx]\0$/);
});

test('what a failed sync did not do, no later one does', async (t) => {
  const found = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    const { device, disk } = newDisk(seed);
    const file = await durableFile(disk, 'a', 'a');
    await file.write(0, full('b'));
    meets(device, 'sync', { type: 'error' });
    const error = await t.throwsAsync(file.sync(), { instanceOf: DiskError });
    t.false(error instanceof DiskFullError);
    device.settings.fault = () => undefined;
    await file.sync();
    t.is(sectors(device, 'a'), 'b');
    device.crash();
    found.add(sectors(device, 'a'));
  }
  t.deepEqual([...found].toSorted(), ['a', 'b']);
});

test('a sync that lies leaves everything to the next honest one', async (t) => {
  const { device, disk } = newDisk();
  const file = await durableFile(disk, 'a', 'a');
  await file.write(0, full('b'));
  meets(device, 'sync', { type: 'lie' });
  await file.sync();
  t.is(outcomes(device, (crashed) => sectors(crashed, 'a')).size, 2);
  device.settings.fault = () => undefined;
  await file.sync();
  t.is(outcomes(device, (crashed) => sectors(crashed, 'a')).size, 1);
});

test('a misdirected write lands elsewhere', async (t) => {
  const { device, disk } = newDisk();
  const file = await durableFile(disk, 'a', 'abc');
  meets(device, 'writeDurably', { type: 'misdirect', sectors: 2 });
  await file.writeDurably(0, full('x'));
  t.is(sectors(device, 'a'), 'abx');
});

test('rot and loss change what lies there', async (t) => {
  const { device, disk } = newDisk();
  await durableFile(disk, 'a', 'ab');
  device.rot('a', SECTOR, 1);
  t.is(sectors(device, 'a'), 'ac');
  device.lose('a', SECTOR);
  device.crash();
  t.is(sectors(device, 'a'), 'a');
  device.lose('a');
  t.deepEqual(device.files, []);
});

test('calls take the time of the timer, and one that hangs the time it is given', async (t) => {
  const { device } = newDisk();
  const waiting: [number, () => void][] = [];
  const disk = device.mount({
    now: () => 0,
    after: (delay, action) => {
      waiting.push([delay, action]);
      return () => undefined;
    },
  });
  device.settings.latency = ({ operation }) => (operation === 'create' ? 3 : 0);
  const created = disk.create('a');
  t.is(waiting[0]?.[0], 3);
  waiting[0]?.[1]();
  const file = await created;
  meets(device, 'writeDurably', { type: 'hang', milliseconds: 700 });
  const written = file.writeDurably(0, full('x'));
  t.is(waiting[1]?.[0], 700);
  t.is(sectors(device, 'a'), 'x');
  waiting[1]?.[1]();
  await written;
  t.is(file.size, SECTOR);
});

test('calls are counted and named for whoever chooses their faults', async (t) => {
  const { device, disk } = newDisk();
  const calls: string[] = [];
  device.settings.fault = ({ number, operation, name }) => {
    calls.push(`${number} ${operation} ${name}`);
    return undefined;
  };
  const file = await disk.create('a');
  await file.write(0, full('a'));
  await file.sync();
  await disk.syncFolder();
  t.deepEqual(calls, ['1 create a', '2 write a', '3 sync a', '4 syncFolder ']);
});
