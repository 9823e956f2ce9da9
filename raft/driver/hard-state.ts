// Term and vote beside the log, so that a log that is damaged does not lose them: a server that forgets its vote may give
// a second one. Also how far the log has come in its segments, so that the loss of the last one shows. Two places are
// written in turn; whatever a crash does to the one, the other holds what was before.
import { crc32c } from '../crc32c.ts';
import { CorruptionError, type Disk, type DiskFile } from './ports.ts';
import { readRecords, roomFor, writeRecord, type NumberedHardState } from './wal-records.ts';

export const HARD_STATE_FILE = 'state';
/** Pages of their own. */
const PLACES = [0, 4096] as const;
/** The longest name of a node fits; with any usual one all but zeroes is in the first sector. */
const PLACE_BYTES = 1024;

// A place: its checksum, a number that grows with each write, the segment, the length of the record, the record.
const ORDER_AT = 4;
const SEGMENT_AT = 10;
const LENGTH_AT = 16;
const RECORD_AT = 18;
const NUMBER_BYTES = 6;

export interface Kept {
  readonly numbered: NumberedHardState;
  /** The last segment of the log in which anything was acknowledged. */
  readonly segment: number;
}

interface Placed extends Kept {
  readonly order: number;
}

export interface OpenedHardState {
  readonly file: HardStateFile;
  /** Both places can be read, so nothing newer was there. */
  readonly isWhole: boolean;
}

/** `undefined` when there is none yet. */
export async function openHardState(
  disk: Disk,
  names: readonly string[],
): Promise<OpenedHardState | undefined> {
  if (!names.includes(HARD_STATE_FILE)) return undefined;
  const file = await disk.open(HARD_STATE_FILE);
  const [a, b] = [await readPlace(file, 0), await readPlace(file, 1)];
  const isFirst = (a?.order ?? 0) > (b?.order ?? 0);
  const newest = isFirst ? a : b;
  return {
    file: new HardStateFile(file, newest, isFirst ? 1 : 0),
    isWhole: a !== undefined && b !== undefined,
  };
}

export async function createHardState(disk: Disk, kept: Kept): Promise<HardStateFile> {
  const part = `${HARD_STATE_FILE}.part`;
  const file = await disk.create(part);
  await file.allocate(PLACES[1] + PLACE_BYTES);
  const state = new HardStateFile(file, undefined, 0);
  await state.writeBoth(kept);
  await file.sync();
  await disk.rename(part, HARD_STATE_FILE);
  await disk.syncFolder();
  return state;
}

export class HardStateFile {
  readonly #file: DiskFile;
  #newest: Placed | undefined;
  /** The place that does not hold the newest. */
  #next: 0 | 1;
  #last: Promise<void> = Promise.resolve();

  constructor(file: DiskFile, newest: Placed | undefined, next: 0 | 1) {
    this.#file = file;
    this.#newest = newest;
    this.#next = next;
  }

  /** The newest that is durable; `undefined` when none can be read. */
  get kept(): Kept | undefined {
    return this.#newest;
  }

  /** Durable when it resolves. What is not given stays. */
  write(change: Partial<Kept>): Promise<void> {
    const written = this.#last.then(() => this.#write(change));
    this.#last = written.catch(() => undefined);
    return written;
  }

  /** One after the other, so that one is whole at every moment. */
  async writeBoth(kept: Kept): Promise<void> {
    await this.write(kept);
    await this.write(kept);
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#file.close();
  }

  async #write(change: Partial<Kept>): Promise<void> {
    const { numbered, segment } = { ...this.#newest, ...change };
    if (numbered === undefined || segment === undefined) {
      throw new RangeError('there is no state that could be changed');
    }
    const placed = { order: (this.#newest?.order ?? 0) + 1, numbered, segment };
    await this.#file.writeDurably(PLACES[this.#next], encode(placed));
    this.#newest = placed;
    this.#next = this.#next === 0 ? 1 : 0;
  }
}

function encode({ order, segment, numbered }: Placed): Buffer {
  const record = { type: 'hard state', numbered } as const;
  const place = Buffer.alloc(Math.max(PLACE_BYTES, RECORD_AT + roomFor(record)));
  const length = writeRecord(place, RECORD_AT, record) - RECORD_AT;
  place.writeUIntLE(order, ORDER_AT, NUMBER_BYTES);
  place.writeUIntLE(segment, SEGMENT_AT, NUMBER_BYTES);
  place.writeUInt16LE(length, LENGTH_AT);
  place.writeUInt32LE(crc32c(place.subarray(ORDER_AT, PLACE_BYTES)));
  return place.subarray(0, PLACE_BYTES);
}

async function readPlace(file: DiskFile, at: 0 | 1): Promise<Placed | undefined> {
  const place = await file.read(PLACES[at], PLACE_BYTES);
  if (place.length < PLACE_BYTES) return undefined;
  if (place.readUInt32LE(0) !== crc32c(place.subarray(ORDER_AT))) return undefined;
  const end = RECORD_AT + place.readUInt16LE(LENGTH_AT);
  const [record] = readRecords(place.subarray(RECORD_AT, end));
  if (record?.type !== 'hard state') {
    throw new CorruptionError('the hard state is of a format that this version cannot read');
  }
  return {
    order: place.readUIntLE(ORDER_AT, NUMBER_BYTES),
    segment: place.readUIntLE(SEGMENT_AT, NUMBER_BYTES),
    numbered: record.numbered,
  };
}
