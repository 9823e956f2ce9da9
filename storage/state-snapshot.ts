// The state as it was at one moment, read while it goes on changing: the directory is walked in its order, and whatever
// is about to change ahead of the walk is kept aside. LevelDB's own snapshots are not used, and no iterator.
import type { Snapshot, Timer } from '#raft/driver/ports.ts';
import type { SnapshotMeta } from '#raft/types.ts';
import type { Directory, Entry } from './directory.ts';
import { StorageError } from './physical.ts';
import { chunkKeys } from './staging.ts';
import { Packer, type Sum } from './state-stream.ts';

/** What is read in one turn: about a millisecond, so that whoever waits meanwhile does not notice. */
const SLICE_RECORDS = 100;
const SLICE_BYTES = 256 * 1024;

/** What changes ahead of the walk is held in memory; a reader that is so slow that this is not enough has to begin again. */
const KEPT_BYTES = 256 * 1024 * 1024;

/** Where a snapshot reads. */
interface Source {
  readonly directory: Directory;
  /** @throws DamagedError */
  record(key: string): Buffer | undefined;
  /** @throws DamagedError */
  chunk(key: string): Buffer;
}

interface Moment {
  readonly meta: SnapshotMeta;
  readonly sum: Sum;
}

export class StateSnapshot implements Snapshot {
  readonly meta: SnapshotMeta;
  readonly #sum: Sum;
  /** That of the key that came last before the moment. */
  readonly #lastOrder: number;
  readonly #source: Source;
  readonly #timer: Timer;
  readonly #onRelease: () => void;
  /** The records of keys ahead of the walk that have changed since. */
  #kept = new Map<string, Buffer>();
  #keptBytes = 0;
  readonly #walk: IterableIterator<readonly [string, Entry]>;
  /** The order of the last key that was walked over. */
  #cursor = 0;
  #failure: Error | undefined;

  /** The moment is now. */
  constructor({ meta, sum }: Moment, source: Source, timer: Timer, onRelease: () => void) {
    this.meta = meta;
    this.#sum = sum;
    this.#source = source;
    this.#timer = timer;
    this.#onRelease = onRelease;
    this.#lastOrder = source.directory.lastOrder;
    this.#walk = source.directory.entries();
  }

  /** To be called before a key changes: its record is the one of the moment if it was written before, and not since. */
  keep(key: string, { index, order }: Entry): void {
    if (index > this.meta.index || order <= this.#cursor || order > this.#lastOrder) return;
    if (this.#failure !== undefined) return;
    try {
      const record = this.#source.record(key);
      if (record !== undefined) this.#keep(key, record);
    } catch (error) {
      // Whoever reads this snapshot has to know. Whoever writes the key makes it whole again.
      this.#fail(error instanceof Error ? error : new StorageError('unknown error'));
    }
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    const packer = new Packer();
    packer.add({ type: 'sum', sum: this.#sum });
    while (this.#addSlice(packer)) {
      yield* packer.full();
      await pause(this.#timer);
    }
    const { staging } = this.#sum;
    for (const key of staging === undefined ? [] : chunkKeys(staging)) {
      this.#assertGood();
      packer.add({ type: 'staged', bytes: this.#source.chunk(key) });
      yield* packer.full();
      await pause(this.#timer);
    }
    packer.add({ type: 'end' });
    yield* packer.rest();
  }

  release(): void {
    this.#fail(new StorageError('a snapshot was let go before it was read'));
    this.#onRelease();
  }

  /** Adds the next records; false once there are none. */
  #addSlice(packer: Packer): boolean {
    this.#assertGood();
    let bytes = 0;
    let isMore = true;
    for (let count = 0; count < SLICE_RECORDS && bytes < SLICE_BYTES && isMore; count++) {
      const next = this.#walk.next();
      if (next.done === true || next.value[1].order > this.#lastOrder) {
        isMore = false;
      } else {
        const [key, { index, order }] = next.value;
        // One that was written since was kept, or is new.
        if (index <= this.meta.index) bytes += this.#add(packer, this.#source.record(key));
        this.#cursor = order;
      }
    }
    for (const record of this.#kept.values()) this.#add(packer, record);
    this.#kept = new Map();
    this.#keptBytes = 0;
    return isMore;
  }

  #add(packer: Packer, record: Buffer | undefined): number {
    if (record === undefined) return 0;
    packer.add({ type: 'record', bytes: record });
    return record.length;
  }

  #keep(key: string, record: Buffer): void {
    this.#kept.set(key, record);
    this.#keptBytes += record.length;
    if (this.#keptBytes > KEPT_BYTES) {
      this.#fail(new StorageError('too much has changed while a snapshot was read'));
    }
  }

  #fail(failure: Error): void {
    this.#failure ??= failure;
    this.#kept = new Map();
  }

  #assertGood(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** Lets everybody else have a turn. */
export function pause(timer: Timer): Promise<void> {
  return new Promise((resolve) => {
    timer.after(0, resolve);
  });
}
