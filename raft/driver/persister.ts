// Writes what is to be persisted into the log. A disk that is full is tried again until there is room.
import type { Entry, HardState, Index, SnapshotMeta } from '../types.ts';
import type { Persist } from './order.ts';
import { DiskFullError } from './ports.ts';

/** What the log takes on the disk, without the room that is made ready for it. */
export interface LogExtent {
  readonly bytes: number;
  /** Of those, what has not been written to yet. */
  readonly freeBytes: number;
  /** How often it has been written to since it was opened. */
  readonly writes: number;
}

/** The log on the disk. */
export interface DurableLog {
  readonly extent: LogExtent;
  /** Durable when it resolves. Each entry replaces what is there from its index on. @throws DiskFullError to try again */
  append(hardState: HardState | undefined, entries: readonly Entry[]): Promise<void>;
  compact(through: Index): Promise<void>;
  reset(snapshot: SnapshotMeta): Promise<void>;
  close(): Promise<void>;
}

export interface PersisterHands {
  /** Waits for a tick or so. */
  pause(): Promise<void>;
  /** Whether the disk takes writes, whenever that changes. A node with a disk that does not must not lead. */
  usable(isUsable: boolean): void;
  hasEnded(): boolean;
}

export class Persister {
  readonly #log: DurableLog;
  readonly #hands: PersisterHands;
  #isFull = false;

  constructor(log: DurableLog, hands: PersisterHands) {
    this.#log = log;
    this.#hands = hands;
  }

  persist(group: readonly Persist[]): Promise<void> {
    const { hardState, entries } = merge(group);
    return this.#untilRoom(() => this.#log.append(hardState, entries));
  }

  reset(snapshot: SnapshotMeta): Promise<void> {
    return this.#untilRoom(() => this.#log.reset(snapshot));
  }

  async #untilRoom(write: () => Promise<void>): Promise<void> {
    while (!this.#hands.hasEnded()) {
      try {
        await write();
        this.#setFull(false);
        return;
      } catch (error) {
        if (!(error instanceof DiskFullError)) throw error;
        this.#setFull(true);
        await this.#hands.pause();
      }
    }
  }

  #setFull(isFull: boolean): void {
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    this.#hands.usable(!isFull);
  }
}

/** What a group of persists comes to. */
function merge(group: readonly Persist[]): Pick<Persist, 'hardState' | 'entries'> {
  return {
    hardState: group.findLast((persist) => persist.hardState !== undefined)?.hardState,
    entries: group.flatMap(({ entries }) => entries),
  };
}
