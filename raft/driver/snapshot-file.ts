// Snapshots as files: written from the state machine, read back piece by piece, and put together from what another node
// sends. A file that has its name is whole; what is being written has another.
import type { SnapshotMeta } from '../types.ts';
import { CorruptionError, type Disk, type DiskFile, type Snapshot } from './ports.ts';
import type { ShipmentId } from './packet.ts';
import {
  decodeMeta,
  MAX_CHUNK_BYTES,
  MIN_SNAPSHOT_BYTES,
  SnapshotEncoder,
  SnapshotReader,
} from './snapshot-format.ts';

/** Enough that no two snapshots of a cluster have the same. */
const ID_BYTES = 16;
const NAME = /^([0-9a-f]{32})\.snapshot$/;
const PART = /^[0-9a-f]{32}\.snapshot\.part$|^new\.snapshot\.part$/;
const NEW = 'new.snapshot.part';

const nameOf = (id: ShipmentId): string => `${id}.snapshot`;
const partOf = (id: ShipmentId): string => `${id}.snapshot.part`;

/** A snapshot that lies whole on the disk. */
export interface SnapshotFile extends Snapshot {
  readonly id: ShipmentId;
  readonly bytes: number;
  /** Bytes of the file as they are, for another node that judges them itself. */
  read(offset: number, length: number): Promise<Buffer>;
}

/** Writes a snapshot, and releases it. @throws DiskFullError when there is no room: nothing is left of it then */
export async function writeSnapshot(disk: Disk, snapshot: Snapshot): Promise<SnapshotFile> {
  try {
    const file = await createAnew(disk, NEW);
    const id = await filled(file, snapshot);
    await disk.rename(NEW, nameOf(id));
    await disk.syncFolder();
    return await openSnapshot(disk, id);
  } catch (error) {
    await removeIfThere(disk, NEW).catch(() => undefined);
    throw error;
  } finally {
    snapshot.release();
  }
}

/** @throws CorruptionError when it does not begin like one; the rest is judged when it is read */
export async function openSnapshot(disk: Disk, id: ShipmentId): Promise<SnapshotFile> {
  const file = await disk.open(nameOf(id));
  const first = await new SnapshotReader(file).next();
  if (first === undefined) {
    await file.close();
    throw damaged();
  }
  return new OpenSnapshot(file, id, decodeMeta(first.bytes));
}

/** Removes snapshots, whole or in part, but those that are named. */
export async function removeSnapshots(disk: Disk, kept: readonly ShipmentId[]): Promise<void> {
  const names = new Set(kept.flatMap((id) => [nameOf(id), partOf(id)]));
  for (const name of await disk.list()) {
    if ((NAME.test(name) || PART.test(name)) && !names.has(name)) await disk.remove(name);
  }
}

export interface Incoming {
  readonly id: ShipmentId;
  /** How long the sender says that the file is. */
  readonly bytes: number;
  /** How long this node lets it be. */
  readonly maxBytes: number;
}

/** Goes on with what is there of a snapshot that another node sends. @throws RangeError for a size that cannot be */
export async function receiveSnapshot(disk: Disk, incoming: Incoming): Promise<IncomingSnapshot> {
  const { id, bytes, maxBytes } = incoming;
  if (!NAME.test(nameOf(id))) throw new RangeError('a snapshot has another kind of name');
  if (bytes < MIN_SNAPSHOT_BYTES || bytes > maxBytes) {
    throw new RangeError(`a snapshot of ${bytes} bytes is not taken`);
  }
  const names = await disk.list();
  // It may have been whole when it got its name, and is judged anew like everything else that arrives.
  if (names.includes(nameOf(id))) await disk.rename(nameOf(id), partOf(id));
  const isThere = names.includes(nameOf(id)) || names.includes(partOf(id));
  const file = await (isThere ? disk.open(partOf(id)) : disk.create(partOf(id)));
  const length = Math.min(bytes, (await wholeThrough(file)).bytes);
  if (length < file.size) await file.truncate(length);
  return new IncomingSnapshot(disk, file, { id, bytes, length });
}

interface Standing {
  readonly id: ShipmentId;
  readonly bytes: number;
  readonly length: number;
}

/** A snapshot that arrives, front to back. One call at a time. */
export class IncomingSnapshot {
  readonly #disk: Disk;
  readonly #file: DiskFile;
  readonly #standing: Standing;
  #length: number;

