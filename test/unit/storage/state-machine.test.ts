// The state machine applies at once, writes later, and after a crash stands as after some earlier entry. A snapshot is of
// its moment, whatever happens meanwhile, and replaces a state as a whole or not at all.
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { KEYRING_KEY } from '#storage/key.ts';
import { LevelMedia } from '#storage/machine-level.ts';
import type { MachineMedia } from '#storage/machine-medium.ts';
import {
  DamagedError,
  FullError,
  NEVER,
  StorageError,
  type Failure,
  type Index,
} from '#storage/physical.ts';
import { openMachine, type Machine } from '#storage/state-machine.ts';
import {
  carried,
  configuration,
  contents,
  data,
  noop,
  open,
  step,
  StillTimer,
  stream,
  text,
} from '#test/helpers/machine.ts';
import { seededRandom } from '#test/helpers/random.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';
import { VirtualMedia } from '#test/simulation/medium.ts';

type MakeMedia = (t: ExecutionContext) => MachineMedia;

const MEDIA: readonly (readonly [string, MakeMedia])[] = [
  ['memory', () => new VirtualMedia()],
  ['level', (t) => new LevelMedia(join(temporaryFolder(t), 'machine'))],
];

function onBoth(
  title: string,
  run: (t: ExecutionContext, machine: Machine, media: MachineMedia) => Promise<void>,
): void {
  for (const [name, make] of MEDIA) {
    test(`${name}: ${title}`, async (t) => {
      const media = make(t);
      const machine = await open(media);
      await run(t, machine, media);
      await machine.close();
    });
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** `count` keys in one entry each. */
async function fill(machine: Machine, count: number, value = 'old'): Promise<void> {
  for (let number = 0; number < count; number++) {
    await machine.apply([data(machine.index + 1, { [`k/${number % 7}/${number}`]: value })]);
  }
}

onBoth('what was applied is visible at once', async (t, machine) => {
  t.is(machine.apply([data(1, { a: '1', 'b/c': '2' }), data(2, { a: '3' })]), undefined);
  t.deepEqual(contents(machine), { a: '3', 'b/c': '2' });
  t.deepEqual([machine.indexOf('a'), machine.indexOf('b/c')], [2, 1] as Index[]);
  t.deepEqual([machine.listIndexOf('b/'), machine.sizeOf('')], [1 as Index, 2]);
  t.is(machine.index, 2 as Index);
  await machine.apply([data(3, { a: undefined, never: undefined })]);
  t.is(text(machine, 'a'), undefined);
  t.is(machine.indexOf('a'), NEVER);
  await machine.sync();
  t.deepEqual(contents(machine), { 'b/c': '2' });
});

onBoth('entries that write nothing move the position', async (t, machine) => {
  await machine.apply([configuration(1, ['n1', 'n2']), noop(2, 4), data(3, { a: '1' })]);
  const { position } = machine;
  t.deepEqual(
    [position.index, position.configurationIndex, position.configuration.map(({ id }) => id)],
    [3, 1, ['n1', 'n2']] as unknown[],
  );
  t.deepEqual(await machine.sync(), position);
});

onBoth('each batch is told in order, after it is visible', async (t, machine) => {
  const told: string[] = [];
  const end = machine.observe((keys, index) =>
    told.push(`${index}: ${keys.map((key) => `${key}=${text(machine, key)}`).join(' ')}`),
  );
  await machine.apply([data(1, { a: '1', b: '1' }), noop(2), data(3, { a: '2' })]);
  end();
  await machine.apply([data(4, { a: '3' })]);
  t.deepEqual(told, ['1: a=1 b=1', '3: a=2']);
});

onBoth('an entry that is not the next one, or not one, ends everything', async (t, machine) => {
  await machine.apply([data(1, { a: '1' })]);
  t.throws(() => machine.apply([data(3, { a: '3' })]), { message: 'entry 3 does not follow 1' });
  t.throws(() => machine.get('a'), { instanceOf: StorageError });
});

test('what was synced is there after a crash, what was not may be gone', async (t) => {
  const media = new VirtualMedia();
  const first = await open(media);
  await first.apply([data(1, { a: '1' })]);
  t.is((await first.sync()).index, 1 as Index);
  await first.apply([data(2, { a: '2' })]);
  media.crash(seededRandom(1));
  const second = await open(media);
  t.deepEqual([second.index, text(second, 'a')], [1 as Index, '1']);
});

test('what was applied is written some time later, all at once', async (t) => {
  const media = new VirtualMedia();
  const timer = new StillTimer();
  const first = await open(media, timer);
  await first.apply([data(1, { a: '1' }), data(2, { a: '2', b: '2' })]);
  await first.apply([data(3, { b: undefined })]);
  timer.fire();
  await turn();
  media.crash(seededRandom(1));
  const second = await open(media);
  t.deepEqual([second.index, contents(second)], [3 as Index, { a: '2' }]);
});

test('what a sealed node reads is durable when it is applied', async (t) => {
  const media = new VirtualMedia();
  const first = await open(media);
  const applied = first.apply([data(1, { a: '1' }), data(2, { [KEYRING_KEY]: 'x' })]);
  t.true(applied instanceof Promise);
  await applied;
  media.crash(seededRandom(1));
  const second = await open(media);
  t.deepEqual(contents(second), { a: '1', [KEYRING_KEY]: 'x' });
});

test('whoever applies faster than the disk writes has to wait', async (t) => {
  const machine = await open(new VirtualMedia());
  const value = 'x'.repeat(20 * 1024 * 1024);
  t.is(machine.apply([data(1, { a: value })]), undefined);
  const second = machine.apply([data(2, { b: value })]);
  t.true(second instanceof Promise);
  await second;
  t.is(machine.apply([data(3, { c: 'x' })]), undefined);
});

test('a disk that fails ends everything, and is told once', async (t) => {
  const media = new VirtualMedia();
  const told: Failure[] = [];
  const onFailure = (failure: Failure): unknown => told.push(failure);
  const machine = await openMachine({ media, timer: new StillTimer(), onFailure });
  await machine.apply([data(1, { a: '1' })]);
  media.fail(new Error('no space'));
  await t.throwsAsync(machine.sync(), { instanceOf: StorageError, message: /no space$/ });
  await t.throwsAsync(machine.sync(), { instanceOf: StorageError });
  t.throws(() => machine.get('a'), { instanceOf: StorageError });
  t.throws(() => machine.apply([noop(2)]), { instanceOf: StorageError });
  t.throws(() => machine.snapshot(), { instanceOf: StorageError });
  t.is(told.length, 1);
  await machine.close();
  t.is(told.length, 1);
});

test('a disk that is full is waited for', async (t) => {
  const media = new VirtualMedia();
  const timer = new StillTimer();
  const machine = await open(media, timer);
  await machine.apply([data(1, { a: '1', b: '1' })]);
  media.fail(new FullError('no space'));
  const synced = machine.sync();
  await turn();
  await machine.apply([data(2, { a: '2' })]);
  t.deepEqual(contents(machine), { a: '2', b: '1' });
  timer.fire();
  await turn();
  t.deepEqual(media.size, 0);
  media.fail(undefined);
  timer.fire();
  t.is((await synced).index, 2 as Index);
  const again = await open(media);
  t.deepEqual([again.index, contents(again)], [2 as Index, { a: '2', b: '1' }]);
});

test('a disk that stays full does not keep a state machine open', async (t) => {
  const media = new VirtualMedia();
  const machine = await open(media);
  await machine.apply([data(1, { a: '1' })]);
  media.fail(new FullError('no space'));
  const synced = t.throwsAsync(machine.sync(), { instanceOf: StorageError });
  await turn();
  await machine.close();
  await synced;
  t.throws(() => machine.get('a'), { instanceOf: StorageError });
});

test('damage is found when a store is opened, or when a record is read', async (t) => {
  const media = new VirtualMedia();
  const machine = await open(media);
  await fill(machine, 20);
  await machine.sync();
  t.true(media.rot(seededRandom(3)));
  t.throws(() => contents(machine), { instanceOf: DamagedError });
  await t.throwsAsync(open(media), { instanceOf: DamagedError });
});

test('a write that was lost behind others is found', async (t) => {
  const media = new VirtualMedia();
  const machine = await open(media);
  await fill(machine, 3);
  await machine.sync();
  media.loseNextWrite();
  await fill(machine, 1, 'lost');
  await machine.sync();
  await machine.apply([data(5, { other: '1' })]);
  await machine.sync();
  await t.throwsAsync(open(media), { instanceOf: DamagedError });
});

onBoth('a snapshot is of its moment', async (t, machine) => {
  await fill(machine, 1000);
  const before = contents(machine);
  const snapshot = machine.snapshot();
  await machine.apply([
    data(1001, { 'k/0/0': 'new', 'k/6/999': 'new', 'k/1/1': undefined, 'k/5/999': 'new' }),
  ]);
  const pieces = snapshot.chunks()[Symbol.asyncIterator]();
  const reading = pieces.next();
  for (let number = 2; number < 1000; number += 3) {
    const key = `k/${number % 7}/${number}`;
    const value = number % 2 === 0 ? 'new' : undefined;
    await machine.apply([data(machine.index + 1, { [key]: value, [`n${number}`]: 'new' })]);
    if (number % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const read: Uint8Array[] = [];
  for (let piece = await reading; piece.done !== true; piece = await pieces.next()) {
    read.push(piece.value);
  }
  snapshot.release();
  t.is(snapshot.meta.index, 1000 as Index);
  const other = await open(new VirtualMedia());
  await other.restore({ meta: snapshot.meta, chunks: () => stream(read) });
  t.deepEqual(contents(other), before);
  t.is(other.index, 1000 as Index);
});

onBoth('several snapshots run at once', async (t, machine) => {
  const states: Readonly<Record<string, string>>[] = [];
  const snapshots = [];
  for (let round = 0; round < 4; round++) {
    await fill(machine, 300, `round ${round}`);
    states.push(contents(machine));
    snapshots.push(machine.snapshot());
  }
  await machine.apply([data(machine.index + 1, { 'k/0/0': undefined })]);
  const all = await Promise.all(snapshots.map(carried));
  for (const [at, one] of all.entries()) {
    const other = await open(new VirtualMedia());
    await other.restore(one);
    t.deepEqual(contents(other), states[at] ?? {});
  }
});

onBoth(
  'a restored state takes the place of all that was there, for good',
  async (t, machine, media) => {
    const source = await open(new VirtualMedia());
    await source.apply([configuration(1, ['n1', 'n2']), data(2, { a: '1', b: '1', 'c/d': '1' })]);
    await machine.apply([data(1, { a: '1' }), data(2, { a: '1', x: '2' })]);
    const told: (readonly [readonly string[], Index])[] = [];
    machine.observe((keys, index) => told.push([keys.toSorted(), index]));
    await source.apply([data(3, { b: '2' })]);
    await machine.restore(await carried(source.snapshot()));
    t.deepEqual(told, [[['b', 'c/d', 'x'], 3 as Index]]);
    t.deepEqual(contents(machine), contents(source));
    t.deepEqual(machine.position, source.position);
    t.deepEqual(machine.checksum(), source.checksum());
    await machine.apply([data(4, { e: '4' })]);
    await machine.close();
    const again = await open(media);
    t.deepEqual(contents(again), { a: '1', b: '2', 'c/d': '1', e: '4' });
    t.deepEqual(again.position.configuration, source.position.configuration);
    await again.close();
  },
);

onBoth('a snapshot that does not arrive whole changes nothing', async (t, machine) => {
  const source = await open(new VirtualMedia());
  await fill(source, 500);
  await machine.apply([data(1, { a: '1' })]);
  const { meta, chunks } = await carried(source.snapshot());
  const pieces: Uint8Array[] = [];
  for await (const piece of chunks()) pieces.push(piece);
  const whole = Buffer.concat(pieces);
  const flipped = Buffer.from(whole);
  flipped[7000] = (flipped[7000] ?? 0) ^ 1;
  for (const wrong of [whole.subarray(0, -1), whole.subarray(0, 5000), flipped, Buffer.alloc(0)]) {
    const restored = machine.restore({ meta, chunks: () => stream([wrong]) });
    await t.throwsAsync(restored, { instanceOf: DamagedError });
  }
  t.deepEqual([machine.index, contents(machine)], [1 as Index, { a: '1' }]);
  await machine.apply([data(2, { a: '2' })]);
  t.is((await machine.sync()).index, 2 as Index);
});

onBoth('a restore that is overtaken by the end changes nothing', async (t, machine, media) => {
  const source = await open(new VirtualMedia());
  await fill(source, 500);
  await machine.apply([data(1, { a: '1' })]);
  const restored = machine.restore(await carried(source.snapshot()));
  const refused = t.throwsAsync(restored, { message: 'the storage is closed' });
  await machine.close();
  await refused;
  const again = await open(media);
  t.deepEqual(contents(again), { a: '1' });
  await again.close();
});

onBoth('a snapshot of a state that was replaced can be read to its end', async (t, machine) => {
  await fill(machine, 1000);
  const before = contents(machine);
  const snapshot = machine.snapshot();
  const source = await open(new VirtualMedia());
  await source.apply([data(1, { a: '1' })]);
  await machine.restore(await carried(source.snapshot()));
  t.deepEqual(contents(machine), { a: '1' });
  const other = await open(new VirtualMedia());
  await other.restore(await carried(snapshot));
  t.deepEqual(contents(other), before);
});

onBoth('a snapshot that was let go is not read on', async (t, machine) => {
  await fill(machine, 10);
  const snapshot = machine.snapshot();
  snapshot.release();
  await t.throwsAsync(carried(snapshot), { instanceOf: StorageError });
});

/** A state in pieces, for the log. */
async function archive(machine: Machine, pieceBytes: number): Promise<readonly Buffer[]> {
  const pieces: Buffer[] = [];
  for await (const piece of (await carried(machine.snapshot())).chunks()) {
    for (let at = 0; at < piece.length; at += pieceBytes) {
      pieces.push(Buffer.from(piece.subarray(at, at + pieceBytes)));
    }
  }
  return pieces;
}

async function stage(machine: Machine, pieces: readonly Buffer[]): Promise<Index> {
  const begun = (machine.index + 1) as Index;
  await machine.apply([step(begun, { type: 'restore-begin' })]);
  for (const [number, bytes] of pieces.entries()) {
    await machine.apply([step(machine.index + 1, { type: 'restore-chunk', begun, number, bytes })]);
  }
  return begun;
}

async function commit(machine: Machine, begun: Index, chunks: number): Promise<void> {
  await machine.apply([step(machine.index + 1, { type: 'restore-commit', begun, chunks })]);
}

onBoth(
  'an archive is laid aside piece by piece, and takes its place at once',
  async (t, machine, media) => {
    const source = await open(new VirtualMedia());
    await fill(source, 100);
    const pieces = await archive(source, 777);
    await machine.apply([data(1, { mine: '1' })]);
    const begun = await stage(machine, pieces);
    await machine.apply([data(machine.index + 1, { mine: '2' })]);
    t.deepEqual(contents(machine), { mine: '2' });
    const told: string[] = [];
    machine.observe((keys) => told.push(...keys));
    await commit(machine, begun, pieces.length);
    t.deepEqual(contents(machine), contents(source));
    t.deepEqual(told.toSorted(), [...Object.keys(contents(source)), 'mine'].toSorted());
    t.is(machine.replacedAt, machine.index);
    t.is(machine.indexOf('k/0/0'), machine.index);
    t.is(machine.listIndexOf('k/'), machine.index);
    const { index } = machine;
    await machine.close();
    const again = await open(media);
    t.deepEqual([again.index, contents(again)], [index, contents(source)]);
    await again.close();
  },
);

onBoth('a half laid aside archive survives a restart and a snapshot', async (t, machine, media) => {
  const source = await open(new VirtualMedia());
  await fill(source, 100);
  const pieces = await archive(source, 1000);
  const begun = await stage(machine, pieces.slice(0, 5));
  await machine.close();
  const again = await open(media);
  const other = await open(new VirtualMedia());
  await other.restore(await carried(again.snapshot()));
  for (const node of [again, other]) {
    for (const [at, bytes] of pieces.slice(5).entries()) {
      const chunk = { type: 'restore-chunk', begun, number: at + 5, bytes } as const;
      await node.apply([step(node.index + 1, chunk)]);
    }
    await commit(node, begun, pieces.length);
    t.deepEqual(contents(node), contents(source));
  }
  t.deepEqual(again.checksum(), other.checksum());
  await again.close();
});

const DROPPED: readonly (readonly [string, (machine: Machine) => Promise<unknown>])[] = [
  ['a new leader', async (machine) => machine.apply([noop(machine.index + 1, 2)])],
  ['another one', (machine) => stage(machine, [])],
];

for (const [what, drop] of DROPPED) {
  onBoth(`what was laid aside is dropped by ${what}`, async (t, machine, media) => {
    const source = await open(new VirtualMedia());
    await fill(source, 10);
    const pieces = await archive(source, 100);
    await machine.apply([data(1, { a: '1' })]);
    const begun = await stage(machine, pieces);
    const snapshot = machine.snapshot();
    await drop(machine);
    await commit(machine, begun, pieces.length);
    t.deepEqual(contents(machine), { a: '1' });
    t.is(machine.replacedAt, NEVER);
    const other = await open(new VirtualMedia());
    await other.restore(await carried(snapshot));
    await commit(other, begun, pieces.length);
    t.deepEqual(contents(other), contents(source));
    await machine.close();
    if (media instanceof VirtualMedia) t.is(media.size, 1);
  });
}

onBoth('what is not a whole state replaces nothing', async (t, machine) => {
  const source = await open(new VirtualMedia());
  await fill(source, 10);
  const pieces = await archive(source, 100);
  await machine.apply([data(1, { a: '1' })]);
  await commit(machine, await stage(machine, pieces.slice(1)), pieces.length - 1);
  await commit(machine, await stage(machine, pieces.slice(0, -1)), pieces.length - 1);
  await commit(machine, await stage(machine, pieces), pieces.length - 1);
  await commit(machine, NEVER, 0);
  t.deepEqual([contents(machine), machine.replacedAt], [{ a: '1' }, NEVER]);
  await commit(machine, await stage(machine, pieces), pieces.length);
  t.deepEqual(contents(machine), contents(source));
});

test('a piece that was damaged on this node alone is damage, not a bad archive', async (t) => {
  const media = new VirtualMedia();
  const machine = await open(media);
  const source = await open(new VirtualMedia());
  await fill(source, 10);
  const pieces = await archive(source, 100);
  const begun = await stage(machine, pieces);
  await machine.sync();
  while (!media.rot(seededRandom(5)));
  await t.throwsAsync(commit(machine, begun, pieces.length), { instanceOf: DamagedError });
  t.throws(() => machine.list(''), { instanceOf: DamagedError });
});

onBoth('whoever cannot follow a new state ends the machine, which has it', async (t, machine) => {
  const source = await open(new VirtualMedia());
  await fill(source, 10);
  const pieces = await archive(source, 777);
  await machine.apply([data(1, { mine: '1' })]);
  const begun = await stage(machine, pieces);
  machine.observe(() => {
    throw new DamagedError('a record cannot be read');
  });
  const failed = {
    instanceOf: StorageError,
    message: /could not be followed: a record cannot be read/,
  };
  await t.throwsAsync(commit(machine, begun, pieces.length), failed);
  t.throws(() => machine.get('mine'), failed);
  await source.close();
});
