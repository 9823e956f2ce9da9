// The write-ahead log of a node: entries and hard state, durable before anybody is told of them. Calls that come while
// one is under way are written and synced together. Reading it back is in wal-open.ts, the form on the disk in
// wal-sectors.ts.
import type { Entry, HardState, Index, SnapshotMeta } from '../types.ts';
import type { HardStateFile } from './hard-state.ts';
import type { LogOutline } from './log-outline.ts';
import { DiskFullError, type Disk } from './ports.ts';
import type { LogExtent } from './persister.ts';
import { roomFor, type NumberedHardState, type Record } from './wal-records.ts';
import { segmentName, type KeptSegment, type Segment, type SegmentWriter } from './wal-segments.ts';

/** Whoever makes entries keeps them smaller (64 MiB); a segment is made for one of this size, and read back whole. */
const MAX_RECORD_BYTES = 65 * 1024 * 1024;

/** What the log stands on when it is opened. */
export interface WalParts {
  readonly disk: Disk;
  readonly writer: SegmentWriter;
  readonly states: HardStateFile;
  readonly outline: LogOutline;
  /** The hard state as the log has it; the one in `states` may be newer. */
  readonly numbered: NumberedHardState;
  /** The last is the one that is written to. */
  readonly segments: readonly KeptSegment[];
}

interface Append {
  readonly type: 'append';
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
}

type Work =
  | Append
  /** Forgets the entries up to there. */
  | { readonly type: 'compact'; readonly through: Index }
  /** The log is empty and begins after a snapshot that was installed. */
  | { readonly type: 'reset'; readonly start: SnapshotMeta };

interface Job {
  readonly work: Work;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

export class Wal {
  readonly #disk: Disk;
  readonly #writer: SegmentWriter;
  readonly #states: HardStateFile;
  readonly #outline: LogOutline;
  /** In the log. What is in `#states` differs only after one of the two could not be written. */
  #numbered: NumberedHardState;
  #segments: KeptSegment[];
  #waiting: Job[] = [];
  /** Settles when nothing is under way. */
  #running: Promise<void> | undefined;
  /** What is on the disk is not known after an error, and to sync again would say that all is well when it is not. */
  #failure: Error | undefined;
  #writes = 0;

  constructor(parts: WalParts) {
    this.#disk = parts.disk;
    this.#writer = parts.writer;
    this.#states = parts.states;
    this.#outline = parts.outline;
    this.#numbered = parts.numbered;
    this.#segments = [...parts.segments];
  }

  get extent(): LogExtent {
    const { freeBytes, segmentBytes } = this.#writer;
    return { bytes: this.#segments.length * segmentBytes, freeBytes, writes: this.#writes };
  }

  /**
   * Durable when it resolves. Each entry replaces what the log, and `entries` before it, hold from its index on.
   *
   * @throws DiskFullError when nothing of it counts and it may be tried again, like all that waited behind it; any other
   *   error is the end of this log
   */
  append(hardState: HardState | undefined, entries: readonly Entry[]): Promise<void> {
    if (entries.some((entry) => roomFor({ type: 'entry', entry }) > MAX_RECORD_BYTES)) {
      return Promise.reject(new RangeError('an entry is too large for the log'));
    }
    return this.#enqueue({ type: 'append', hardState, entries });
  }

  /** Forgets the entries up to `through`. Files go as soon as nothing in them is needed. */
  compact(through: Index): Promise<void> {
    return this.#enqueue({ type: 'compact', through });
  }

  /** Forgets all entries; the log goes on after a snapshot that has become the state machine. */
  reset(start: SnapshotMeta): Promise<void> {
    return this.#enqueue({ type: 'reset', start });
  }

  /** Makes sure that there is room for the next segment. @throws DiskFullError */
  async makeRoom(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await this.#writer.prepare();
    } catch (error) {
      throw this.#judge(error);
    }
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#failure ??= new Error('the log is closed');
    await this.#running;
    await Promise.all([this.#writer.close(), this.#states.close()]);
  }

  #enqueue(work: Work): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // what is asked for in the same turn goes together
    while (this.#waiting.length > 0) {
      const jobs = this.#take();
      try {
        await this.#carryOut(jobs.map(({ work }) => work));
        for (const { resolve } of jobs) resolve();
      } catch (error) {
        this.#refuse(jobs, this.#judge(error));
      }
    }
    this.#running = undefined;
  }

  /** Either appends, all that wait in a row, or one of the others. */
  #take(): readonly Job[] {
    const others = this.#waiting.findIndex(({ work }) => work.type !== 'append');
    return this.#waiting.splice(0, others === -1 ? this.#waiting.length : Math.max(others, 1));
  }

  /** What waits was asked for in the belief that what is before it would be there. */
  #refuse(jobs: readonly Job[], reason: Error): void {
    for (const { reject } of [...jobs, ...this.#waiting.splice(0)]) reject(reason);
  }

  #judge(error: unknown): Error {
    const reason = error instanceof Error ? error : new Error('the disk failed');
    if (!(reason instanceof DiskFullError)) this.#failure ??= reason;
    return reason;
  }

  async #carryOut(works: readonly Work[]): Promise<void> {
    const [first] = works;
    if (first?.type === 'compact') return this.#compact(first.through);
    if (first?.type === 'reset') return this.#reset(first.start);
    return this.#append(works.filter((work) => work.type === 'append'));
  }

