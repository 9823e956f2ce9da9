import type { ShipmentId } from '#raft/driver/packet.ts';
import { join } from 'node:path';
import test from 'ava';
import { openFolder } from '#raft/driver/disk.ts';
import { CorruptionError, DiskFullError, type Disk, type Snapshot } from '#raft/driver/ports.ts';
import {
  openSnapshot,
  receiveSnapshot,
  removeSnapshots,
  writeSnapshot,
  type SnapshotFile,
} from '#raft/driver/snapshot-file.ts';
import { MAX_CHUNK_BYTES } from '#raft/driver/snapshot-format.ts';
import { seededRandom } from '#test/helpers/random.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';
import { VirtualDisk } from '#test/simulation/disk.ts';
import { meta, range } from './wal-workload.ts';

const META = meta(900, 7, 40, 'a', 'b', 'c');
const MAX_BYTES = 64 * 1024 * 1024;

const newDevice = (seed = 1): VirtualDisk => new VirtualDisk(seededRandom(seed));

function snapshot(...chunks: readonly Buffer[]): Snapshot & { readonly isReleased: () => boolean } {
  let isReleased = false;
  return {
    meta: META,
    async *chunks() {
      yield* chunks;
    },
    release: () => (isReleased = true),
    isReleased: () => isReleased,
  };
}

const SMALL = [Buffer.from('some state'), Buffer.alloc(700, 'x'), Buffer.from('its end')];
const CONTENTS = Buffer.concat(SMALL);

async function contents(file: Snapshot): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.chunks()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const isSnapshot = (name: string): boolean => name.endsWith('.snapshot');

const snapshotsOn = (device: VirtualDisk): readonly ShipmentId[] =>
  device.files
    .filter(({ name }) => isSnapshot(name))
    .map(({ name }) => name.slice(0, -'.snapshot'.length) as ShipmentId);

/** A device with a small snapshot, and what it is as bytes. */
async function written(): Promise<{
  readonly device: VirtualDisk;
  readonly file: SnapshotFile;
  readonly bytes: Buffer;
}> {
  const device = newDevice();
  const file = await writeSnapshot(device.mount(), snapshot(...SMALL));
  return { device, file, bytes: await file.read(0, file.bytes) };
}

test('a snapshot on a real disk is what the state was', async (t) => {
  const disk = openFolder(join(temporaryFolder(t), 'raft'));
  const large = Buffer.alloc(2.5 * MAX_CHUNK_BYTES, 'large');
  const source = snapshot(...SMALL, large);
  const file = await writeSnapshot(disk, source);
  t.true(source.isReleased());
  t.deepEqual(file.meta, META);
  t.true((await contents(file)).equals(Buffer.concat([CONTENTS, large])));
  file.release();
  t.is((await disk.list()).filter(isSnapshot).join(), `${file.id}.snapshot`);
  const again = await openSnapshot(disk, file.id);
  t.deepEqual([again.meta, again.bytes], [META, file.bytes]);
  again.release();
});

test('no chunk is larger than a reader has to hold', async (t) => {
  const file = await writeSnapshot(newDevice().mount(), snapshot(Buffer.alloc(3e6)));
  const sizes: number[] = [];
  for await (const chunk of file.chunks()) sizes.push(chunk.length);
  t.deepEqual(sizes, [MAX_CHUNK_BYTES, MAX_CHUNK_BYTES, 3e6 - 2 * MAX_CHUNK_BYTES]);
});

test('the same state has the same name, another one another', async (t) => {
  const [one, same, other] = await Promise.all(
    [SMALL, SMALL, [Buffer.from('other')]].map((chunks) =>
      writeSnapshot(newDevice().mount(), snapshot(...chunks)),
    ),
  );
  t.is(one?.id, same?.id);
  t.not(one?.id, other?.id);
  t.regex(one?.id ?? '', /^[0-9a-f]{32}$/);
});

test('a state that cannot be read any more leaves no file', async (t) => {
  const device = newDevice();
  const source = {
    ...snapshot(),
    async *chunks() {
      yield Buffer.from('a');
      throw new Error('the state has moved on');
    },
  };
  await t.throwsAsync(writeSnapshot(device.mount(), source), { message: 'the state has moved on' });
  t.deepEqual(device.files, []);
});

