import test from 'ava';
import { CorruptionError } from '#raft/driver/ports.ts';
import { openWal, startOver } from '#raft/driver/wal-open.ts';
import { seededRandom } from '#test/helpers/random.ts';
import { VirtualDisk } from '#test/simulation/disk.ts';
import { change, data, live, logOf, meta, noop, script, vote, type Log } from './wal-workload.ts';

const SECTOR = 512;
/** Few sectors, so that each byte can be tried. */
const SMALL = { segmentBytes: 4 * SECTOR };

const STEPS = script((life) => {
  life.append([vote(1, 'a', 0), [change(1, 1, 'a'), noop(2, 1)]]);
  life.append([undefined, [data(3, 1, 600)]]);
  life.append([vote(2, 'b', 2), [data(3, 2), data(4, 2)]]);
  life.compact(2, meta(2, 1, 1, 'a'));
  life.append([vote(2, 'b', 4), [data(5, 2), data(6, 2, 600)]]);
});
const LOG = STEPS.at(-1)?.through.at(-1) as Log;
const LAST_GROUP_SECTORS = 2;

const newDevice = (seed = 1): VirtualDisk => new VirtualDisk(seededRandom(seed));

async function lived(): Promise<VirtualDisk> {
  const device = newDevice();
  await live(device.mount(), () => undefined, { steps: STEPS, settings: SMALL });
  device.crash();
  return device;
}

async function opens(device: VirtualDisk): Promise<Log | CorruptionError> {
  try {
    return logOf(await openWal(device.mount(), SMALL));
  } catch (error) {
    if (error instanceof CorruptionError) return error;
    throw error;
  }
}

const logs = (device: VirtualDisk): readonly string[] =>
  device.files.map(({ name }) => name).filter((name) => name.endsWith('.wal'));

/** The last of them was made ahead and is not begun. */
const begun = (device: VirtualDisk): readonly string[] => logs(device).slice(0, -1);

test('the log of these tests has several segments and one in which the last group is', async (t) => {
  const device = await lived();
  t.is(begun(device).length, 2);
  t.deepEqual(await opens(device.copy(seededRandom(1))), LOG);
});

test('any flipped bit in the log is found, and none gives other entries', async (t) => {
  const device = await lived();
  for (const name of begun(device)) {
    for (let at = 0; at < SMALL.segmentBytes; at++) {
      const damaged = device.copy(seededRandom(1));
      damaged.rot(name, at, 1 << (at % 8));
      const found = await opens(damaged);
      t.true(found instanceof CorruptionError, `${name} byte ${at}`);
    }
  }
});

test('a segment that was made ahead may be damaged: nothing was in it', async (t) => {
  const device = await lived();
  const spare = logs(device).at(-1) as string;
  for (let at = 0; at < SMALL.segmentBytes; at += 7) {
    const damaged = device.copy(seededRandom(1));
    damaged.rot(spare, at);
    t.deepEqual(await opens(damaged), LOG, `byte ${at}`);
    damaged.kill();
    t.deepEqual(await opens(damaged), LOG, `byte ${at}, again`);
  }
});

test('any flipped bit in the state beside the log is made good by the log', async (t) => {
  const device = await lived();
  for (let at = 0; at < 4096 + SECTOR; at += at === SECTOR ? 4096 - SECTOR : 1) {
    const damaged = device.copy(seededRandom(1));
    damaged.rot('state', at, 1 << (at % 8));
    t.deepEqual(await opens(damaged), LOG, `byte ${at}`);
    damaged.crash();
    await t.notThrowsAsync(startOver(damaged.mount(), SMALL), `byte ${at}`);
  }
});

test('a state that is damaged as a whole is written again', async (t) => {
  const device = await lived();
  device.rot('state', 20);
  device.rot('state', 4120);
  t.deepEqual(await opens(device), LOG);
  device.crash();
  await t.notThrowsAsync(startOver(device.mount(), SMALL));
});

test('a sector that was never written is found unless it belongs to the last group', async (t) => {
  const device = await lived();
  const names = begun(device);
  for (const name of names) {
    const used = usedSectors(device, name);
    for (let sector = 0; sector < used; sector++) {
      const damaged = device.copy(seededRandom(1));
      zero(damaged, name, sector);
      const found = await opens(damaged);
      const isLast = name === names.at(-1) && sector >= used - LAST_GROUP_SECTORS;
      if (isLast) t.deepEqual((found as Log).entries, LOG.entries.slice(0, -1));
      else t.true(found instanceof CorruptionError, `${name} sector ${sector}`);
    }
  }
});

function zero(device: VirtualDisk, name: string, sector: number): void {
  const bytes = device.contents(name);
  for (let at = sector * SECTOR; at < (sector + 1) * SECTOR; at++) {
    device.rot(name, at, bytes[at] ?? 0);
  }
}

function usedSectors(device: VirtualDisk, name: string): number {
  const last = device.contents(name).findLastIndex((byte) => byte !== 0);
  return Math.floor(last / SECTOR) + 1;
}

