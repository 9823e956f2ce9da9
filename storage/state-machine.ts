// What committed entries are applied to on every node: the directory at once, the medium some time later. Entries are not
// judged here: whatever is in the log takes place.
import type { Position, Snapshot, StateMachine, Timer } from '#raft/driver/ports.ts';
import type { Entry } from '#raft/types.ts';
import { decodeEntry, type EntryData, type Writes } from './entry.ts';
import type { FillPlan } from './fill.ts';
import { Flusher } from './flusher.ts';
import type { Generation } from './generation.ts';
import { isOutsideBarrier } from './key.ts';
import type { MachineMedia } from './machine-medium.ts';
import { readGeneration } from './machine-open.ts';
import { positionOf, type MachineState } from './machine-state.ts';
import {
  DamagedError,
  NEVER,
  StorageError,
  tellApplied,
  type ApplyListener,
  type Failure,
  type Index,
} from './physical.ts';
import { encodeAll, valueOf } from './record.ts';
import { changedKeys, fillReplacement } from './replacement.ts';

/** A group of this size is written without waiting for more. */
const GROUP_BYTES = 4 * 1024 * 1024;

/** More than this waits for the disk only when the disk is slow: then entries wait as well. */
const OVERLAY_BYTES = 32 * 1024 * 1024;

export interface MachineOptions {
  readonly media: MachineMedia;
  readonly timer: Timer;
  /** Told once when the disk has failed: nothing can be applied or read any more. */
  readonly onFailure: (failure: Failure) => void;
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

export class Machine implements StateMachine {
  readonly #options: MachineOptions;
  readonly #flusher: Flusher;
  readonly #listeners = new Set<ApplyListener>();
  #generation: Generation;
  #position: Position;
  #durable: Position;
  #replacedAt: Index = NEVER;
  /** States that were replaced and that snapshots still read, each with the end of it. */
  readonly #retired = new Map<Generation, Promise<void>>();
  #replacing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: MachineOptions, generation: Generation, state: MachineState) {
    this.#options = options;
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

  /** The last entry that replaced the whole state since this was opened: one that could not has done nothing. */
  get replacedAt(): Index {
    return this.#replacedAt;
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
    try {
      for (const [at, entry] of entries.entries()) {
        const waiting = this.#applyOne(entry);
        if (waiting !== undefined) return this.#applyRest(waiting, entries.slice(at + 1));
      }
      return this.#makeRoom();
    } catch (error) {
      throw this.#flusher.fail(error);
    }
  }

  async sync(): Promise<Position> {
    await this.#flusher.through(this.index);
    return this.#durable;
  }

  snapshot(): Snapshot {
    this.#flusher.assertUsable();
    return this.#generation.snapshot(this.#position, this.#options.timer);
  }

  /** @throws DamagedError when the snapshot does not arrive whole; nothing is changed then */
  async restore(snapshot: Pick<Snapshot, 'meta' | 'chunks'>): Promise<void> {
    this.#flusher.assertUsable();
    const standing = positionOf(snapshot.meta);
    await this.#replace(snapshot.chunks(), { standing, indexes: 'keep' });
  }

  checksum(): Uint8Array {
    const { directory, staging } = this.#generation;
    const sum = Buffer.from(staging?.sum ?? '', 'hex');
    return Buffer.concat([directory.state().hash.bytes(), sum]);
  }