test('after a crash at any call a snapshot is there whole or not at all', async (t) => {
  for (const seed of range(1, 5)) {
    for (let stopAt = 1; ; stopAt++) {
      const device = newDevice(seed * 1000 + stopAt);
      const done = await until(device, stopAt, (disk) => writeSnapshot(disk, snapshot(...SMALL)));
      const ids = snapshotsOn(device);
      for (const id of ids) {
        t.true((await contents(await openSnapshot(device.mount(), id))).equals(CONTENTS));
      }
      if (done !== undefined) t.deepEqual(ids, [done.id]);
      // What was left does not stand in the way.
      const again = await writeSnapshot(device.mount(), snapshot(...SMALL));
      t.true((await contents(again)).equals(CONTENTS), `call ${stopAt}`);
      if (done !== undefined) break;
    }
  }
});

/** Acts up to a call that is never answered, after which the power goes; `undefined` when it was not done by then. */
async function until<T>(
  device: VirtualDisk,
  stopAt: number,
  act: (disk: Disk) => Promise<T>,
): Promise<T | undefined> {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<undefined>();
  let calls = 0;
  device.settings.fault = () => {
    calls += 1;
    if (calls < stopAt) return undefined;
    stop(undefined);
    return { type: 'hang' };
  };
  const done = await Promise.race([act(device.mount()), stopped]);
  device.settings.fault = () => undefined;
  device.crash();
  return done;
}

test('a disk that is full at any call leaves no file', async (t) => {
  for (let at = 1; ; at++) {
    const device = newDevice(at);
    let calls = 0;
    device.settings.fault = () => ((calls += 1) === at ? { type: 'full' } : undefined);
    const result = await writeSnapshot(device.mount(), snapshot(...SMALL)).catch(
      (error: unknown) => error,
    );
    if (!(result instanceof DiskFullError)) break;
    t.deepEqual(
      device.files.filter(({ name }) => name.endsWith('.part')),
      [],
      `call ${at}`,
    );
  }
});

test('any flipped bit of a snapshot is found when it is read', async (t) => {
  const { device, file } = await written();
  for (let at = 0; at < file.bytes; at++) {
    const damaged = device.copy(seededRandom(1));
    damaged.rot(`${file.id}.snapshot`, at, 1 << (at % 8));
    await t.throwsAsync(
      async () => contents(await openSnapshot(damaged.mount(), file.id)),
      { instanceOf: CorruptionError },
      `byte ${at}`,
    );
  }
});

test('a snapshot that is cut anywhere, or goes on, is damaged', async (t) => {
  const { device, file } = await written();
  for (let size = 0; size < file.bytes; size += 3) {
    const cut = device.copy(seededRandom(1));
    cut.lose(`${file.id}.snapshot`, size);
    await t.throwsAsync(
      async () => contents(await openSnapshot(cut.mount(), file.id)),
      { instanceOf: CorruptionError },
      `${size} bytes`,
    );
  }
  const longer = await device.mount().open(`${file.id}.snapshot`);
  await longer.write(longer.size, Buffer.from('more'));
  await t.throwsAsync(async () => contents(await openSnapshot(device.mount(), file.id)), {
    instanceOf: CorruptionError,
  });
});

interface Arriving {
  readonly id: ShipmentId;
  readonly bytes: Buffer;
}

/** Sends what the receiver does not have yet, in small pieces. */
async function sendTo(disk: Disk, { id, bytes }: Arriving, piece = 100): Promise<boolean> {
  const incoming = await receiveSnapshot(disk, { id, bytes: bytes.length, maxBytes: MAX_BYTES });
  while (incoming.length < bytes.length) {
    await incoming.append(bytes.subarray(incoming.length, incoming.length + piece));
  }
  return incoming.finish();
}

test('a snapshot that arrives in pieces is the one that was sent', async (t) => {
  const { file, bytes } = await written();
  const device = newDevice();
  t.true(await sendTo(device.mount(), { id: file.id, bytes }));
  device.crash();
  const arrived = await openSnapshot(device.mount(), file.id);
  t.deepEqual(arrived.meta, META);
  t.true((await contents(arrived)).equals(CONTENTS));
  // Offered again, all of it is there.
  const again = await receiveSnapshot(device.mount(), {
    id: file.id,
    bytes: bytes.length,
    maxBytes: MAX_BYTES,
  });
  t.is(again.length, bytes.length);
  t.true(await again.finish());
});

test('what arrived before a crash at any call is gone on with, or sent again', async (t) => {
  const { file, bytes } = await written();
  let isDone = false;
  for (let stopAt = 1; !isDone; stopAt++) {
    const device = newDevice(stopAt);
    const arriving = { id: file.id, bytes };
    isDone = (await until(device, stopAt, (disk) => sendTo(disk, arriving))) === true;
    for (const id of snapshotsOn(device)) {
      t.true((await contents(await openSnapshot(device.mount(), id))).equals(CONTENTS));
    }
    t.true(await sendTo(device.mount(), arriving), `call ${stopAt}`);
    t.true((await contents(await openSnapshot(device.mount(), file.id))).equals(CONTENTS));
  }
});