  constructor(disk: Disk, file: DiskFile, standing: Standing) {
    this.#disk = disk;
    this.#file = file;
    this.#standing = standing;
    this.#length = standing.length;
  }

  /** How much of it is there. */
  get length(): number {
    return this.#length;
  }

  /** @throws DiskFullError; it may be tried again then */
  async append(bytes: Uint8Array): Promise<void> {
    if (this.#length + bytes.length > this.#standing.bytes) {
      throw new RangeError('more of a snapshot arrives than there is');
    }
    await this.#file.write(this.#length, bytes);
    this.#length += bytes.length;
  }

  /** Whether it is, byte for byte, what was sent. It is durable under its name then, and gone otherwise. */
  async finish(): Promise<boolean> {
    const { id, bytes } = this.#standing;
    const whole = await wholeThrough(this.#file);
    await this.#file.sync();
    await this.#file.close();
    const isRight = whole.id === id && whole.bytes === bytes && this.#file.size === bytes;
    if (isRight) await this.#disk.rename(partOf(id), nameOf(id));
    else await this.#disk.remove(partOf(id));
    await this.#disk.syncFolder();
    return isRight;
  }

  /** Leaves what is there for another time. */
  close(): Promise<void> {
    return this.#file.close();
  }
}

class OpenSnapshot implements SnapshotFile {
  readonly id: ShipmentId;
  readonly meta: SnapshotMeta;
  readonly #file: DiskFile;

  constructor(file: DiskFile, id: ShipmentId, meta: SnapshotMeta) {
    this.id = id;
    this.meta = meta;
    this.#file = file;
  }

  get bytes(): number {
    return this.#file.size;
  }

  read(offset: number, length: number): Promise<Buffer> {
    return this.#file.read(offset, length);
  }

  /** @throws CorruptionError instead of a chunk that is not what was written, and when the end is missing */
  async *chunks(): AsyncGenerator<Uint8Array> {
    const reader = new SnapshotReader(this.#file);
    for (let piece = await reader.next(); piece !== undefined; piece = await reader.next()) {
      if (piece.kind === 'chunk') yield piece.bytes;
      if (piece.kind === 'end' && piece.end === this.bytes) return;
    }
    throw damaged();
  }

  release(): void {
    void this.#file.close();
  }
}

async function filled(file: DiskFile, snapshot: Snapshot): Promise<ShipmentId> {
  try {
    return await fill(file, snapshot);
  } finally {
    await file.close();
  }
}

async function fill(file: DiskFile, snapshot: Snapshot): Promise<ShipmentId> {
  const encoder = new SnapshotEncoder();
  let at = 0;
  const write = async (pieces: readonly Buffer[]): Promise<void> => {
    const bytes = Buffer.concat(pieces);
    await file.write(at, bytes);
    at += bytes.length;
  };
  await write(encoder.begin(snapshot.meta));
  for await (const bytes of snapshot.chunks()) {
    for (let from = 0; from < bytes.length; from += MAX_CHUNK_BYTES) {
      await write(encoder.chunk(bytes.subarray(from, from + MAX_CHUNK_BYTES)));
    }
  }
  const { pieces, sum } = encoder.end();
  await write(pieces);
  await file.sync();
  return idOf(sum);
}

const idOf = (sum: Buffer): ShipmentId => sum.toString('hex', 0, ID_BYTES) as ShipmentId;

/** How far a file is whole, and what it is if that is to its end. */
async function wholeThrough(
  file: DiskFile,
): Promise<{ readonly bytes: number; readonly id: ShipmentId | undefined }> {
  const reader = new SnapshotReader(file);
  let id: ShipmentId | undefined;
  for (let piece = await reader.next(); piece !== undefined; piece = await reader.next()) {
    if (piece.kind === 'end') id = idOf(piece.bytes);
  }
  return { bytes: reader.wholeThrough, id };
}

async function createAnew(disk: Disk, name: string): Promise<DiskFile> {
  await removeIfThere(disk, name);
  return disk.create(name);
}

async function removeIfThere(disk: Disk, name: string): Promise<void> {
  if ((await disk.list()).includes(name)) await disk.remove(name);
}

const damaged = (): CorruptionError => new CorruptionError('a snapshot file is damaged');
