// What a group in the write-ahead log holds, as bytes: records, each a type, a length and a body. What keeps them whole on
// the disk is in wal-sectors.ts.
import { NUMBER_SIZE, Reader, textCapacity, Writer } from '../bytes.ts';
import {
  entryCapacity,
  readEntryBody,
  readSnapshotMeta,
  snapshotMetaCapacity,
  writeEntryBody,
  writeSnapshotMeta,
} from '../codec-entry.ts';
import type { Entry, HardState, Index, NodeId, SnapshotMeta, Term } from '../types.ts';
import { CorruptionError } from './ports.ts';

/** A hard state and how many came before it, so that the newer of two is known. */
export interface NumberedHardState {
  readonly sequence: number;
  readonly hardState: HardState;
}

/** What each segment begins with, so that it needs none of those before it. */
export interface SegmentHead {
  readonly number: number;
  /** The size of the whole file. */
  readonly bytes: number;
  /** The sum that the segment before it ends with. */
  readonly chain: number;
  /** The last entry of the log when the segment was begun, and where the log began then. */
  readonly lastIndex: Index;
  readonly start: SnapshotMeta;
}

export type Record =
  | { readonly type: 'segment'; readonly head: SegmentHead }
  | { readonly type: 'hard state'; readonly numbered: NumberedHardState }
  /** The log begins after `start.index` now; what it held after that stays. */
  | { readonly type: 'start'; readonly start: SnapshotMeta }
  /** The log is empty now and begins after `start.index`. */
  | { readonly type: 'reset'; readonly start: SnapshotMeta }
  | { readonly type: 'entry'; readonly entry: Entry };

/** "Coff" and the version of the format. */
const MAGIC = 0x66666f43;
const VERSION = 1;

/** A type is its place in this list: only ever add at the end. */
const TYPES = [
  'segment',
  'hard state',
  'start',
  'reset',
  'entry',
] as const satisfies readonly Record['type'][];

/** Type and length of the body. */
const FRAME_BYTES = 5;

const IS_RECOVERING = 1;
const HAS_VOTED = 2;

/** At least as many bytes as a record takes. */
export function roomFor(record: Record): number {
  return FRAME_BYTES + bodyRoom(record);
}

function bodyRoom(record: Record): number {
  switch (record.type) {
    case 'segment':
      return 6 * NUMBER_SIZE + snapshotMetaCapacity(record.head.start);
    case 'hard state':
      return 3 * NUMBER_SIZE + 1 + textCapacity(record.numbered.hardState.votedFor ?? '');
    case 'start':
    case 'reset':
      return snapshotMetaCapacity(record.start);
    case 'entry':
      return NUMBER_SIZE + entryCapacity(record.entry);
  }
}

/** Writes a record at `at` and says where the next one goes. */
export function writeRecord(to: Buffer, at: number, record: Record): number {
  const begin = at + FRAME_BYTES;
  const writer = new Writer(to.subarray(begin));
  writeBody(writer, record);
  const { length } = writer.finish();
  to[at] = TYPES.indexOf(record.type);
  to.writeUInt32LE(length, at + 1);
  return begin + length;
}

function writeBody(writer: Writer, record: Record): void {
  switch (record.type) {
    case 'segment':
      return writeHead(writer, record.head);
    case 'hard state':
      return writeHardState(writer, record.numbered);
    case 'start':
    case 'reset':
      return writeSnapshotMeta(writer, record.start);
    case 'entry':
      writer.number(record.entry.index);
      return writeEntryBody(writer, record.entry);
  }
}

function writeHead(writer: Writer, head: SegmentHead): void {
  const numbers = [MAGIC, VERSION, head.number, head.bytes, head.chain, head.lastIndex];
  for (const number of numbers) writer.number(number);
  writeSnapshotMeta(writer, head.start);
}

function writeHardState(writer: Writer, { sequence, hardState }: NumberedHardState): void {
  const { term, votedFor, commit, isRecovering } = hardState;
  for (const number of [sequence, term, commit]) writer.number(number);
  writer.byte((isRecovering ? IS_RECOVERING : 0) | (votedFor === undefined ? 0 : HAS_VOTED));
  writer.text(votedFor ?? '');
}

/** The records of a group. @throws CorruptionError for what this version never writes */
export function readRecords(group: Buffer): readonly Record[] {
  const records: Record[] = [];
  for (let at = 0; at < group.length;) {
    if (group.length - at < FRAME_BYTES) throw malformed();
    const end = at + FRAME_BYTES + group.readUInt32LE(at + 1);
    if (end > group.length) throw malformed();
    const reader = new Reader(group.subarray(at + FRAME_BYTES, end));
    const record = readBody(group[at] ?? 0, reader);
    if (record === undefined || !reader.isDone) throw malformed();
    records.push(record);
    at = end;
  }
  return records;
}

function readBody(place: number, reader: Reader): Record | undefined {
  const type = TYPES[place];
  switch (type) {
    case 'segment':
      return { type, head: readHead(reader) };
    case 'hard state':
      return { type, numbered: readHardState(reader) };
    case 'start':
    case 'reset':
      return { type, start: readSnapshotMeta(reader) };
    case 'entry':
      return readEntry(reader);
    case undefined:
  }
  return undefined;
}

function readEntry(reader: Reader): Record | undefined {
  const index = reader.number() as Index;
  const entry = readEntryBody(reader, index);
  return entry && { type: 'entry', entry };
}

function readHead(reader: Reader): SegmentHead {
  if (reader.number() !== MAGIC) throw malformed();
  const version = reader.number();
  if (version !== VERSION) {
    throw new CorruptionError(`the log has the format ${version}, which this version cannot read`);
  }
  return {
    number: reader.number(),
    bytes: reader.number(),
    chain: reader.number(),
    lastIndex: reader.number() as Index,
    start: readSnapshotMeta(reader),
  };
}

function readHardState(reader: Reader): NumberedHardState {
  const sequence = reader.number();
  const term = reader.number() as Term;
  const commit = reader.number() as Index;
  const flags = reader.byte();
  const id = reader.text() as NodeId;
  const votedFor = (flags & HAS_VOTED) === 0 ? undefined : id;
  const isRecovering = (flags & IS_RECOVERING) !== 0;
  return { sequence, hardState: { term, votedFor, commit, isRecovering } };
}

/** The sums are right, so this was written so, by a version that is newer or by none of ours. */
const malformed = (): CorruptionError =>
  new CorruptionError('the log holds a record that this version cannot read');
