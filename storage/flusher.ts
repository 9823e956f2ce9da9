// When what was applied is written to the medium: some time later, together, one group at a time.
import type { Timer } from '#raft/driver/ports.ts';
import { again, asFailure, FullError, type Failure, type Index } from './physical.ts';

/**
 * What a crash may take from the state machine comes again from the log, so nobody waits for a write; but each takes
 * turns of the disk that the log needs too, so there are few.
 */
const DELAY_MILLIS = 200;

/** How long after a write for which there was no room the next one is tried. */
const RETRY_MILLIS = 1000;

interface FlusherOptions {
  readonly timer: Timer;
  readonly durable: Index;
  /** The last entry that was applied. */
  readonly applied: () => Index;
  /** Writes all that was applied; the answer is the last entry that is durable with it. */
  readonly write: () => Promise<Index>;
  /** Told once: nothing can be written from then on. */
  readonly onFailure: (failure: Failure) => void;
}

export class Flusher {
  readonly #options: FlusherOptions;
  #durable: Index;
  #running: Promise<void> | undefined;
  #cancel: (() => void) | undefined;
  #failure: Failure | undefined;
  /** Ends the wait for room. */
  #wake: (() => void) | undefined;
  #isEnding = false;

  constructor(options: FlusherOptions) {
    this.#options = options;
    this.#durable = options.durable;
  }

  /** Has what was applied written before long. */
  soon(): void {
    if (this.#running === undefined) this.#cancel ??= this.#after(DELAY_MILLIS, () => this.now());
  }

  /** Has what was applied written at once; whether it worked is told to `onFailure` only. */
  now(): void {
    this.through(this.#options.applied()).catch(() => undefined);
  }

  /**
   * Resolves once everything up to `index` is durable.
   *
   * @throws StorageError
   */
  async through(index: Index): Promise<void> {
    while (this.#durable < index) {
      this.assertUsable();
      this.#running ??= this.#run();
      await this.#running;
    }
  }

  /** Everything was replaced by what is durable as of `index`. Nothing is being written now. */
  restart(index: Index): void {
    this.#durable = index;
  }

  /** @throws StorageError after a failed write, and once stopped */
  assertUsable(): void {
    if (this.#failure !== undefined) throw again(this.#failure);
  }

  /** Every later call fails with it. */
  stop(failure: Failure): void {
    this.#failure ??= failure;
    this.#cancel?.();
  }

  /** Stops, and tells so unless that is known already. */
  fail(cause: unknown): Failure {
    if (this.#failure !== undefined) return again(this.#failure);
    const failure = asFailure(cause);
    this.stop(failure);
    if (!this.#isEnding) this.#options.onFailure(failure);
    return failure;
  }

  /** Writes what was applied if that can be done now: what cannot is in the log. Then every call fails with `reason`. */
  async end(reason: Failure): Promise<void> {
    this.#isEnding = true;
    this.#wake?.();
    await this.through(this.#options.applied()).catch(() => undefined);
    this.stop(reason);
  }

  async #run(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    try {
      this.#durable = await this.#writeWhenThereIsRoom();
    } catch (error) {
      throw this.fail(error);
    } finally {
      this.#running = undefined;
    }
    if (this.#options.applied() > this.#durable) this.soon();
  }

  /** A full disk is no reason to stop: reads go on, and whoever applies waits once too much is held in memory. */
  async #writeWhenThereIsRoom(): Promise<Index> {
    for (;;) {
      try {
        return await this.#options.write();
      } catch (error) {
        if (!(error instanceof FullError) || this.#isEnding) throw error;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#after(RETRY_MILLIS, resolve);
      });
    }
  }

  #after(delay: number, action: () => void): () => void {
    return this.#options.timer.after(delay, action);
  }
}
