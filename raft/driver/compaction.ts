// Keeps the log short: what the state machine holds durably need not be in the log, but for a tail that serves followers
// which were away for a while.
import type { Entry, Index, SnapshotMeta } from '../types.ts';
import { DiskFullError, type Position } from './ports.ts';

export interface CompactionSettings {
  /** How many entries stay. */
  readonly trailingLogs: number;
  /** After how many new ones the log is cut. */
  readonly snapshotThreshold: number;
  /** After how long it is cut, if there is anything new, in milliseconds. */
  readonly snapshotInterval: number;
}

export interface CompactionHands {
  /** Makes durable what was applied, and says up to where. */
  sync(): Promise<Position>;
  /** The log is wanted from here on, unless it grows too large. */
  heldAt(): Index | undefined;
  compact(through: Index): Promise<void>;
  compacted(snapshot: SnapshotMeta, through: Index): void;
  failed(error: unknown): void;
}

/** The tail of the log is kept in memory too, so it is bounded in bytes as well. */
const MARK_BYTES = 1024 * 1024;
const MARKS_KEPT = 64;

/** A snapshot that takes longer than it takes to write this much has to be followed by another one. */
const MARKS_HELD = 256;

export class Compaction {
  readonly #settings: CompactionSettings;
  readonly #hands: CompactionHands;
  /** An index after each MARK_BYTES of entries, the oldest first. */
  #marks: Index[] = [];
  #sinceMark = 0;
  #marksSinceLast = 0;
  #start: Index;
  #applied: Index;
  /** Where and when the state was made durable last. */
  #lastIndex: Index;
  #lastAt: number;
  #isRunning = false;

  constructor(
    settings: CompactionSettings,
    hands: CompactionHands,
    begin: { readonly start: Index; readonly applied: Index; readonly now: number },
  ) {
    this.#settings = settings;
    this.#hands = hands;
    this.#start = begin.start;
    this.#applied = begin.applied;
    this.#lastIndex = begin.start;
    this.#lastAt = begin.now;
  }

  /** The log begins after this index. */
  get start(): Index {
    return this.#start;
  }

  applied(entries: readonly Entry[], now: number): void {
    for (const entry of entries) {
      this.#sinceMark += entry.type === 'data' ? entry.data.length : 0;
      if (this.#sinceMark >= MARK_BYTES) this.#mark(entry.index);
    }
    this.#applied = entries.at(-1)?.index ?? this.#applied;
    this.check(now);
  }

  /** A snapshot has taken the place of the log. */
  reset(start: Index): void {
    this.#start = start;
    this.#applied = start;
    this.#lastIndex = start;
    this.#marks = [];
  }

  /** Cuts the log if it is time. */
  check(now: number): void {
    const { snapshotThreshold, snapshotInterval } = this.#settings;
    const isMuch =
      this.#applied - this.#lastIndex >= snapshotThreshold || this.#marksSinceLast >= MARKS_KEPT;
    const isOld = now - this.#lastAt >= snapshotInterval && this.#applied > this.#lastIndex;
    if (this.#isRunning || !(isMuch || isOld)) return;
    this.#isRunning = true;
    this.#lastAt = now;
    this.#marksSinceLast = 0;
    this.#run().then(
      () => (this.#isRunning = false),
      (error: unknown) => {
        this.#isRunning = false;
        if (!(error instanceof DiskFullError)) this.#hands.failed(error);
      },
    );
  }

  async #run(): Promise<void> {
    const position = await this.#hands.sync();
    this.#lastIndex = position.index;
    const through = this.#cutBelow(position.index);
    // A snapshot may have been installed meanwhile.
    if (through <= this.#start) return;
    this.#start = through;
    await this.#hands.compact(through);
    this.#hands.compacted(position, through);
  }

  #cutBelow(durable: Index): Index {
    const byCount = durable - this.#settings.trailingLogs;
    const wanted = Math.max(byCount, this.#marks.at(-MARKS_KEPT) ?? 0);
    const held = Math.min(wanted, this.#hands.heldAt() ?? wanted);
    const cut = Math.min(durable, Math.max(held, this.#marks.at(-MARKS_HELD) ?? 0)) as Index;
    this.#marks = this.#marks.filter((mark) => mark > cut);
    return cut;
  }

  #mark(index: Index): void {
    this.#marks.push(index);
    this.#marksSinceLast += 1;
    this.#sinceMark = 0;
  }
}
