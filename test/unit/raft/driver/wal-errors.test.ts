import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { DiskError, DiskFullError } from '#raft/driver/ports.ts';
import { openWal } from '#raft/driver/wal-open.ts';
import type { Wal } from '#raft/driver/wal.ts';
import type { Index } from '#raft/types.ts';
import { seededRandom } from '#test/helpers/random.ts';
import { VirtualDisk, type Fault, type Operation } from '#test/simulation/disk.ts';
import {
  data,
  EMPTY,
  isOneOf,
  live,
  logOf,
  meta,
  noop,
  range,
  SETTINGS,
  STEPS,
  vote,
  type End,
  type Log,
} from './wal-workload.ts';

const WHOLE = STEPS.at(-1)?.through.at(-1) as Log;
const ATTEMPTS = 9;

const newDevice = (seed = 1): VirtualDisk => new VirtualDisk(seededRandom(seed));

const openFor = async (device: VirtualDisk): Promise<Wal> =>
  (await openWal(device.mount(), SETTINGS)).wal;

const logIn = async (device: VirtualDisk): Promise<Log> =>
  logOf(await openWal(device.mount(), SETTINGS));

/** How many calls of the disk a life takes that nothing goes wrong in. */
async function callsOfLife(): Promise<number> {
  const device = newDevice();
  let calls = 0;
  device.settings.fault = ({ number }) => {
    calls = number;
    return undefined;
  };
  await live(device.mount(), () => undefined);
  return calls;
}

/** That many calls meet the fault, from one on. */
function strike(device: VirtualDisk, from: number, fault: Fault, count = 1): void {
  device.settings.fault = ({ number }) =>
    number >= from && number < from + count ? fault : undefined;
}

async function patiently<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof DiskFullError) || attempt === ATTEMPTS) throw error;
    }
  }
}

test('a disk that is full at any call stops nothing for good', async (t) => {
  const calls = await callsOfLife();
  for (let from = 1; from <= calls; from++) {
    const device = newDevice(from);
    strike(device, from, { type: 'full' }, 1 + (from % 3));
    const wal = await patiently(() => {
      device.kill();
      return openFor(device);
    });
    for (const { act } of STEPS) await patiently(() => act(wal));
    device.settings.fault = () => undefined;
    device.crash();
    t.true(isOneOf(await logIn(device), WHOLE, []), `call ${from}`);
  }
});

test('a crash after a write that found no room leaves what was there before or what was asked for', async (t) => {
  const calls = await callsOfLife();
  for (let from = 1; from <= calls; from++) {
    const device = newDevice(from);
    strike(device, from, { type: 'full' }, 2);
    const end = await livesUntilError(device);
    device.settings.fault = () => undefined;
    device.crash();
    t.true(isOneOf(await logIn(device), end.done, end.underWay), `call ${from}`);
  }
});

test('after any other error the log refuses everything, and what was acknowledged is there', async (t) => {
  const calls = await callsOfLife();
  for (let from = 1; from <= calls; from++) {
    const device = newDevice(from);
    strike(device, from, { type: 'error' });
    const end = await livesUntilError(device);
    if (end.wal !== undefined) {
      await setImmediate(); // the error may have met what goes on in the background
      const refusal = await t.throwsAsync(end.wal.append(undefined, []), { any: true });
      t.true(refusal instanceof DiskError && refusal.message.endsWith('EIO'), `call ${from}`);
    }
    device.settings.fault = () => undefined;
    device.kill();
    const found = await logIn(device);
    t.true(isOneOf(found, end.done, end.underWay), `call ${from}`);
    // What the system only had in its memory was found, so it must not be lost any more.
    device.crash();
    t.deepEqual(await logIn(device), found, `call ${from}`);
  }
});

/** Steps until one fails; all of them when the error only meets what nobody waits for. */
async function livesUntilError(
  device: VirtualDisk,
): Promise<Pick<End, 'done' | 'underWay'> & { readonly wal: Wal | undefined }> {
  let [wal, done]: [Wal | undefined, Log] = [undefined, EMPTY];
  let underWay: readonly Log[] = [];
  try {
    wal = await openFor(device);
    for (const { act, through } of STEPS) {
      underWay = through;
      await act(wal);
      done = through.at(-1) ?? done;
    }
    await wal.append(undefined, [noop(101, 5)]);
    return { wal, done, underWay: [{ ...done, entries: [...done.entries, noop(101, 5)] }] };
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    return { wal, done, underWay };
  }
}

test('what waits behind a write that finds no room is refused with it', async (t) => {
  const device = newDevice();
  const wal = await openFor(device);
  let writes = 0;
  device.settings.fault = ({ operation }) => {
    if (operation === 'writeDurably') writes += 1;
    return operation === 'writeDurably' && writes === 1 ? { type: 'full' } : undefined;
  };
  const first = wal.append(undefined, [noop(1, 1)]);
  await Promise.resolve();
  await Promise.resolve();
  const second = wal.append(undefined, [noop(2, 1)]);
  await t.throwsAsync(first, { instanceOf: DiskFullError });
  await t.throwsAsync(second, { instanceOf: DiskFullError });
  await wal.append(undefined, [noop(1, 1), noop(2, 1)]);
  device.crash();
  t.deepEqual((await logIn(device)).entries, [noop(1, 1), noop(2, 1)]);
});

test('what a write that found no room left is gone before another one', async (t) => {
  for (const seed of range(1, 10)) {
    const device = newDevice(seed);
    const wal = await openFor(device);
    device.settings.fault = ({ operation }) =>
      operation === 'writeDurably' ? { type: 'full' } : undefined;
    const large = wal.append(undefined, [data(1, 1, 1900)]);
    await t.throwsAsync(large, { instanceOf: DiskFullError });
    device.settings.fault = () => undefined;
    await wal.append(undefined, [noop(1, 2)]);
    device.crash();
    t.deepEqual((await logIn(device)).entries, [noop(1, 2)]);
  }
});

