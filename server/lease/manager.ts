// Leases: registered with the answer that hands them out, renewed, and revoked in time or when their token ends.
import { randomInt } from 'node:crypto';
import { millis, type Clock, type Millis } from '#sdk/clock.ts';
import type { Seconds } from '#sdk/duration.ts';
import { assert } from '#sdk/errors.ts';
import type { LeaseReply } from '#sdk/reply.ts';
import { SealedError } from '#storage/barrier/barrier.ts';
import type { Transaction } from '#storage/transaction.ts';
import type { Log } from '../log.ts';
import type { Authorized, Known, LeaseBlock } from '../request/stages.ts';
import { RandomNames } from '../token/names.ts';
import { hasEnded, LEASE_PREFIX, tokenOfRecord } from '../token/store.ts';
import {
  addLease,
  isDue,
  readSecretLease,
  removeLease,
  updateLease,
  type LeaseFailure,
} from './entry.ts';
import { endBelow, requireNone } from './below.ts';
import { expireOne, viewLease, type LeaseView } from './view.ts';
import { LeaseFollower } from './follower.ts';
import { RevocationPool } from './pool.ts';
import { LeaseQueue } from './queue.ts';
import { renewLease, type Renewed } from './renew.ts';
import { endWithin, firstTerms, ownerOf, reasonOf } from './terms.ts';
import {
  atomically,
  revokeLease,
  revokeSecret,
  revokeToken,
  type LeaseServices,
} from './revoker.ts';

export interface LeaseManagerOptions extends LeaseServices {
  readonly log: Log;
}

/** How long sealing waits for revocations that run: what is not done by then is done after unsealing. */
const STOP_LIMIT = 5_000 as Millis;
const RETRY_BASE_MS = 10_000;
/** After the first attempt; the last of them comes about ten minutes after it. */
export const RETRIES_MAX = 6;
/** Spread out, so that what failed together is not tried together. */
const JITTER_PERCENT = 25;

export class LeaseManager {
  readonly #options: LeaseManagerOptions;
  readonly #clock: Clock;
  readonly #names = new RandomNames();
  readonly #queue: LeaseQueue;
  readonly #pool: RevocationPool;
  readonly #follower: LeaseFollower;
  #isStopped = false;
  #timer: { readonly at: Millis; readonly cancel: () => void } | undefined;

  constructor(options: LeaseManagerOptions) {
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

  start(): void {
    this.restore();
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

  /** The lease of a credential that an answer hands out. */
  register(
    transaction: Transaction,
    { known }: Authorized,
    reply: LeaseReply,
    warnings: string[],
  ): LeaseBlock {
    const { token, admitted } = known;
    const { mount, arrived } = admitted;
    assert(token !== undefined && mount !== undefined, 'a credential is leased to a token');
    const now = this.#clock.now();
    const { result, ...asked } = firstTerms(reply, mount, now);
    warnings.push(...result.warnings);
    const notAfter = token.type === 'batch' ? token.expiresAt : undefined;
    const end = endWithin(now, result.ttl, notAfter);
    const id = `${arrived.path}/${this.#names.next()}`;
    addLease(transaction, {
      kind: 'secret',
      id,
      mount: mount.entry.uuid,
      secret: reply.secret,
      internal: reply.internal,
      token: ownerOf(token),
      ...asked,
      isRenewable: reply.isRenewable,
      issuedAt: now,
      renewedAt: undefined,
      expiresAt: end.expiresAt,
      notAfter,
      failure: undefined,
    });
    return { lease_id: id, renewable: reply.isRenewable, lease_duration: end.duration };
  }

  /** Renews a lease within the transaction of the request. */
  renew(transaction: Transaction, id: string, increment: Seconds): Promise<Renewed> {
    return renewLease(this.#options, transaction, id, increment);
  }

  /** What is known of a lease; `undefined` when there is none or its time has come. */
  find(transaction: Transaction, id: string): LeaseView | undefined {
    return viewLease(this.#options, transaction, id);
  }

  /** Ends a lease: a token at once, a secret as soon as its engine can. */
  expire(transaction: Transaction, id: string): void {
    expireOne(this.#options, transaction, id);
  }

  /**
   * Ends a lease now, in a transaction of its own.
   *
   * @throws what kept it from ending
   */
  revoke(id: string): Promise<void> {
    return revokeLease(this.#options, id);
  }

  /**
   * Ends all leases below a path.
   *
   * @throws ClientError 400 when some could not be revoked; they are kept
   */
  revokeBelow(transaction: Transaction, path: string, known: Known): Promise<void> {
    return endBelow({ services: this.#options, transaction, path, known }, (id) =>
      revokeLease(this.#options, id),
    );
  }

  /**
   * Ends all leases of a mount that goes away or moves with `transaction`, which commits only if none has come since.
   *
   * @throws ClientError 400 when some could not be revoked; they are kept, and the mount must be too
   */
  async revokeMount(transaction: Transaction, path: string, known: Known): Promise<void> {
    await this.revokeBelow(transaction, path, known);
    requireNone({ transaction, path });
  }

  /** Has all leases below a path end as soon as their engines can. */
  expireBelow(transaction: Transaction, path: string, known: Known): Promise<void> {
    return endBelow({ services: this.#options, transaction, path, known }, (id) =>
      atomically(this.#options.barrier, (own) => expireOne(this.#options, own, id)),
    );
  }

  /** Ends all leases below a path, and forgets those whose secret could not be revoked. */
  forceBelow(transaction: Transaction, path: string, known: Known): Promise<void> {
    return endBelow({ services: this.#options, transaction, path, known }, (id) =>
      revokeLease(this.#options, id).catch((error: unknown) => this.#forget(id, error)),
    );
  }

  #forget(id: string, cause: unknown): Promise<void> {
    if (cause instanceof SealedError) throw cause;
    this.#logFailure('a lease is forgotten, its secret may live on', id, cause);
    return atomically(this.#options.barrier, (transaction) => {
      const lease = readSecretLease(transaction, id);
      if (lease !== undefined) removeLease(transaction, lease);
    });
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

  /** Ends what is due. A storage that seals meanwhile keeps it, and it is due again after unsealing. */
  async #end(key: string): Promise<void> {
    try {
      const token = tokenOfRecord(key);
      if (token === undefined) await this.#endLease(key.slice(LEASE_PREFIX.length));
      else await revokeToken(this.#options, token, (entry) => hasEnded(entry, this.#clock.now()));
    } catch (error) {
      if (error instanceof SealedError) return;
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
      if (error instanceof SealedError) throw error;
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
