// The files of the write-ahead log: made ahead of their use and full of zeroes, written group by group, one after the
// other. What the groups mean is in wal.ts.
import type { Index } from '../types.ts';
import { DiskFullError, type Disk, type DiskFile } from './ports.ts';
import { roomFor, writeRecord, type Record } from './wal-records.ts';
import { firstPlace, frameGroup, SECTOR_BYTES, sectorsFor, type Place } from './wal-sectors.ts';

const PART = '.part';
const NAME = /^(\d{16})\.wal$/;

export const segmentName = (number: number): string => `${String(number).padStart(16, '0')}.wal`;

/** What of the log's own was being made. Snapshots that were on their way are for whoever goes on with them. */
export const isPart = (name: string): boolean =>
  name.endsWith(PART) && !name.endsWith(`.snapshot${PART}`);

export function segmentNumbers(names: readonly string[]): readonly number[] {
  return names
    .flatMap((name) => {
      const number = NAME.exec(name)?.[1];
      return number === undefined ? [] : [Number(number)];
    })
    .toSorted((a, b) => a - b);
}

export interface Segment {
  readonly number: number;
  readonly file: DiskFile;
}

/** Durable under its name before anything is written to it. */
export async function createSegment(disk: Disk, number: number, bytes: number): Promise<Segment> {
  const name = segmentName(number);
  // Left by an attempt that found no room.
  if ((await disk.list()).includes(name + PART)) await disk.remove(name + PART);
  const file = await disk.create(name + PART);
  try {
    await file.allocate(bytes);
    await file.sync();
    await disk.rename(name + PART, name);
    await disk.syncFolder();
    return { number, file };
  } catch (error) {
    await file.close();
    // Gives back what it took; if that fails too, the error above is the one to tell.
    if (error instanceof DiskFullError) await disk.remove(name + PART).catch(() => undefined);
    throw error;
  }
}

/** A segment that was begun, and the last index among its entries: once that may be forgotten, so may the segment. */
export interface KeptSegment {
  readonly number: number;
  readonly lastIndex: Index;
}

/** Where the next group goes. */
export interface Tail {
  readonly segment: Segment;
  readonly place: Place;
}

export const firstTail = (segment: Segment): Tail => ({
  segment,
  place: firstPlace(segment.number),
});

/**
 * Kept free in each segment for what makes room, so that a log on a full disk can be cut: the start of the log with a
 * configuration of many servers takes some kilobytes.
 */
const RESERVE_BYTES = 32 * 1024;

interface Extent {
  readonly file: DiskFile;
  readonly offset: number;
  readonly bytes: number;
}

export interface Writing {
  readonly records: readonly Record[];
  /** Once it is written, segments can go. */
  readonly makesRoom: boolean;
  /** What a new segment begins with. */
  readonly heading: (segment: Segment, chain: number) => readonly Record[];
}

/** Appends groups. One call at a time. */
export class SegmentWriter {
  readonly #disk: Disk;
  readonly #segmentBytes: number;
  #tail: Tail;
  #spare: Promise<Segment> | undefined;
  /** What a write that failed may have left; nothing is written before it is zeroes again. */
  #dirt: Extent | undefined;

  constructor(disk: Disk, segmentBytes: number, tail: Tail, spare?: Segment) {
    this.#disk = disk;
    this.#segmentBytes = segmentBytes;
    this.#tail = tail;
    this.#spare = spare === undefined ? undefined : Promise.resolve(spare);
  }

  get number(): number {
    return this.#tail.segment.number;
  }

  /** Of the segment that is written to. */
  get freeBytes(): number {
    const { segment, place } = this.#tail;
    return segment.file.size - place.sector * SECTOR_BYTES;
  }

  /** Of each segment but one that had to be larger. */
  get segmentBytes(): number {
    return this.#segmentBytes;
  }

  /** What one group may take, so that segments are filled well. */
  get maxGroupBytes(): number {
    return this.#segmentBytes / 4;
  }

  /** Makes sure that the next segment is there. @throws DiskFullError; it may be tried again then */
  async prepare(): Promise<void> {
    await this.#prepared();
  }

  /**
   * Durable when it resolves. The answer says whether a new segment was begun for it. When there is no room, nothing of
   * it counts and it may be tried again.
   */
  async write({ records, makesRoom, heading }: Writing): Promise<boolean> {
    await this.#clean();
    const { segment, place } = this.#tail;
    const sectors = sectorsFor(roomForAll(records));
    const { size } = segment.file;
    const end = makesRoom ? size : size - Math.min(RESERVE_BYTES, size / 8);
    if ((place.sector + sectors) * SECTOR_BYTES <= end) {
      await this.#put(this.#tail, records);
      return false;
    }
    const next = await this.#withRoomFor((of) => [...heading(of, place.chain), ...records]);
    await this.#put(firstTail(next), [...heading(next, place.chain), ...records]);
    this.#spare = undefined;
    await segment.file.close();
    return true;
  }

  async close(): Promise<void> {
    await this.#tail.segment.file.close();
    const spare = await this.#spare?.catch(() => undefined);
    await spare?.file.close();
  }

  async #put({ segment, place }: Tail, records: readonly Record[]): Promise<void> {
    const { bytes, next } = frameGroup(place, roomForAll(records), (to, begin) => {
      let at = begin;
      for (const record of records) at = writeRecord(to, at, record);
      return at;
    });
    const offset = place.sector * SECTOR_BYTES;
    this.#dirt = { file: segment.file, offset, bytes: bytes.length };
    await segment.file.writeDurably(offset, bytes);
    this.#dirt = undefined;
    this.#tail = { segment, place: next };
  }

  async #clean(): Promise<void> {
    if (this.#dirt === undefined) return;
    const { file, offset, bytes } = this.#dirt;
    await file.writeDurably(offset, Buffer.alloc(bytes));
    this.#dirt = undefined;
  }

  /** The next segment; a larger one in its place when not even a whole one would hold what it is for. */
  async #withRoomFor(contents: (segment: Segment) => readonly Record[]): Promise<Segment> {
    const spare = await this.#prepared();
    const bytes = sectorsFor(roomForAll(contents(spare))) * SECTOR_BYTES;
    if (bytes <= spare.file.size) return spare;
    this.#spare = undefined;
    await spare.file.close();
    await this.#disk.remove(segmentName(spare.number));
    return this.#prepared(bytes);
  }

  #prepared(bytes = this.#segmentBytes): Promise<Segment> {
    const spare = (this.#spare ??= createSegment(this.#disk, this.number + 1, bytes));
    spare.catch(() => {
      if (this.#spare === spare) this.#spare = undefined;
    });
    return spare;
  }
}

/** At least what a group of them takes. */
function roomForAll(records: readonly Record[]): number {
  let bytes = 0;
  for (const record of records) bytes += roomFor(record);
  return bytes;
}
