// How batches become durable, whatever the medium: each is judged when it arrives, all that wait are written together,
// and then they are applied in order. Where the records lie is the medium's business.
import type { Directory } from './directory.ts';
import { Forecast } from './forecast.ts';
import { findMoved } from './judge.ts';
import {
  again,
  asFailure,
  ConflictError,
  StorageError,
  tellApplied,
  type ApplyListener,
  type Batch,
  type Failure,
  type Index,
} from './physical.ts';
import { encodeAll, type State, type Written } from './record.ts';

/** Where records lie: memory, LevelDB. */
export interface Medium {
  /** Whether a write has ended when `write` returns, so that nothing ever waits. */
  readonly immediate: boolean;
  /** The record of a key as it lies there, unchecked. */
  read(key: string): Buffer | undefined;
  /** Makes all records durable or none (`undefined` deletes one), with the state that they lead to. */
  write(records: ReadonlyMap<string, Buffer | undefined>, state: State): Promise<void> | undefined;
  close(): Promise<void>;
}

interface Pending {
  readonly index: Index;
  readonly writes: ReadonlyMap<string, Written | undefined>;
  /** Settles once the batch is applied, or will never be. */
  readonly applied: PromiseWithResolvers<Index>;
}

export class Commits {
  readonly #directory: Directory;
  readonly #medium: Medium;
  readonly #forecast: Forecast;
  readonly #listeners = new Set<ApplyListener>();
  /** The records that the group in flight replaces: a medium may show the new ones before they are applied. */
  readonly #replaced = new Map<string, Buffer>();
  #flying: readonly Pending[] = [];
  #waiting: Pending[] = [];
  #scheduled = false;
  #last: Index;
  #failure: Failure | undefined;
  #whenIdle: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(directory: Directory, medium: Medium) {
    this.#directory = directory;
    this.#medium = medium;
    this.#forecast = new Forecast(directory);
    this.#last = directory.index;
  }

  commit(batch: Batch): Promise<Index> {
    if (this.#failure !== undefined) return Promise.reject(again(this.#failure));
    // A batch that changes nothing takes place now, before all that waits.
    const readOnly = batch.writes.size === 0;
    const moved = findMoved(batch, readOnly ? this.#directory : this.#forecast);
    if (moved !== undefined) return this.#refuse(moved);
    return readOnly ? Promise.resolve(this.#directory.index) : this.#enqueue(batch);
  }

  observe(listener: ApplyListener): () => void {
    // A function of its own, so that a listener that is added twice is called twice and ended once.
    const added: ApplyListener = (keys, index) => listener(keys, index);
    this.#listeners.add(added);
    return () => this.#listeners.delete(added);
  }

  /** The record of a key as of the last applied batch, unchecked. */
  read(key: string): Buffer | undefined {
    return this.#replaced.get(key) ?? this.#medium.read(key);
  }

  /** @throws StorageError after a failed write, and once closed */
  assertUsable(): void {
    if (this.#failure !== undefined) throw again(this.#failure);
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    const failed = this.#failure !== undefined;
    this.#failure ??= new StorageError('the storage is closed');
    if (!failed && this.#flying.length + this.#waiting.length > 0) {
      await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    }
    await this.#medium.close();
  }

  /** Whoever is refused runs again, so it hears of it only when what was in its way can be read. */
  #refuse(moved: string): Promise<Index> {
    const refusal = new ConflictError(`${moved} has changed since it was read`);
    const last = this.#waiting.at(-1) ?? this.#flying.at(-1);
    if (last === undefined) return Promise.reject(refusal);
    return last.applied.promise.then(() => {
      throw refusal;
    });
  }

  #enqueue({ writes }: Batch): Promise<Index> {
    const index = (this.#last + 1) as Index;
    const pending = { index, writes: encodeAll(writes, index), applied: newPromise() };
    this.#last = index;
    this.#waiting.push(pending);
    if (this.#medium.immediate) {
      this.#launch();
    } else {
      this.#forecast.expect(index, writes);
      this.#schedule();
    }
    return pending.applied.promise;
  }

  /** Not at once: requests that came in together, or that the last group lets go on, share one write. */
  #schedule(): void {
    if (this.#scheduled || this.#flying.length > 0) return;
    this.#scheduled = true;
    setImmediate(() => this.#launch());
  }

  #launch(): void {
    this.#scheduled = false;
    this.#flying = this.#waiting;
    this.#waiting = [];
    try {
      const records = mergeRecords(this.#flying);
      this.#keepReplaced(records.keys());
      const durable = this.#medium.write(
        new Map([...records].map(([key, change]) => [key, change?.record])),
        this.#stateAfter(records),
      );
      if (durable === undefined) this.#land();
      else durable.then(() => this.#land()).catch((error: unknown) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
  }

  #keepReplaced(keys: Iterable<string>): void {
    for (const key of keys) {
      if (this.#directory.entry(key) === undefined) continue;
      const record = this.#medium.read(key);
      if (record !== undefined) this.#replaced.set(key, record);
    }
  }

  #stateAfter(records: ReadonlyMap<string, Written | undefined>): State {
    const { hash, ...before } = this.#directory.state();
    let count = before.count;
    for (const [key, change] of records) {
      const old = this.#directory.entry(key);
      if (old !== undefined) {
        hash.subtract(old.fingerprint);
        count -= 1;
      }
      if (change !== undefined) {
        hash.add(change.fingerprint);
        count += 1;
      }
    }
    return { index: this.#flying.at(-1)?.index ?? before.index, count, hash };
  }

  /** The group is durable: makes it visible, then says so. */
  #land(): void {
    const landed = this.#flying;
    for (const { index, writes } of landed) this.#directory.apply(index, writes);
    this.#forecast.settle(this.#directory.index);
    this.#replaced.clear();
    this.#flying = [];
    for (const { index, applied } of landed) applied.resolve(index);
    for (const { index, writes } of landed) tellApplied(this.#listeners, [...writes.keys()], index);
    if (this.#waiting.length > 0) this.#schedule();
    else this.#whenIdle?.();
  }

  /** Whether the group is durable is unknown, so nothing that comes after it can be right. */
  #fail(cause: unknown): void {
    const failure = asFailure(cause);
    this.#failure = failure;
    const lost = [...this.#flying, ...this.#waiting];
    this.#flying = [];
    this.#waiting = [];
    for (const { applied } of lost) applied.reject(again(failure));
    this.#whenIdle?.();
  }
}

/** The last record of each key of a group: the ones before it are never seen. */
function mergeRecords(group: readonly Pending[]): ReadonlyMap<string, Written | undefined> {
  const [first, ...others] = group;
  if (first !== undefined && others.length === 0) return first.writes;
  return new Map(group.flatMap(({ writes }) => [...writes]));
}

function newPromise(): PromiseWithResolvers<Index> {
  return Promise.withResolvers<Index>();
}