  /** Makes durable what was applied, and lets go of the medium. Afterwards every call fails. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.#flusher.end(new StorageError('the storage is closed'));
    await this.#replacing;
    for (const generation of [this.#generation, ...this.#retired.keys()]) generation.abandon();
    await Promise.all(this.#retired.values());
    await this.#generation.medium.close();
  }

  async #applyRest(waiting: Promise<void>, rest: readonly Entry[]): Promise<void> {
    try {
      await waiting;
    } catch (error) {
      throw this.#flusher.fail(error);
    }
    await this.apply(rest);
  }

  #applyOne(entry: Entry): Promise<void> | undefined {
    if (entry.index !== this.index + 1) {
      throw new StorageError(`entry ${entry.index} does not follow ${this.index}`);
    }
    const data = entry.type === 'data' ? decodeEntry(entry.data) : undefined;
    // It counts as applied together with what it brings.
    if (data?.type === 'restore-commit') return this.#replaceByStaged(entry, data);
    this.#advance(entry);
    // A new leader goes on with nothing that another one has begun.
    if (entry.type === 'noop') this.#generation.dropStaging();
    return data && this.#applyData(data, entry.index);
  }

  #advance(entry: Entry): void {
    this.#position = standingAfter(this.#position, entry);
    this.#generation.directory.startAt(entry.index);
    this.#flusher.soon();
  }

  #applyData(
    data: Exclude<EntryData, { type: 'restore-commit' }>,
    index: Index,
  ): Promise<void> | undefined {
    switch (data.type) {
      case 'writes':
        return this.#applyWrites(data.writes, index);
      case 'restore-begin':
        this.#generation.stage(index);
        return undefined;
      case 'restore-chunk':
        this.#generation.stageChunk(data.begun, data.number, data.bytes);
        return undefined;
    }
  }

  #applyWrites(writes: Writes, index: Index): Promise<void> | undefined {
    this.#generation.apply(index, encodeAll(writes, index));
    const keys = [...writes.keys()];
    tellApplied(this.#listeners, keys, index);
    // A node that is sealed reads these, and nothing replays the log before it is unsealed.
    return keys.some(isOutsideBarrier) ? this.#flusher.through(index) : undefined;
  }

  /** What is not whole changes nothing, on any node: all have laid aside the same. */
  async #replaceByStaged(entry: Entry, { begun, chunks }: RestoreCommit): Promise<void> {
    const generation = this.#generation;
    const { staging } = generation;
    if (staging?.begun === begun && staging.chunks === chunks) {
      await generation.checkStaged(staging, this.#options.timer);
      const standing = standingAfter(this.#position, entry);
      const pieces = generation.staged(staging, this.#options.timer);
      if (await this.#tryReplace(pieces, { standing, indexes: 'restamp' })) return;
    }
    this.#advance(entry);
    generation.dropStaging();
  }

  async #tryReplace(pieces: AsyncIterable<Uint8Array>, plan: FillPlan): Promise<boolean> {
    try {
      await this.#replace(pieces, plan);
    } catch (error) {
      if (error instanceof DamagedError) return false;
      throw error;
    }
    this.#replacedAt = plan.standing.index;
    return true;
  }

  #replace(pieces: AsyncIterable<Uint8Array>, plan: FillPlan): Promise<void> {
    const replaced = this.#replaceNow(pieces, plan);
    this.#replacing = replaced.catch(() => undefined);
    return replaced;
  }

  async #replaceNow(pieces: AsyncIterable<Uint8Array>, plan: FillPlan): Promise<void> {
    const { media, timer } = this.#options;
    // Nothing is written from here on, because nothing is applied.
    await this.#flusher.through(this.index);
    const [before, after] = [this.#generation, await fillReplacement(media, pieces, plan)];
    const keys = await changedKeys(before.directory, after.directory, timer);
    if (this.#closed !== undefined) await media.discard(after.medium);
    this.#flusher.assertUsable();
    await this.#promote(after);
    this.#generation = after;
    this.#position = positionOf(plan.standing);
    this.#durable = this.#position;
    this.#flusher.restart(this.index);
    this.#retire(before);
    this.#tellReplaced(keys);
  }

  /** What is told has happened: whoever cannot follow is not to be taken for a state that could not be read. */
  #tellReplaced(keys: readonly string[]): void {
    try {
      tellApplied(this.#listeners, keys, this.index);
    } catch (error) {
      throw this.#flusher.fail(error);
    }
  }

  /** Which state will be found after a crash is not known when this fails, so no more is done. */
  async #promote(generation: Generation): Promise<void> {
    try {
      await this.#options.media.promote(generation.medium);
    } catch (error) {
      throw this.#flusher.fail(error);
    }
  }

  #retire(generation: Generation): void {
    const end = generation
      .unused()
      .then(() => this.#options.media.discard(generation.medium))
      // What is left of it is removed when the media are opened again.
      .catch(() => undefined)
      .finally(() => this.#retired.delete(generation));
    this.#retired.set(generation, end);
  }

  #makeRoom(): Promise<void> | undefined {
    const { overlay } = this.#generation;
    if (overlay.bytes > OVERLAY_BYTES) return this.#flusher.through(this.index);
    if (overlay.gatheringBytes > GROUP_BYTES) this.#flusher.now();
    return undefined;
  }

  async #write(): Promise<Index> {
    const position = this.#position;
    await this.#generation.write(position);
    this.#durable = position;
    return position.index;
  }
}

type RestoreCommit = Extract<EntryData, { type: 'restore-commit' }>;

function standingAfter(before: Position, entry: Entry): Position {
  const { index, term } = entry;
  if (entry.type !== 'configuration') return { ...before, index, term };
  return { index, term, configuration: entry.configuration, configurationIndex: index };
}
