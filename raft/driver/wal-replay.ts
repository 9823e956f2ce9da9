// What the records of a log add up to, read in order from the oldest segment that is there.
import type { Entry, Index, SnapshotMeta } from '../types.ts';
import { EMPTY_START } from './log-outline.ts';
import { CorruptionError } from './ports.ts';
import type { NumberedHardState, Record, SegmentHead } from './wal-records.ts';

export class Replay {
  start: SnapshotMeta = EMPTY_START;
  numbered: NumberedHardState | undefined;
  readonly #entries: Entry[] = [];
  /** The log before `#entries`: up to here it was in segments that are gone, which a later start must make good. */
  #goneThrough: Index = EMPTY_START.index;
  /** The last index among the entries of the segment that is being read. */
  segmentLastIndex: Index = EMPTY_START.index;

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  get lastIndex(): Index {
    return this.#entries.at(-1)?.index ?? this.#goneThrough;
  }

  /** The oldest segment: what it says of the log before it is taken as it is. */
  begin(head: SegmentHead): void {
    this.start = head.start;
    this.#goneThrough = head.lastIndex;
    this.segmentLastIndex = EMPTY_START.index;
  }

  /** A later segment: what it says is what was read. */
  continue(): void {
    this.segmentLastIndex = EMPTY_START.index;
  }

  take(record: Record): void {
    switch (record.type) {
      case 'entry':
        return this.#append(record.entry);
      case 'hard state':
        this.numbered = record.numbered;
        return;
      case 'start':
        return this.#cut(record.start);
      case 'reset':
        this.#entries.length = 0;
        this.#goneThrough = record.start.index;
        this.start = record.start;
        return;
      case 'segment':
        throw new CorruptionError('a segment of the log begins within another');
    }
  }

  /** @throws CorruptionError when entries are missing that no start covers */
  finish(): void {
    if (this.#goneThrough !== this.start.index) throw new CorruptionError(MISSING);
  }

  #append(entry: Entry): void {
    if (entry.index > this.lastIndex + 1 || entry.index <= this.start.index) {
      throw new CorruptionError(MISSING);
    }
    if (entry.index <= this.#goneThrough) {
      this.#goneThrough = (entry.index - 1) as Index;
    }
    this.#entries.length = entry.index - this.#goneThrough - 1;
    this.#entries.push(entry);
    if (entry.index > this.segmentLastIndex) this.segmentLastIndex = entry.index;
  }

  #cut(start: SnapshotMeta): void {
    if (start.index > this.lastIndex) throw new CorruptionError(MISSING);
    const gone = start.index - this.#goneThrough;
    if (gone > 0) {
      this.#entries.splice(0, gone);
      this.#goneThrough = start.index;
    }
    this.start = start;
  }
}

const MISSING = 'entries of the log are missing';
