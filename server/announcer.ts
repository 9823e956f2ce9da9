// Has an active node say where it is found. Nobody waits for that: other nodes find it by the cluster's configuration, and
// only clients that are sent to it need to be told more.
import { millis, type Clock } from '#sdk/clock.ts';
import { isLostLeadership } from '#storage/cluster-storage.ts';
import type { Log } from './log.ts';

export interface AnnouncerOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly announce: () => Promise<void>;
  /** Has another node lead, if there is one that can. */
  readonly stepDown: () => Promise<void>;
}

/** What failed may fail again at once. */
const RETRY = millis(1_000);

export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #stopped = Promise.withResolvers<void>();
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#untilSaid();
  }

  /** Resolves when nothing of it is left. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopped.resolve();
    await this.#running;
  }

  async #untilSaid(): Promise<void> {
    while (!this.#isStopped && !(await this.#say())) await this.#pause();
  }

  /** Whether there is nothing left to do. Another node may be able to say what this one cannot. */
  async #say(): Promise<boolean> {
    const { log, announce, stepDown } = this.#options;
    try {
      await announce();
      return true;
    } catch (error) {
      // It ends with the duties, or a transfer of leadership comes to nothing.
      if (isLostLeadership(error)) return false;
      log.error('the active node cannot say where it is found', { error: String(error) });
    }
    await stepDown();
    return false;
  }

  async #pause(): Promise<void> {
    const late = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(RETRY, late.resolve);
    await Promise.race([late.promise, this.#stopped.promise]);
    cancel();
  }
}
