// What a group in the write-ahead log holds, as bytes: records, each a type, a length and a body. What keeps them whole on
// the disk is in wal-sectors.ts.
import type {
  Configuration,
  Entry,
  HardState,
  Index,
  NodeId,
  Server,
  SnapshotMeta,
  Suffrage,
  Term,
} from '../types.ts';
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

const TYPES = {
  segment: 1,
  hardState: 2,
  start: 3,
  reset: 4,
  noop: 5,
  data: 6,
  configuration: 7,
} as const;
const SUFFRAGES: readonly Suffrage[] = ['voter', 'staging', 'nonvoter'];

/** Type and length of the body. */
const FRAME_BYTES = 5;
const NUMBER_BYTES = 8;
/** Index and term. */
const PLACE_BYTES = 2 * NUMBER_BYTES;

/** How many bytes a record takes. */
export function roomFor(record: Record): number {
  return FRAME_BYTES + bodyRoom(record);
}

function bodyRoom(record: Record): number {
  switch (record.type) {
    case 'segment':
      return 8 + 4 * NUMBER_BYTES + startRoom(record.head.start);
    case 'hard state':
      return 3 * NUMBER_BYTES + 1 + textRoom(record.numbered.hardState.votedFor ?? '');
    case 'start':
    case 'reset':
      return startRoom(record.start);
    case 'entry':
      return PLACE_BYTES + entryRoom(record.entry);
  }
}

function entryRoom(entry: Entry): number {
  if (entry.type === 'data') return entry.data.length;
  return entry.type === 'configuration' ? configurationRoom(entry.configuration) : 0;
}

const startRoom = ({ configuration }: SnapshotMeta): number =>
  PLACE_BYTES + NUMBER_BYTES + configurationRoom(configuration);

const textRoom = (text: string): number => 4 + Buffer.byteLength(text);

const configurationRoom = (servers: Configuration): number =>
  servers.reduce((room, { id, address }) => room + 1 + textRoom(id) + textRoom(address), 4);

/** Writes a record at `at` and says where the next one goes. */
export function writeRecord(to: Buffer, at: number, record: Record): number {
  const writer = new Writer(to, at + FRAME_BYTES);
  const type = writeBody(writer, record);
  to[at] = type;
  to.writeUInt32LE(writer.at - at - FRAME_BYTES, at + 1);
  return writer.at;
}

function writeBody(writer: Writer, record: Record): number {
  switch (record.type) {
    case 'segment':
      writer.head(record.head);
      return TYPES.segment;
    case 'hard state':
      writer.hardState(record.numbered);
      return TYPES.hardState;
    case 'start':
      writer.start(record.start);
      return TYPES.start;
    case 'reset':
      writer.start(record.start);
      return TYPES.reset;
    case 'entry':
      return writer.entry(record.entry);
  }
}

class Writer {
  readonly #to: Buffer;
  at: number;

  constructor(to: Buffer, at: number) {
    this.#to = to;
    this.at = at;
  }

  head(head: SegmentHead): void {
    this.#word(MAGIC);
    this.#word(VERSION);
    this.#number(head.number);
    this.#number(head.bytes);
    this.#number(head.chain);
    this.#number(head.lastIndex);
    this.start(head.start);
  }

  hardState({ sequence, hardState }: NumberedHardState): void {
    this.#number(sequence);
    this.#number(hardState.term);
    this.#number(hardState.commit);
    this.#byte((hardState.isRecovering ? 1 : 0) | (hardState.votedFor === undefined ? 0 : 2));
    this.#text(hardState.votedFor ?? '');
  }

  start(start: SnapshotMeta): void {
    this.#number(start.index);
    this.#number(start.term);
    this.#number(start.configurationIndex);
    this.#configuration(start.configuration);
  }

  entry(entry: Entry): number {
    this.#number(entry.index);
    this.#number(entry.term);
    if (entry.type === 'noop') return TYPES.noop;
    if (entry.type === 'data') {
      this.#to.set(entry.data, this.at);
      this.at += entry.data.length;
      return TYPES.data;
    }
    this.#configuration(entry.configuration);
    return TYPES.configuration;
  }

  #configuration(servers: Configuration): void {
    this.#word(servers.length);
    for (const { id, address, suffrage } of servers) {
      this.#byte(SUFFRAGES.indexOf(suffrage));
      this.#text(id);
      this.#text(address);
    }
  }

  #text(text: string): void {
    const length = this.#to.write(text, this.at + 4);
    this.#to.writeUInt32LE(length, this.at);
    this.at += 4 + length;
  }

  #number(value: number): void {
    this.#to.writeUInt32LE(value >>> 0, this.at);
    this.#to.writeUInt32LE(Math.floor(value / 2 ** 32), this.at + 4);
    this.at += NUMBER_BYTES;
  }

  #word(value: number): void {
    this.at = this.#to.writeUInt32LE(value, this.at);
  }

  #byte(value: number): void {
    this.#to[this.at++] = value;
  }
}

