// Leases: registered with the answer that hands them out, renewed, and revoked in time or when their token ends.
import type { Clock } from '#sdk/clock.ts';
import type { Seconds } from '#sdk/duration.ts';
import { assert } from '#sdk/errors.ts';
import type { LeaseReply } from '#sdk/reply.ts';
import { SealedError } from '#storage/barrier/barrier.ts';
import type { Transaction } from '#storage/transaction.ts';
import type { Authorized, Known, LeaseBlock } from '../request/stages.ts';
import { RandomNames } from '../token/names.ts';
import { addLease, readSecretLease, removeLease } from './entry.ts';
import { endBelow, requireNone } from './below.ts';
import { LeaseExpiry, type LeaseExpiryOptions } from './expiry.ts';
import { expireOne, viewLease, type LeaseView } from './view.ts';
import { renewLease, type Renewed } from './renew.ts';
import { endWithin, firstTerms, ownerOf } from './terms.ts';
import { atomically, revokeLease } from './revoker.ts';

export class LeaseManager {
  readonly #options: LeaseExpiryOptions;
  readonly #clock: Clock;
  readonly #names = new RandomNames();
  #expiry: LeaseExpiry | undefined;

  constructor(options: LeaseExpiryOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /** How many tokens and secrets wait for their end on this node. */
  get size(): number {
    return this.#expiry?.size ?? 0;
  }

  /** From now on what is due is ended by this node. */
  start(): void {
    this.#expiry ??= new LeaseExpiry(this.#options);
    this.#expiry.restore();
  }

  /** Looks at every token and lease again, without holding anything up. */
  restore(): void {
    this.#expiry?.restore();
  }

  /** Begins nothing more, and waits some time for what runs; it may be started again. */
  async stop(): Promise<void> {
    const expiry = this.#expiry;
    this.#expiry = undefined;
    await expiry?.stop();
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

  #logFailure(message: string, key: string, error: unknown): void {
    const text = error instanceof Error ? error.message : 'not an error';
    this.#options.log.error(message, { lease: key, error: text });
  }
}
