// Opens the write-ahead log: reads it back, cuts what nobody was told of, and refuses what no crash explains.
import type { Entry, HardState, Index, SnapshotMeta, Term } from '../types.ts';
import {
  createHardState,
  openHardState,
  type HardStateFile,
  type OpenedHardState,
} from './hard-state.ts';
import { EMPTY_START, LogOutline } from './log-outline.ts';
import { CorruptionError, type Disk } from './ports.ts';
import { readLog, type ReadLog } from './wal-read.ts';
import type { NumberedHardState } from './wal-records.ts';
import {
  createSegment,
  firstTail,
  isPart,
  segmentName,
  segmentNumbers,
  SegmentWriter,
  type Segment,
} from './wal-segments.ts';
import { headingOf, Wal } from './wal.ts';

export interface WalSettings {
  /** The size of a segment: how much is made ready at a time, and how much is kept that is not needed. */
  readonly segmentBytes: number;
}

export interface OpenedWal {
  readonly hardState: HardState;
  readonly start: SnapshotMeta;
  readonly entries: readonly Entry[];
  readonly wal: Wal;
}

const DEFAULTS: WalSettings = { segmentBytes: 16 * 1024 * 1024 };

const NEW: NumberedHardState = {
  sequence: 1,
  hardState: {
    term: 0 as Term,
    votedFor: undefined,
    commit: 0 as Index,
    isRecovering: false,
  },
};

/** The log that is there, or a new one. @throws CorruptionError; see `startOver` */
export async function openWal(disk: Disk, settings = DEFAULTS): Promise<OpenedWal> {
  const names = await disk.list();
  for (const name of names.filter(isPart)) await disk.remove(name);
  // What a process did that has died may be in the memory of the system only.
  await disk.syncFolder();
  const states = await openHardState(disk, names);
  try {
    const log = await readLog(disk, segmentNumbers(names), acknowledgedBy(states));
    if (log.tail !== undefined) return await goOn(disk, settings, log, states);
    // The file with the state is made after the first segment was begun.
    if (states !== undefined) throw new CorruptionError('the log is missing');
    const segment = log.spare ?? (await createSegment(disk, 1, settings.segmentBytes));
    return await begin({ disk, settings, segment, numbered: NEW });
  } catch (error) {
    await states?.file.close();
    throw error;
  }
}

/**
 * Throws a damaged log away and begins an empty one. Term and vote are kept, and the node is marked as one that may have
 * lost entries that it acknowledged.
 *
 * @throws CorruptionError when term and vote are not known for sure either
 */
export async function startOver(disk: Disk, settings = DEFAULTS): Promise<OpenedWal> {
  const names = await disk.list();
  const states = await openHardState(disk, names);
  const kept = states?.file.kept;
  if (states === undefined || kept === undefined || !states.isWhole) {
    throw new CorruptionError('term and vote are lost with the log: the node must join anew');
  }
  const { sequence, hardState } = kept.numbered;
  const numbered = {
    sequence: sequence + 1,
    hardState: { ...hardState, commit: 0 as Index, isRecovering: true },
  };
  await states.file.write({ numbered });
  const numbers = segmentNumbers(names);
  for (const name of [...names.filter(isPart), ...numbers.map(segmentName)]) {
    await disk.remove(name);
  }
  await disk.syncFolder();
  const number = Math.max(numbers.at(-1) ?? 0, kept.segment) + 1;
  const segment = await createSegment(disk, number, settings.segmentBytes);
  return begin({ disk, settings, segment, numbered, states: states.file });
}

interface Beginning {
  readonly disk: Disk;
  readonly settings: WalSettings;
  readonly segment: Segment;
  readonly numbered: NumberedHardState;
  readonly states?: HardStateFile;
}

async function begin({
  disk,
  settings,
  segment,
  numbered,
  ...given
}: Beginning): Promise<OpenedWal> {
  const outline = new LogOutline(EMPTY_START, []);
  const writer = new SegmentWriter(disk, settings.segmentBytes, firstTail(segment));
  const records = headingOf({ outline, numbered }, segment, 0);
  await writer.write({ records, makesRoom: true, heading: () => [] });
  const kept = { numbered, segment: segment.number };
  await given.states?.write(kept);
  const states = given.states ?? (await createHardState(disk, kept));
  const segments = [{ number: segment.number, lastIndex: outline.lastIndex }];
  const wal = new Wal({ disk, writer, states, outline, numbered, segments });
  await wal.makeRoom();
  return { hardState: numbered.hardState, start: EMPTY_START, entries: [], wal };
}

async function goOn(
  disk: Disk,
  { segmentBytes }: WalSettings,
  log: ReadLog,
  opened: OpenedHardState | undefined,
): Promise<OpenedWal> {
  const { replay, tail, segments, spare } = log;
  const { numbered, start, entries } = replay;
  if (tail === undefined || numbered === undefined) throw new CorruptionError('the log is empty');
  for (const number of log.useless) await disk.remove(segmentName(number));
  const newest = newer(numbered, opened?.file.kept?.numbered);
  const kept = { numbered: newest, segment: tail.segment.number };
  const states = opened?.file ?? (await createHardState(disk, kept));
  await (opened?.isWhole === false ? states.writeBoth(kept) : states.write(kept));
  const outline = new LogOutline(start, entries);
  const writer = new SegmentWriter(disk, segmentBytes, tail, spare);
  const wal = new Wal({ disk, writer, states, outline, numbered, segments });
  const hardState = { ...newest.hardState, commit: commitOf(replay, numbered) };
  if (newest !== numbered) await wal.append(hardState, []);
  wal.makeRoom().catch(() => undefined); // whoever needs the room is told
  return { hardState, start, entries, wal };
}

/** What the state says for sure of how far the log was acknowledged. */
function acknowledgedBy(states: OpenedHardState | undefined): number | undefined {
  return states?.isWhole === true ? states.file.kept?.segment : undefined;
}

const newer = (log: NumberedHardState, other: NumberedHardState | undefined): NumberedHardState =>
  other !== undefined && other.sequence > log.sequence ? other : log;

/** What is committed may lag behind, and may be ahead of a group that was cut. */
function commitOf(replay: ReadLog['replay'], { hardState }: NumberedHardState): Index {
  return Math.max(replay.start.index, Math.min(hardState.commit, replay.lastIndex)) as Index;
}
