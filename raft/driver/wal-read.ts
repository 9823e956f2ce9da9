// Reads the segments of the write-ahead log one after the other and says what they hold and where the next group goes.
import { CorruptionError, type Disk, type DiskFile } from './ports.ts';
import { readRecords, type Record, type SegmentHead } from './wal-records.ts';
import { Replay } from './wal-replay.ts';
import { firstPlace, readGroup, SECTOR_BYTES, tornSectors, type Place } from './wal-sectors.ts';
import { segmentName, type KeptSegment, type Segment, type Tail } from './wal-segments.ts';

/** A segment is read whole; what claims to be larger was not made by us. */
const MAX_SEGMENT_BYTES = 64 * 1024 * 1024;

export interface ReadLog {
  readonly replay: Replay;
  /** Where the next group goes; `undefined` when the log was not begun. */
  readonly tail: Tail | undefined;
  readonly segments: readonly KeptSegment[];
  /** What is there and not begun. */
  readonly spare: Segment | undefined;
  /** What is no longer needed: removing them was interrupted. */
  readonly left: readonly number[];
}

/** One segment, read. */
interface Contents {
  readonly segment: Segment;
  readonly groups: readonly (readonly Record[])[];
  readonly end: Place;
  readonly isTorn: boolean;
}

/** @throws CorruptionError */
export async function readLog(disk: Disk, numbers: readonly number[]): Promise<ReadLog> {
  const hole = numbers.findLastIndex((number, at) => at > 0 && numbers[at - 1] !== number - 1);
  const run = numbers.slice(Math.max(hole, 0));
  const replay = new Replay();
  const segments: KeptSegment[] = [];
  let [last, spare]: [Contents | undefined, Segment | undefined] = [undefined, undefined];
  for (const number of run) {
    if (spare !== undefined) throw new CorruptionError('a segment within the log is empty');
    const contents = await readSegment(disk, number);
    if (contents.groups.length === 0) {
      spare = contents.segment;
      continue;
    }
    take(replay, contents, last);
    segments.push({ number, lastIndex: replay.segmentLastIndex });
    await last?.segment.file.close();
    last = contents;
  }
  const left = numbers.slice(0, Math.max(hole, 0));
  if (last === undefined && left.length > 0) throw new CorruptionError('segments are missing');
  replay.finish();
  const tail = last && { segment: last.segment, place: last.end };
  return { replay, tail, segments, spare, left };
}

async function readSegment(disk: Disk, number: number): Promise<Contents> {
  const file = await disk.open(segmentName(number));
  if (file.size > MAX_SEGMENT_BYTES || file.size % SECTOR_BYTES !== 0) {
    throw new CorruptionError(`segment ${number} of the log has a size that it cannot have`);
  }
  const bytes = await file.read(0, file.size);
  const groups: (readonly Record[])[] = [];
  let end = firstPlace(number);
  let written = 0;
  for (let group = readGroup(bytes, end); group; group = readGroup(bytes, end)) {
    groups.push(readRecords(group.payload));
    written = end.sector;
    end = group.next;
  }
  const torn = tornSectors(bytes, end);
  if (torn === undefined) throw new CorruptionError(`segment ${number} of the log is damaged`);
  await settle(file, bytes, { written, end: end.sector, torn: torn.to });
  return { segment: { number, file }, groups, end, isTorn: torn.to > torn.from };
}

/**
 * Makes durable what counts from now on, and zeroes what does not. The last group is written again: a process that died
 * of a sync that failed may have left it in the memory of the system, which would not write it at another sync.
 */
async function settle(
  file: DiskFile,
  bytes: Buffer,
  sectors: { readonly written: number; readonly end: number; readonly torn: number },
): Promise<void> {
  const [written, end, torn] = [sectors.written, sectors.end, sectors.torn].map(
    (sector) => sector * SECTOR_BYTES,
  ) as [number, number, number];
  if (end > written) await file.writeDurably(written, bytes.subarray(written, end));
  if (torn > end) await file.writeDurably(end, Buffer.alloc(torn - end));
}

/** @throws CorruptionError when it does not go on where the one before it ends */
function take(replay: Replay, contents: Contents, before: Contents | undefined): void {
  const head = headOf(contents);
  if (before === undefined) {
    replay.begin(head);
  } else {
    // A segment is begun once the last group of the one before it is durable.
    if (before.isTorn || before.end.chain !== head.chain) {
      throw new CorruptionError(`segment ${head.number - 1} of the log is damaged at its end`);
    }
    replay.continue(head);
  }
  const [first = [], ...others] = contents.groups;
  for (const record of [first.slice(1), ...others].flat()) replay.take(record);
}

function headOf({ segment: { number, file }, groups }: Contents): SegmentHead {
  const record = groups[0]?.[0];
  if (record?.type !== 'segment' || record.head.number !== number) {
    throw new CorruptionError(`segment ${number} of the log does not say what it is`);
  }
  if (record.head.bytes !== file.size) {
    throw new CorruptionError(`segment ${number} of the log has lost its end`);
  }
  return record.head;
}