/** The records of a group. @throws CorruptionError for what this version never writes */
export function readRecords(group: Buffer): readonly Record[] {
  const records: Record[] = [];
  for (let at = 0; at < group.length;) {
    if (group.length - at < FRAME_BYTES) throw malformed();
    const end = at + FRAME_BYTES + group.readUInt32LE(at + 1);
    if (end > group.length) throw malformed();
    records.push(readRecord(group[at] ?? 0, new Reader(group.subarray(at + FRAME_BYTES, end))));
    at = end;
  }
  return records;
}

function readRecord(type: number, reader: Reader): Record {
  const record = readBody(type, reader);
  reader.end();
  return record;
}

function readBody(type: number, reader: Reader): Record {
  switch (type) {
    case TYPES.segment:
      return { type: 'segment', head: reader.head() };
    case TYPES.hardState:
      return { type: 'hard state', numbered: reader.hardState() };
    case TYPES.start:
      return { type: 'start', start: reader.start() };
    case TYPES.reset:
      return { type: 'reset', start: reader.start() };
    case TYPES.noop:
      return { type: 'entry', entry: { ...reader.place(), type: 'noop' } };
    case TYPES.data:
      return { type: 'entry', entry: { ...reader.place(), type: 'data', data: reader.rest() } };
    case TYPES.configuration:
      return {
        type: 'entry',
        entry: {
          ...reader.place(),
          type: 'configuration',
          configuration: reader.configuration(),
        },
      };
    default:
      throw malformed();
  }
}

class Reader {
  readonly #from: Buffer;
  #at = 0;

  constructor(from: Buffer) {
    this.#from = from;
  }

  head(): SegmentHead {
    if (this.#word() !== MAGIC) throw malformed();
    const version = this.#word();
    if (version !== VERSION) {
      throw new CorruptionError(
        `the log has the format ${version}, which this version cannot read`,
      );
    }
    return {
      number: this.#number(),
      bytes: this.#number(),
      chain: this.#number(),
      lastIndex: this.#number() as Index,
      start: this.start(),
    };
  }

  hardState(): NumberedHardState {
    const sequence = this.#number();
    const term = this.#number() as Term;
    const commit = this.#number() as Index;
    const flags = this.#byte();
    const votedFor = this.#text() as NodeId;
    return {
      sequence,
      hardState: {
        term,
        votedFor: (flags & 2) === 0 ? undefined : votedFor,
        commit,
        isRecovering: (flags & 1) !== 0,
      },
    };
  }

  start(): SnapshotMeta {
    const { index, term } = this.place();
    const configurationIndex = this.#number() as Index;
    return { index, term, configurationIndex, configuration: this.configuration() };
  }

  place(): { readonly index: Index; readonly term: Term } {
    return { index: this.#number() as Index, term: this.#number() as Term };
  }

  rest(): Buffer {
    return this.#take(this.#from.length - this.#at);
  }

  configuration(): Configuration {
    const count = this.#word();
    if (count > this.#from.length - this.#at) throw malformed();
    return Array.from({ length: count }, () => this.#server());
  }

  end(): void {
    if (this.#at !== this.#from.length) throw malformed();
  }

  #server(): Server {
    const suffrage = SUFFRAGES[this.#byte()];
    if (suffrage === undefined) throw malformed();
    return { suffrage, id: this.#text() as NodeId, address: this.#text() };
  }

  #text(): string {
    return this.#take(this.#word()).toString();
  }

  #number(): number {
    const low = this.#word();
    const value = this.#word() * 2 ** 32 + low;
    if (!Number.isSafeInteger(value)) throw malformed();
    return value;
  }

  #word(): number {
    return this.#take(4).readUInt32LE(0);
  }

  #byte(): number {
    return this.#take(1)[0] ?? 0;
  }

  #take(length: number): Buffer {
    if (length > this.#from.length - this.#at) throw malformed();
    this.#at += length;
    return this.#from.subarray(this.#at - length, this.#at);
  }
}

/** The sums are right, so this was written so, by a version that is newer or by none of ours. */
const malformed = (): CorruptionError =>
  new CorruptionError('the log holds a record that this version cannot read');