  async #compact(through: Index): Promise<void> {
    if (through > this.#outline.start.index) {
      await this.#write([{ type: 'start', start: this.#outline.startAt(through) }]);
    }
    await this.#drop(({ lastIndex }) => lastIndex <= through);
  }

  async #reset(start: SnapshotMeta): Promise<void> {
    await this.#write([{ type: 'reset', start }]);
    await this.#drop(() => true);
  }

  async #append(appends: readonly Append[]): Promise<void> {
    const entries = appends.flatMap((append) => append.entries);
    const hardState = appends.findLast((append) => append.hardState !== undefined)?.hardState;
    this.#check(entries);
    const records: Record[] = entries.map((entry) => ({ type: 'entry', entry }));
    if (hardState === undefined) return this.#writeAll(records);
    // A move of `commit` alone is for the log only: it may be lost.
    const places = [this.#numbered, this.#states.kept?.numbered ?? this.#numbered];
    const isSame = places.every((place) => isSameVote(hardState, place));
    const sequence = Math.max(...places.map((place) => place.sequence)) + (isSame ? 0 : 1);
    const numbered = { sequence, hardState };
    // Before the entries: none may be durable in a term that the node has not entered.
    records.unshift({ type: 'hard state', numbered });
    await allDone([
      this.#writeAll(records),
      isSame ? Promise.resolve() : this.#states.write({ numbered }),
    ]);
  }

  #check(entries: readonly Entry[]): void {
    let last = this.#outline.lastIndex;
    for (const { index } of entries) {
      if (index > last + 1 || index <= this.#outline.start.index) {
        throw new RangeError(`the entry ${index} does not follow a log that ends with ${last}`);
      }
      last = index;
    }
  }

  async #writeAll(records: readonly Record[]): Promise<void> {
    for (const group of groupsOf(records, this.#writer.maxGroupBytes)) await this.#write(group);
  }

  async #write(records: readonly Record[]): Promise<void> {
    const isBegun = await this.#writer.write({
      records,
      makesRoom: records.every(({ type }) => type === 'start' || type === 'reset'),
      heading: (segment, chain) =>
        headingOf({ outline: this.#outline, numbered: this.#numbered }, segment, chain),
    });
    this.#writes += 1;
    if (isBegun) {
      this.#segments.push({ number: this.#writer.number, lastIndex: this.#outline.start.index });
      this.makeRoom().catch(() => undefined); // whoever needs the room is told
    }
    for (const record of records) this.#note(record);
    const { number } = this.#writer;
    if (this.#states.kept?.segment !== number) await this.#states.write({ segment: number });
  }

  #note(record: Record): void {
    switch (record.type) {
      case 'entry':
        this.#outline.append(record.entry);
        this.#segments.push(grown(this.#segments.pop(), record.entry.index));
        return;
      case 'hard state':
        this.#numbered = record.numbered;
        return;
      case 'start':
        return this.#outline.cut(record.start);
      case 'reset':
        return this.#outline.reset(record.start);
      case 'segment':
    }
  }

  /** From the oldest on, and never the one that is written to. */
  async #drop(mayGo: (segment: KeptSegment) => boolean): Promise<void> {
    const keptFrom = this.#segments.findIndex((segment) => !mayGo(segment));
    const last = this.#segments.length - 1;
    const gone = this.#segments.slice(0, keptFrom === -1 ? last : Math.min(keptFrom, last));
    if (gone.length === 0) return;
    for (const { number } of gone) {
      await this.#disk.remove(segmentName(number));
      this.#segments.shift();
    }
    await this.#disk.syncFolder();
  }
}

/** What a segment begins with, so that it needs none of those before it. */
export function headingOf(
  { outline, numbered }: Pick<WalParts, 'outline' | 'numbered'>,
  { number, file }: Segment,
  chain: number,
): readonly Record[] {
  const { lastIndex, start } = outline;
  return [
    { type: 'segment', head: { number, bytes: file.size, chain, lastIndex, start } },
    { type: 'hard state', numbered },
  ];
}

function grown(segment: KeptSegment | undefined, index: Index): KeptSegment {
  if (segment === undefined) throw new RangeError('a log has a segment that is written to');
  return index > segment.lastIndex ? { ...segment, lastIndex: index } : segment;
}

const isSameVote = (a: HardState, { hardState: b }: NumberedHardState): boolean =>
  a.term === b.term && a.votedFor === b.votedFor && a.isRecovering === b.isRecovering;

function* groupsOf(records: readonly Record[], maxBytes: number): Generator<readonly Record[]> {
  let group: Record[] = [];
  let bytes = 0;
  for (const record of records) {
    const room = roomFor(record);
    if (bytes + room > maxBytes && group.length > 0) {
      yield group;
      [group, bytes] = [[], 0];
    }
    group.push(record);
    bytes += room;
  }
  if (group.length > 0) yield group;
}

/** Waits for all of them, whatever becomes of one; an error that is not a full disk weighs more. */
async function allDone(promises: readonly Promise<void>[]): Promise<void> {
  const settled = await Promise.allSettled(promises);
  const failed = settled.filter((one): one is PromiseRejectedResult => one.status === 'rejected');
  const worst = failed.find(({ reason }) => !(reason instanceof DiskFullError)) ?? failed[0];
  if (worst !== undefined) throw worst.reason;
}