test('an entry that is larger than a segment gets one of its own', async (t) => {
  const device = newDevice();
  const wal = await openFor(device);
  const entries = [noop(1, 1), data(2, 1, 3 * SETTINGS.segmentBytes), noop(3, 1)];
  for (const one of entries) await wal.append(undefined, [one]);
  device.crash();
  t.deepEqual((await logIn(device)).entries, entries);
  const again = await openFor(device);
  await again.append(undefined, [data(4, 1, 1000)]);
  device.crash();
  t.is((await logIn(device)).entries.length, 4);
});

test('a log that fills the disk can be cut, and goes on', async (t) => {
  const device = newDevice();
  const wal = await openFor(device);
  device.settings.capacity = 40 * 1024;
  let last = 0;
  const error = await t.throwsAsync(async () => {
    for (;;) {
      await wal.append(undefined, [data(last + 1, 1, 700)]);
      last += 1;
    }
  });
  t.true(error instanceof DiskFullError);
  await t.throwsAsync(wal.makeRoom(), { instanceOf: DiskFullError });
  await wal.compact((last - 1) as Index);
  await wal.makeRoom();
  await wal.append(undefined, [data(last + 1, 1, 700)]);
  device.crash();
  const log = await logIn(device);
  t.deepEqual([log.start.index, log.entries.length], [last - 1, 2]);
});

test('calls that wait are written together', async (t) => {
  const device = newDevice();
  const wal = await openFor(device);
  const writes: Operation[] = [];
  device.settings.fault = ({ operation }) => {
    writes.push(operation);
    return undefined;
  };
  await Promise.all(range(1, 20).map((index) => wal.append(undefined, [noop(index, 1)])));
  t.deepEqual(writes, ['writeDurably']);
  device.crash();
  t.is((await logIn(device)).entries.length, 20);
});

test('a vote takes two writes, a move of the commit one', async (t) => {
  const device = newDevice();
  const wal = await openFor(device);
  const names: string[] = [];
  device.settings.fault = ({ operation, name }) => {
    if (operation === 'writeDurably') names.push(name.replace('.part', ''));
    return undefined;
  };
  await wal.append(vote(1, 'a', 0), [noop(1, 1)]);
  t.deepEqual(names.splice(0).toSorted(), ['0000000000000001.wal', 'state']);
  await wal.append(vote(1, 'a', 1), []);
  t.deepEqual(names, ['0000000000000001.wal']);
});

test('a write that hangs is not acknowledged, nor is what waits behind it', async (t) => {
  const device = newDevice();
  const wal = await openFor(device);
  device.settings.fault = ({ operation }) =>
    operation === 'writeDurably' ? { type: 'hang' } : undefined;
  let answers = 0;
  for (const index of [1, 2]) {
    void wal.append(undefined, [noop(index, 1)]).then(() => (answers += 1));
    await setImmediate();
  }
  t.is(answers, 0);
});

const REFUSED: readonly (readonly [string, (wal: Wal) => Promise<void>, string])[] = [
  [
    'an entry behind a gap',
    (wal) => wal.append(undefined, [noop(5, 1)]),
    'the entry 5 does not follow a log that ends with 3',
  ],
  [
    'an entry that is compacted',
    (wal) => wal.append(undefined, [noop(2, 1)]),
    'the entry 2 does not follow a log that ends with 3',
  ],
  [
    'a cut behind the end',
    (wal) => wal.compact(4 as Index),
    'the log cannot be cut at 4: it does not hold that entry',
  ],
  [
    'an entry that no segment is made for',
    (wal) => wal.append(undefined, [data(4, 1, 66 * 1024 * 1024)]),
    'an entry is too large for the log',
  ],
];

for (const [what, act, message] of REFUSED) {
  test(`${what} is refused`, async (t) => {
    const device = newDevice();
    const wal = await openFor(device);
    await wal.append(undefined, [noop(1, 1), noop(2, 1), noop(3, 1)]);
    await wal.compact(2 as Index);
    await t.throwsAsync(act(wal), { instanceOf: RangeError, message });
    device.crash();
    t.deepEqual((await logIn(device)).entries, [noop(3, 1)]);
  });
}

test('a cut that was made before changes nothing', async (t) => {
  const wal = await openFor(newDevice());
  await wal.append(undefined, [noop(1, 1), noop(2, 1)]);
  await wal.compact(2 as Index);
  await t.notThrowsAsync(wal.compact(1 as Index));
});

test('a log that is closed has written what it was given, and takes no more', async (t) => {
  const device = newDevice();
  const wal = await openFor(device);
  const appended = wal.append(undefined, [noop(1, 1)]);
  await wal.close();
  await appended;
  await t.throwsAsync(wal.append(undefined, [noop(2, 1)]), { message: 'the log is closed' });
  await t.throwsAsync(wal.makeRoom(), { message: 'the log is closed' });
  t.deepEqual((await logIn(device)).entries, [noop(1, 1)]);
});

test('a start that is further than the log replaces it', async (t) => {
  const device = newDevice();
  const wal = await openFor(device);
  await wal.append(vote(1, 'a', 1), [noop(1, 1)]);
  await wal.reset(meta(7, 2, 3, 'a', 'b'));
  await wal.append(undefined, [noop(8, 2)]);
  await wal.compact(8 as Index);
  device.crash();
  const log = await logIn(device);
  t.deepEqual(log.start, meta(8, 2, 3, 'a', 'b'));
  t.is(log.hardState.commit, 8 as Index);
});