test('a vote that is lost from the end of a segment is missed by the next one', async (t) => {
  const device = newDevice();
  const { wal } = await openWal(device.mount(), SMALL);
  await wal.append(vote(1, 'a', 0), []);
  const [name = ''] = begun(device);
  const sector = usedSectors(device, name) - 1;
  await wal.append(undefined, [data(1, 1, 1500)]);
  device.crash();
  zero(device, name, sector);
  t.true((await opens(device)) instanceof CorruptionError);
});

test('sectors that changed places are found', async (t) => {
  const device = await lived();
  for (const name of begun(device)) {
    for (let sector = 0; sector + 1 < usedSectors(device, name); sector++) {
      const damaged = device.copy(seededRandom(1));
      const bytes = damaged.contents(name);
      for (let at = sector * SECTOR; at < (sector + 1) * SECTOR; at++) {
        const mask = (bytes[at] ?? 0) ^ (bytes[at + SECTOR] ?? 0);
        damaged.rot(name, at, mask);
        damaged.rot(name, at + SECTOR, mask);
      }
      t.true((await opens(damaged)) instanceof CorruptionError, `${name} sector ${sector}`);
    }
  }
});

test('a segment that is lost, or has lost its end, is missed', async (t) => {
  const device = await lived();
  for (const name of begun(device)) {
    for (const size of [undefined, 0, SECTOR, SMALL.segmentBytes - SECTOR, 700]) {
      const damaged = device.copy(seededRandom(1));
      damaged.lose(name, size);
      t.true((await opens(damaged)) instanceof CorruptionError, `${name} ${size}`);
    }
  }
  const empty = device.copy(seededRandom(1));
  for (const name of logs(device)) empty.lose(name);
  t.true((await opens(empty)) instanceof CorruptionError);
});

test('the state beside the log may be lost as long as the log is whole', async (t) => {
  const device = await lived();
  device.lose('state');
  t.deepEqual(await opens(device), LOG);
  device.crash();
  t.deepEqual(await opens(device), LOG);
});

test('a write that landed elsewhere is found when the log is opened', async (t) => {
  for (const sectors of [-2, -1, 1, 2]) {
    const device = newDevice();
    const { wal } = await openWal(device.mount(), SMALL);
    await wal.append(vote(1, 'a', 0), [noop(1, 1)]);
    device.settings.fault = ({ operation }) =>
      operation === 'writeDurably' ? { type: 'misdirect', sectors } : undefined;
    await wal.append(undefined, [noop(2, 1)]);
    device.settings.fault = () => undefined;
    device.crash();
    t.true((await opens(device)) instanceof CorruptionError, `${sectors} sectors`);
  }
});

test('a log that is damaged is thrown away without its term and vote, at whatever call that stops', async (t) => {
  const device = await lived();
  const kept = { ...LOG.hardState, commit: 0, isRecovering: true };
  for (const name of begun(device)) {
    let isFinished = false;
    for (let stopAt = 1; !isFinished; stopAt++) {
      const damaged = device.copy(seededRandom(stopAt));
      damaged.rot(name, 100);
      isFinished = await startsOverUntil(damaged, stopAt);
      const found = await opens(damaged);
      const log = found instanceof CorruptionError ? await overAgain(damaged) : found;
      t.deepEqual({ ...log.hardState, commit: 0 }, kept, `${name} call ${stopAt}`);
      if (isFinished) t.deepEqual([log.start.index, log.entries.length], [0, 0]);
    }
  }
});

async function startsOverUntil(device: VirtualDisk, stopAt: number): Promise<boolean> {
  let calls = 0;
  const { promise: stopped, resolve: stop } = Promise.withResolvers<boolean>();
  device.settings.fault = () => {
    calls += 1;
    if (calls === stopAt) stop(false);
    return calls >= stopAt ? { type: 'hang' } : undefined;
  };
  const isFinished = await Promise.race([
    startOver(device.mount(), SMALL).then(() => true),
    stopped,
  ]);
  device.settings.fault = () => undefined;
  device.crash();
  return isFinished;
}

const overAgain = async (device: VirtualDisk): Promise<Log> =>
  logOf(await startOver(device.mount(), SMALL));

test('a node that starts over goes on with an empty log', async (t) => {
  const device = await lived();
  const { wal } = await startOver(device.mount(), SMALL);
  const hardState = { ...vote(3, 'c', 1), isRecovering: true };
  await wal.append(hardState, [noop(1, 3)]);
  device.crash();
  t.deepEqual(await opens(device), { ...LOG, hardState, ...startOf(), entries: [noop(1, 3)] });
});

const startOf = (): Pick<Log, 'start'> => ({ start: meta(0, 0, 0) });

test('term and vote that are damaged as well as the log end the node', async (t) => {
  for (const place of [10, 4100]) {
    const device = await lived();
    device.rot('state', place);
    await t.throwsAsync(startOver(device.mount(), SMALL), {
      instanceOf: CorruptionError,
      message: 'term and vote are lost with the log: the node must join anew',
    });
  }
  const device = await lived();
  device.lose('state');
  await t.throwsAsync(startOver(device.mount(), SMALL), { instanceOf: CorruptionError });
});
