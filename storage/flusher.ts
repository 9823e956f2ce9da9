// When what was applied is written to the medium: some time later, together, one group at a time.
import type { Timer } from '#raft/driver/ports.ts';
import { again, asFailure, type Failure, type Index } from './physical.ts';

/**
 * What a crash may take from the state machine comes again from the log, so nobody waits for a write; but each takes
 * turns of the disk that the log needs too, so there are few.
 */
const DELAY_MILLIS = 200;

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

  constructor(options: FlusherOptions) {
    this.#options = options;
    this.#durable = options.durable;
  }

  /** Has what was applied written before long. */
  soon(): void {
    if (this.#cancel !== undefined || this.#running !== undefined) return;
    this.#cancel = this.#options.timer.after(DELAY_MILLIS, () => this.now());
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
    this.#options.onFailure(failure);
    return failure;
  }

  async #run(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    try {
      this.#durable = await this.#options.write();
    } catch (error) {
      throw this.fail(error);
    } finally {
      this.#running = undefined;
    }
    if (this.#options.applied() > this.#durable) this.soon();
  }
}
