// One state from its beginning to the moment when another one replaces it as a whole: the directory, the medium, and what
// is on its way from one to the other.
import type { Timer } from '#raft/driver/ports.ts';
import type { Directory } from './directory.ts';
import type { MachineMedium } from './machine-medium.ts';
import { encodeMachineState, type MachineState } from './machine-state.ts';
import { Overlay } from './overlay.ts';
import { DamagedError, type Index } from './physical.ts';
import { fingerprintOf, type Written } from './record.ts';
import { beginStaging, chunkKey, chunkKeys, stageChunk, type Staging } from './staging.ts';
import { pause, StateSnapshot } from './state-snapshot.ts';

/** What a state is the outcome of. */
export type Standing = Omit<MachineState, 'count' | 'hash' | 'staging'>;

export class Generation {
  readonly directory: Directory;
  readonly medium: MachineMedium;
  readonly overlay = new Overlay();
  readonly #snapshots = new Set<StateSnapshot>();
  #staging: Staging | undefined;
  /** Keys of what was laid aside in vain. Snapshots may still read them. */
  #litter: readonly string[] = [];
  #whenUnused: (() => void) | undefined;

  constructor(directory: Directory, medium: MachineMedium, staging?: Staging) {
    this.directory = directory;
    this.medium = medium;
    this.#staging = staging;
  }

  /** What of another state was laid aside to replace this one. */
  get staging(): Staging | undefined {
    return this.#staging;
  }

  apply(index: Index, writes: ReadonlyMap<string, Written | undefined>): void {
    for (const [key, written] of writes) {
      const entry = this.directory.entry(key);
      if (entry !== undefined) for (const snapshot of this.#snapshots) snapshot.keep(key, entry);
      if (entry !== undefined || written !== undefined) this.overlay.put(key, written?.record);
    }
    this.directory.apply(index, writes);
  }

  /**
   * The record of a key, checked.
   *
   * @throws DamagedError when the bytes are not those that were written
   */
  record(key: string): Buffer | undefined {
    const entry = this.directory.entry(key);
    if (entry === undefined) return undefined;
    const record = this.overlay.get(key) ?? this.medium.read(key);
    if (record === undefined) throw new DamagedError(`the record of ${key} is missing`);
    if (fingerprintOf(record) !== entry.fingerprint) {
      throw new DamagedError(`the record of ${key} is not the one that was written`);
    }
    return record;
  }

  /** Begins to lay aside another state. What was laid aside before is dropped. */
  stage(begun: Index): void {
    this.dropStaging();
    this.#staging = beginStaging(begun);
  }

  /** Lays aside one more piece, if it is the next one of the state that is being laid aside. */
  stageChunk(begun: Index, number: number, bytes: Uint8Array): void {
    const staging = this.#staging;
    if (staging?.begun !== begun || staging.chunks !== number) return;
    this.overlay.put(chunkKey(begun, number), Buffer.from(bytes));
    this.#staging = stageChunk(staging, bytes);
  }

  dropStaging(): void {
    if (this.#staging === undefined) return;
    this.litter(chunkKeys(this.#staging));
    this.#staging = undefined;
  }

  /**
   * What was laid aside under a key.
   *
   * @throws DamagedError when it is missing
   */
  chunk(key: string): Buffer {
    const bytes = this.overlay.get(key) ?? this.medium.read(key);
    if (bytes === undefined) throw new DamagedError(`${this.medium.name} has lost a piece`);
    return bytes;
  }

  /** All that was laid aside, piece by piece. */
  async *staged(staging: Staging, timer: Timer): AsyncGenerator<Uint8Array> {
    for (const key of chunkKeys(staging)) {
      yield this.chunk(key);
      await pause(timer);
    }
  }

  /** @throws DamagedError when it is not what was laid aside */
  async checkStaged(staging: Staging, timer: Timer): Promise<void> {
    let found = beginStaging(staging.begun);
    for await (const piece of this.staged(staging, timer)) found = stageChunk(found, piece);
    if (found.sum !== staging.sum) {
      throw new DamagedError(`${this.medium.name} does not hold what was laid aside in it`);
    }
  }

  /** Has keys of its own removed, now or when no snapshot can want them any more. */
  litter(keys: readonly string[]): void {
    this.#litter = [...this.#litter, ...keys];
    this.#clean();
  }

  /** The state as it is now, as the outcome of the entries up to where it stands. */
  snapshot(standing: Standing, timer: Timer): StateSnapshot {
    const { index, term, configuration, configurationIndex } = standing;
    const { count, hash } = this.directory.state();
    const moment = {
      meta: { index, term, configuration, configurationIndex },
      sum: { count, hash, staging: this.#staging },
    };
    const snapshot = new StateSnapshot(moment, this, timer, () => this.#release(snapshot));
    this.#snapshots.add(snapshot);
    return snapshot;
  }

  /**
   * Writes what has gathered, with the state that it leads to.
   *
   * @throws FullError when it can be tried again
   */
  async write(standing: Standing): Promise<void> {
    const state = { ...this.directory.state(), ...standing, staging: this.#staging };
    try {
      await this.medium.write(this.overlay.take(), encodeMachineState(state));
    } catch (error) {
      this.overlay.takeBack();
      throw error;
    }
    this.overlay.landed();
  }

  /** Resolves once no snapshot reads it. Nothing is applied to it any more. */
  async unused(): Promise<void> {
    if (this.#snapshots.size === 0) return;
    await new Promise<void>((resolve) => (this.#whenUnused = resolve));
  }

  /** Lets go of all snapshots, whoever reads them. */
  abandon(): void {
    for (const snapshot of this.#snapshots) snapshot.release();
  }

  #release(snapshot: StateSnapshot): void {
    this.#snapshots.delete(snapshot);
    this.#clean();
    if (this.#snapshots.size === 0) this.#whenUnused?.();
  }

  #clean(): void {
    if (this.#snapshots.size > 0) return;
    for (const key of this.#litter) this.overlay.put(key, undefined);
    this.#litter = [];
  }
}
