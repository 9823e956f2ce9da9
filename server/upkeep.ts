// What an unsealed node does by itself now and then: keep the count of encryptions, and rotate the barrier's key when it
// has encrypted enough or is old enough.
import { millis, type Clock } from '#sdk/clock.ts';
import { SealedError, type Barrier } from '#storage/barrier/barrier.ts';
import { isLostLeadership } from '#storage/cluster-storage.ts';
import type { Log } from './log.ts';
import { readRotation } from './rotation.ts';

/** Vault's own interval; a busy node encrypts some millions of values in it, of the billions that a key may. */
const CHECK_INTERVAL = millis(5 * 60 * 1000);

export interface UpkeepOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly barrier: Barrier;
}

export class Upkeep {
  readonly #options: UpkeepOptions;
  #cancel: () => void = () => {};
  #running: Promise<void> = Promise.resolve();

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  start(): void {
    const { clock, log } = this.#options;
    this.#cancel = clock.after(CHECK_INTERVAL, () => {
      this.#running = this.#running
        .then(() => this.#check())
        .catch((error: unknown) => {
          // The next check comes anyway; a disk that fails shows in every request.
          log.error('the upkeep of the barrier failed', { error: String(error) });
        });
      this.start();
    });
  }

  /** Waits for what runs, and keeps the count, so that it survives the seal. Who does not lead any more cannot. */
  async stop(): Promise<void> {
    this.#cancel();
    await this.#running;
    try {
      await this.#options.barrier.saveEncryptions();
    } catch (error) {
      // A barrier that has lost its key to a restored state has nothing to keep.
      if (!isLostLeadership(error) && !(error instanceof SealedError)) throw error;
    }
  }

  async #check(): Promise<void> {
    const { barrier, log } = this.#options;
    if (!barrier.rotationDue(readRotation((key) => barrier.read<object>(key)?.value))) {
      await barrier.saveEncryptions();
      return;
    }
    await barrier.rotate();
    log.info('the key of the barrier was rotated', { term: barrier.keyInformation().term });
  }
}