test('a receiver that starts again goes on after the last chunk that is whole', async (t) => {
  const { file, bytes } = await written();
  const device = newDevice();
  const offer = { id: file.id, bytes: bytes.length, maxBytes: MAX_BYTES };
  const first = await receiveSnapshot(device.mount(), offer);
  await first.append(bytes.subarray(0, bytes.length - 60));
  device.kill();
  const second = await receiveSnapshot(device.mount(), offer);
  t.true(second.length > bytes.length - 200 && second.length < bytes.length - 60);
  await second.append(bytes.subarray(second.length));
  t.true(await second.finish());
});

test('a snapshot that arrives with any flipped bit is not taken, and nothing is left of it', async (t) => {
  const { file, bytes } = await written();
  for (let at = 0; at < bytes.length; at += 1) {
    const device = newDevice();
    const wrong = Buffer.from(bytes);
    wrong.writeUInt8(wrong.readUInt8(at) ^ (1 << (at % 8)), at);
    t.false(await sendTo(device.mount(), { id: file.id, bytes: wrong }, 1000), `byte ${at}`);
    t.deepEqual(device.files, [], `byte ${at}`);
  }
});

test('a whole snapshot under the name of another is not taken', async (t) => {
  const { bytes } = await written();
  const id = 'f'.repeat(32) as ShipmentId;
  t.false(await sendTo(newDevice().mount(), { id, bytes }));
});

const SIZES: readonly (readonly [string, number, RegExp])[] = [
  ['larger than is let', MAX_BYTES + 1, /^a snapshot of 67108865 bytes is not taken$/],
  ['smaller than any is', 50, /^a snapshot of 50 bytes is not taken$/],
];

for (const [what, bytes, message] of SIZES) {
  test(`a snapshot that is ${what} is refused before anything of it is there`, async (t) => {
    const device = newDevice();
    const id = 'a'.repeat(32) as ShipmentId;
    const offer = { id, bytes, maxBytes: MAX_BYTES };
    await t.throwsAsync(receiveSnapshot(device.mount(), offer), {
      instanceOf: RangeError,
      message,
    });
    t.deepEqual(device.files, []);
  });
}

test('a name that is none is refused, whatever folder it leads to', async (t) => {
  const offer = { id: '../state' as ShipmentId, bytes: 1000, maxBytes: MAX_BYTES };
  await t.throwsAsync(receiveSnapshot(newDevice().mount(), offer), { instanceOf: RangeError });
});

test('more than was announced is refused', async (t) => {
  const { file, bytes } = await written();
  const offer = { id: file.id, bytes: bytes.length, maxBytes: MAX_BYTES };
  const incoming = await receiveSnapshot(newDevice().mount(), offer);
  await incoming.append(bytes);
  await t.throwsAsync(incoming.append(Buffer.from('x')), { instanceOf: RangeError });
});

test('a length that is a lie is not believed', async (t) => {
  const { device, file } = await written();
  // The length of the first chunk, behind the mark and the configuration.
  const at = (await file.read(0, file.bytes)).indexOf(SMALL[0] as Buffer) - 36;
  for (const offset of range(at, at + 3)) {
    const damaged = device.copy(seededRandom(1));
    damaged.rot(`${file.id}.snapshot`, offset, 0xff);
    await t.throwsAsync(async () => contents(await openSnapshot(damaged.mount(), file.id)), {
      instanceOf: CorruptionError,
    });
  }
});

test('all snapshots but those that are named are removed, also what is there of them', async (t) => {
  const { device, file, bytes } = await written();
  const disk = device.mount();
  const other = await writeSnapshot(disk, snapshot(Buffer.from('other')));
  const part = 'b'.repeat(32);
  await (
    await receiveSnapshot(disk, { id: part as ShipmentId, bytes: 500, maxBytes: MAX_BYTES })
  ).append(bytes.subarray(0, 100));
  await disk.create('state');
  await removeSnapshots(disk, [other.id]);
  t.deepEqual(
    device.files.map(({ name }) => name).toSorted(),
    [`${other.id}.snapshot`, 'state'].toSorted(),
  );
  await removeSnapshots(disk, []);
  t.deepEqual(snapshotsOn(device), []);
  t.not(file.id, other.id);
});
