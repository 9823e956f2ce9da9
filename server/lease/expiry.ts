// Ends what is due, on the node that is active: a queue of ends that follows storage, and a pool that carries them out.
import { randomInt } from 'node:crypto';
import { millis, type Clock, type Millis } from '#sdk/clock.ts';
import { SealedError } from '#storage/barrier/barrier.ts';
import { isLostLeadership } from '#storage/cluster-storage.ts';
import type { Log } from '../log.ts';
import { hasEnded, LEASE_PREFIX, tokenOfRecord } from '../token/store.ts';
import { isDue, readSecretLease, updateLease, type LeaseFailure } from './entry.ts';
import { LeaseFollower } from './follower.ts';
import { RevocationPool } from './pool.ts';
import { LeaseQueue } from './queue.ts';
import { atomically, revokeSecret, revokeToken, type LeaseServices } from './revoker.ts';
import { reasonOf } from './terms.ts';

export interface LeaseExpiryOptions extends LeaseServices {
  readonly log: Log;
}

/** How long sealing waits for revocations that run: what is not done by then is done after unsealing. */
const STOP_LIMIT = 5_000 as Millis;
const RETRY_BASE_MS = 10_000;
/** After the first attempt; the last of them comes about ten minutes after it. */
const RETRIES_MAX = 6;
/** Spread out, so that what failed together is not tried together. */
const JITTER_PERCENT = 25;

export class LeaseExpiry {
  readonly #options: LeaseExpiryOptions;
  readonly #clock: Clock;
  readonly #queue: LeaseQueue;
  readonly #pool: RevocationPool;
  readonly #follower: LeaseFollower;
  #isStopped = false;
  #timer: { readonly at: Millis; readonly cancel: () => void } | undefined;

  constructor(options: LeaseExpiryOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#queue = new LeaseQueue(options.clock.now());
    this.#pool = new RevocationPool((key) => this.#end(key));
    this.#follower = new LeaseFollower({
      barrier: options.barrier,
      whenDue: (key, at) => this.#schedule(key, at),
      whenSeen: () => this.#setTimer(),
      whenFailed: (key, error) => this.#logFailure('a lease could not be read', key, error),
    });
  }

  /** How many tokens and secrets wait for their end. */
  get size(): number {
    return this.#queue.size;
  }

  /** Looks at every token and lease again, without holding anything up. */
  restore(): void {
    this.#follower.restore();
  }

  /** Begins nothing more, and waits some time for what runs. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#follower.stop();
    this.#timer?.cancel();
    const late = Promise.withResolvers<void>();
    const cancel = this.#clock.after(STOP_LIMIT, late.resolve);
    await Promise.race([this.#pool.close(), late.promise]);
    cancel();
  }

  #schedule(key: string, at: Millis | undefined): void {
    if (at === undefined) {
      this.#queue.cancel(key);
    } else if (at <= this.#clock.now()) {
      this.#queue.cancel(key);
      this.#pool.add(key);
    } else {
      this.#queue.schedule(key, at);
    }
  }

  /** One timer, for whatever comes first. */
  #setTimer(): void {
    const at = this.#queue.next();
    if (at === this.#timer?.at) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (at === undefined || this.#isStopped) return;
    const delay = millis(Math.max(0, at - this.#clock.now()));
    this.#timer = { at, cancel: this.#clock.after(delay, () => this.#fire()) };
  }

  #fire(): void {
    this.#timer = undefined;
    for (const key of this.#queue.advance(this.#clock.now())) this.#pool.add(key);
    this.#setTimer();
  }

  /** Ends what is due. A node that is sealed or loses leadership meanwhile leaves it to the one that is active next. */
  async #end(key: string): Promise<void> {
    try {
      const token = tokenOfRecord(key);
      if (token === undefined) await this.#endLease(key.slice(LEASE_PREFIX.length));
      else await revokeToken(this.#options, token, (entry) => hasEnded(entry, this.#clock.now()));
    } catch (error) {
      if (isNotOursAnyMore(error)) return;
      this.#logFailure('an end could not be put on record', key, error);
      this.#schedule(key, millis(this.#clock.now() + RETRY_BASE_MS));
      this.#setTimer();
    }
  }

  async #endLease(id: string): Promise<void> {
    try {
      await revokeSecret(this.#options, id, (lease, transaction) =>
        isDue(transaction, lease, this.#clock.now()),
      );
    } catch (error) {
      if (isNotOursAnyMore(error)) throw error;
      this.#logFailure('a lease could not be revoked', id, error);
      await this.#keepFailure(id, error);
    }
  }

  /** The next attempt stands in the record, so that it is made whatever happens until then. */
  #keepFailure(id: string, error: unknown): Promise<void> {
    return atomically(this.#options.barrier, (transaction) => {
      const lease = readSecretLease(transaction, id);
      if (lease === undefined) return;
      const attempts = (lease.failure?.attempts ?? 0) + 1;
      const failure: LeaseFailure = {
        attempts,
        retryAt: attempts > RETRIES_MAX ? undefined : this.#retryAt(attempts),
        reason: reasonOf(error),
      };
      updateLease(transaction, { ...lease, failure });
    });
  }

  #retryAt(attempts: number): Millis {
    const delay = RETRY_BASE_MS * 2 ** (attempts - 1);
    return millis(this.#clock.now() + delay + (delay * randomInt(JITTER_PERCENT)) / 100);
  }

  #logFailure(message: string, key: string, error: unknown): void {
    const text = error instanceof Error ? error.message : 'not an error';
    this.#options.log.error(message, { lease: key, error: text });
  }
}

const isNotOursAnyMore = (error: unknown): boolean =>
  error instanceof SealedError || isLostLeadership(error);
