// Term and vote beside the log, so that a log that is damaged does not lose them: a server that forgets its vote may give
// a second one. Two places are written in turn; whatever a crash does to the one, the other holds what was before.
import { crc32c } from '../crc32c.ts';
import { CorruptionError, type Disk, type DiskFile } from './ports.ts';
import { readRecords, roomFor, writeRecord, type NumberedHardState } from './wal-records.ts';

const NAME = 'state';
/** Pages of their own, and each place within one sector of its page. */
const PLACES = [0, 4096] as const;
const PLACE_BYTES = 512;
const SUM_BYTES = 4;
const LENGTH_BYTES = 2;

export interface OpenedHardState {
  readonly file: HardStateFile;
  /** The newest that can be read. */
  readonly newest: NumberedHardState | undefined;
  /** Both places can be read, so nothing newer was there. */
  readonly isWhole: boolean;
}

/** `undefined` when there is none yet. */
export async function openHardState(
  disk: Disk,
  names: readonly string[],
): Promise<OpenedHardState | undefined> {
  if (!names.includes(NAME)) return undefined;
  const file = await disk.open(NAME);
  const read = await Promise.all(
    PLACES.map(async (place) => decode(await file.read(place, PLACE_BYTES))),
  );
  const newest = read.reduce((a, b) => ((b?.sequence ?? -1) > (a?.sequence ?? -1) ? b : a));
  const isWhole = read.every((place) => place !== undefined);
  return {
    file: new HardStateFile(file, newest === read[0] ? 1 : 0),
    newest,
    isWhole,
  };
}

export async function createHardState(
  disk: Disk,
  numbered: NumberedHardState,
): Promise<HardStateFile> {
  const part = `${NAME}.part`;
  const file = await disk.create(part);
  await file.allocate(PLACES[1] + PLACE_BYTES);
  const state = new HardStateFile(file, 0);
  await state.writeBoth(numbered);
  await file.sync();
  await disk.rename(part, NAME);
  await disk.syncFolder();
  return state;
}

export class HardStateFile {
  readonly #file: DiskFile;
  /** The place that does not hold the newest. */
  #next: 0 | 1;

  constructor(file: DiskFile, next: 0 | 1) {
    this.#file = file;
    this.#next = next;
  }

  /** Durable when it resolves. */
  async write(numbered: NumberedHardState): Promise<void> {
    await this.#file.writeDurably(PLACES[this.#next], encode(numbered));
    this.#next = this.#next === 0 ? 1 : 0;
  }

  /** One after the other, so that one is whole at every moment. */
  async writeBoth(numbered: NumberedHardState): Promise<void> {
    await this.write(numbered);
    await this.write(numbered);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function encode(numbered: NumberedHardState): Buffer {
  const record = { type: 'hard state', numbered } as const;
  const begin = SUM_BYTES + LENGTH_BYTES;
  const length = roomFor(record);
  if (begin + length > PLACE_BYTES) throw new RangeError('the id of a node is too long');
  const place = Buffer.alloc(PLACE_BYTES);
  place.writeUInt16LE(length, SUM_BYTES);
  writeRecord(place, begin, record);
  place.writeUInt32LE(crc32c(place.subarray(SUM_BYTES)));
  return place;
}

function decode(place: Buffer): NumberedHardState | undefined {
  if (place.length < PLACE_BYTES) return undefined;
  if (place.readUInt32LE(0) !== crc32c(place.subarray(SUM_BYTES))) return undefined;
  const begin = SUM_BYTES + LENGTH_BYTES;
  const [record] = readRecords(place.subarray(begin, begin + place.readUInt16LE(SUM_BYTES)));
  if (record?.type !== 'hard state') {
    throw new CorruptionError('the hard state is of a format that this version cannot read');
  }
  return record.numbered;
}
