// What committed entries are applied to on every node: the directory at once, the medium some time later. Entries are not
// judged here: whatever is in the log takes place.
import type { Position, Timer } from '#raft/driver/ports.ts';
import type { Entry } from '#raft/types.ts';
import { decodeEntry, type Writes } from './entry.ts';
import { Flusher } from './flusher.ts';
import type { Generation } from './generation.ts';
import { isOutsideBarrier } from './key.ts';
import type { MachineMedia } from './machine-medium.ts';
import { readGeneration } from './machine-open.ts';
import { encodeMachineState, positionOf, type MachineState } from './machine-state.ts';
import { StorageError, type ApplyListener, type Index } from './physical.ts';
import { encodeAll, valueOf } from './record.ts';

/** A group of this size is written without waiting for more. */
const GROUP_BYTES = 4 * 1024 * 1024;

/** More than this waits for the disk only when the disk is slow: then entries wait as well. */
const OVERLAY_BYTES = 32 * 1024 * 1024;

export interface MachineOptions {
  readonly media: MachineMedia;
  readonly timer: Timer;
  /** Told once when the disk has failed: nothing can be applied or read any more. */
  readonly onFailure: (failure: StorageError) => void;
}

/** @throws DamagedError when what is there is not what was written; StorageError when the disk fails */
export async function openMachine(options: MachineOptions): Promise<Machine> {
  const medium = await options.media.open();
  try {
    const [generation, state] = await readGeneration(medium);
    return new Machine(options, generation, state);
  } catch (error) {
    await medium.close();
    throw error;
  }
}

export class Machine {
  readonly #flusher: Flusher;
  readonly #listeners = new Set<ApplyListener>();
  #generation: Generation;
  #position: Position;
  #durable: Position;
  #closed: Promise<void> | undefined;

  constructor(options: MachineOptions, generation: Generation, state: MachineState) {
    this.#generation = generation;
    this.#position = positionOf(state);
    this.#durable = this.#position;
    this.#flusher = new Flusher({
      timer: options.timer,
      durable: state.index,
      applied: () => this.#position.index,
      write: () => this.#write(),
      onFailure: options.onFailure,
    });
  }

  get position(): Position {
    return this.#position;
  }

  get index(): Index {
    return this.#position.index;
  }

  get(key: string): Uint8Array | undefined {
    this.#flusher.assertUsable();
    const record = this.#generation.record(key);
    return record && valueOf(record);
  }

  indexOf(key: string): Index {
    this.#flusher.assertUsable();
    return this.#generation.directory.indexOf(key);
  }

  list(prefix: string): readonly string[] {
    this.#flusher.assertUsable();
    return this.#generation.directory.list(prefix);
  }

  listIndexOf(prefix: string): Index {
    this.#flusher.assertUsable();
    return this.#generation.directory.listIndexOf(prefix);
  }

  /** How many names `list(prefix)` has. */
  sizeOf(prefix: string): number {
    return this.#generation.directory.sizeOf(prefix);
  }

  observe(listener: ApplyListener): () => void {
    // A function of its own, so that a listener that is added twice is called twice and ended once.
    const added: ApplyListener = (keys, index) => listener(keys, index);
    this.#listeners.add(added);
    return () => this.#listeners.delete(added);
  }

  apply(entries: readonly Entry[]): Promise<void> | undefined {
    this.#flusher.assertUsable();
    for (const [at, entry] of entries.entries()) {
      const waiting = this.#applyOne(entry);
      if (waiting !== undefined) return waiting.then(() => this.apply(entries.slice(at + 1)));
    }
    return this.#makeRoom();
  }

  async sync(): Promise<Position> {
    await this.#flusher.through(this.index);
    return this.#durable;
  }

  checksum(): Uint8Array {
    return this.#generation.directory.state().hash.bytes();
  }

  /** Makes durable what was applied, and lets go of the medium. Afterwards every call fails. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    try {
      await this.#flusher.through(this.index);
    } finally {
      this.#flusher.stop(new StorageError('the storage is closed'));
      await this.#generation.medium.close();
    }
  }

  #applyOne(entry: Entry): Promise<void> | undefined {
    const { index, term } = entry;
    if (index !== this.index + 1) {
      throw new StorageError(`entry ${index} does not follow ${this.index}`);
    }
    this.#position =
      entry.type === 'configuration'
        ? { index, term, configuration: entry.configuration, configurationIndex: index }
        : { ...this.#position, index, term };
    this.#generation.directory.startAt(index);
    this.#flusher.soon();
    return entry.type === 'data' ? this.#applyData(entry.data, index) : undefined;
  }

  #applyData(bytes: Uint8Array, index: Index): Promise<void> | undefined {
    const data = decodeEntry(bytes);
    switch (data.type) {
      case 'writes':
        return this.#applyWrites(data.writes, index);
      case 'restore-begin':
      case 'restore-chunk':
      case 'restore-commit':
        throw new StorageError('not built');
    }
  }

  #applyWrites(writes: Writes, index: Index): Promise<void> | undefined {
    this.#generation.apply(index, encodeAll(writes, index));
    const keys = [...writes.keys()];
    for (const listener of this.#listeners) listener(keys, index);
    // A node that is sealed reads these, and nothing replays the log before it is unsealed.
    return keys.some(isOutsideBarrier) ? this.#flusher.through(index) : undefined;
  }

  #makeRoom(): Promise<void> | undefined {
    const { overlay } = this.#generation;
    if (overlay.bytes > OVERLAY_BYTES) return this.#flusher.through(this.index);
    if (overlay.gatheringBytes > GROUP_BYTES) this.#flusher.now();
    return undefined;
  }

  async #write(): Promise<Index> {
    const position = this.#position;
    const { directory, staging } = this.#generation;
    const state = { ...directory.state(), ...position, staging };
    await this.#generation.write(encodeMachineState(state));
    this.#durable = position;
    return position.index;
  }
}
