// Reads the segments of the write-ahead log one after the other and says what they hold and where the next group goes.
import { CorruptionError, type Disk } from './ports.ts';
import { readRecords, type Record, type SegmentHead } from './wal-records.ts';
import { Replay } from './wal-replay.ts';
import { firstPlace, readGroup, SECTOR_BYTES, tornSectors, type Place } from './wal-sectors.ts';
import { segmentName, type KeptSegment, type Segment, type Tail } from './wal-segments.ts';

/** A segment is read whole; what claims to be larger was not made by us. */
const MAX_SEGMENT_BYTES = 80 * 1024 * 1024;

export interface ReadLog {
  readonly replay: Replay;
  /** Where the next group goes; `undefined` when the log was not begun. */
  readonly tail: Tail | undefined;
  readonly segments: readonly KeptSegment[];
  /** What is there and not begun. */
  readonly spare: Segment | undefined;
  /** What is not needed: segments whose removal was interrupted, or one made ahead that is damaged. */
  readonly useless: readonly number[];
}

/** One segment, read. */
interface Contents {
  readonly segment: Segment;
  readonly groups: readonly (readonly Record[])[];
  readonly end: Place;
  /** What is to be written so that what was read is durable, and nothing else is there. */
  readonly repairs: readonly Repair[];
}

interface Repair {
  readonly offset: number;
  readonly bytes: Buffer;
}

interface Found {
  readonly last: Contents | undefined;
  readonly segments: readonly KeptSegment[];
  readonly spare: Contents | undefined;
  readonly damaged: readonly number[];
}

/**
 * In segments after `acknowledged` nothing was, so that whatever is wrong with them may be thrown away; `undefined` when
 * that is not known.
 *
 * @throws CorruptionError
 */
export async function readLog(
  disk: Disk,
  numbers: readonly number[],
  acknowledged: number | undefined,
): Promise<ReadLog> {
  // Segments are removed from the oldest on, but a crash may bring any of them back.
  const hole = numbers.findLastIndex((number, at) => at > 0 && numbers[at - 1] !== number - 1);
  const run = numbers.slice(Math.max(hole, 0));
  const left = numbers.slice(0, Math.max(hole, 0));
  const replay = new Replay();
  const { last, segments, spare, damaged } = await readRun(disk, run, { replay, acknowledged });
  if (last === undefined && left.length > 0) throw new CorruptionError('segments are missing');
  if (acknowledged !== undefined && (last?.segment.number ?? 0) < acknowledged) {
    throw new CorruptionError('the last segment of the log is missing');
  }
  replay.finish();
  for (const contents of [last, spare]) await repair(contents);
  return {
    replay,
    tail: last && { segment: last.segment, place: last.end },
    segments,
    spare: spare?.segment,
    useless: [...left, ...damaged],
  };
}

async function readRun(
  disk: Disk,
  run: readonly number[],
  {
    replay,
    acknowledged = Infinity,
  }: { readonly replay: Replay; readonly acknowledged: number | undefined },
): Promise<Found> {
  const segments: KeptSegment[] = [];
  let [last, spare]: [Contents | undefined, Contents | undefined] = [undefined, undefined];
  for (const number of run) {
    if (spare !== undefined) throw new CorruptionError('a segment within the log is empty');
    const contents = await readSegment(disk, number).catch((error: unknown) => {
      if (error instanceof CorruptionError && number > acknowledged) return undefined;
      throw error;
    });
    if (contents === undefined) {
      return { last, segments, spare, damaged: run.slice(run.indexOf(number)) };
    }
    if (contents.groups.length === 0) {
      spare = contents;
      continue;
    }
    take(replay, contents, last);
    segments.push({ number, lastIndex: replay.segmentLastIndex });
    await last?.segment.file.close();
    last = contents;
  }
  return { last, segments, spare, damaged: [] };
}

async function readSegment(disk: Disk, number: number): Promise<Contents> {
  const file = await disk.open(segmentName(number));
  try {
    return await readContents({ number, file });
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readContents({ number, file }: Segment): Promise<Contents> {
  if (file.size > MAX_SEGMENT_BYTES || file.size % SECTOR_BYTES !== 0) {
    throw new CorruptionError(`segment ${number} of the log has a size that it cannot have`);
  }
  const bytes = await file.read(0, file.size);
  const groups: (readonly Record[])[] = [];
  let [last, end] = [firstPlace(number), firstPlace(number)];
  for (let group = readGroup(bytes, end); group; group = readGroup(bytes, end)) {
    groups.push(readRecords(group.payload));
    [last, end] = [end, group.next];
  }
  const torn = tornSectors(bytes, end);
  if (torn === undefined) throw new CorruptionError(`segment ${number} of the log is damaged`);
  const from = last.sector * SECTOR_BYTES;
  const repairs = [
    // A process that died of a sync that failed may have left its last group in the memory of the system, which would
    // not write it at another sync.
    { offset: from, bytes: bytes.subarray(from, end.sector * SECTOR_BYTES) },
    { offset: torn.from * SECTOR_BYTES, bytes: Buffer.alloc((torn.to - torn.from) * SECTOR_BYTES) },
  ].filter((one) => one.bytes.length > 0);
  return { segment: { number, file }, groups, end, repairs };
}

async function repair(contents: Contents | undefined): Promise<void> {
  for (const { offset, bytes } of contents?.repairs ?? []) {
    await contents?.segment.file.writeDurably(offset, bytes);
  }
}

/** @throws CorruptionError when it does not go on where the one before it ends */
function take(replay: Replay, contents: Contents, before: Contents | undefined): void {
  const head = headOf(contents);
  if (before === undefined) {
    replay.begin(head);
  } else {
    // A segment is begun once the last group of the one before it is durable.
    if (before.end.chain !== head.chain) {
      throw new CorruptionError(`segment ${head.number - 1} of the log is damaged at its end`);
    }
    replay.continue();
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
