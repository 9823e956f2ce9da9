// Keeps the queue in step with storage: whatever was written or removed is looked at again, and at first everything.
// Nobody schedules anything by hand, so a renewal, a restart or another node cannot be missed.
import type { Millis } from '#sdk/clock.ts';
import type { Barrier } from '#storage/barrier/barrier.ts';
import { LEASE_PREFIX, recordKey, tokenOfRecord, TOKENS_PREFIX } from '../token/store.ts';
import type { TokenEntry } from '../token/entry.ts';
import { BY_TOKEN_PREFIX, byTokenFolder, type LeasePointer, type LeaseRecord } from './entry.ts';
import { takeFrom } from './pool.ts';

/** A record is read and decrypted in some ten microseconds, so that a turn takes a few milliseconds. */
const RECORDS_PER_TURN = 100;

export interface FollowerOptions {
  readonly barrier: Barrier;
  /** Called with a storage key and when it is due; `undefined` for never. */
  readonly whenDue: (key: string, at: Millis | undefined) => void;
  /** Called after each turn. */
  readonly whenSeen: () => void;
  readonly whenFailed: (key: string, error: unknown) => void;
}

const NOW = 0 as Millis;
/** The lease of a token is named by its key; the token's own record is what is followed. */
const TOKEN_LEASE = /\/h[\da-f]{64}$/;

export class LeaseFollower {
  readonly #options: FollowerOptions;
  readonly #stopObserving: () => void;
  /** Keys that have changed and were not looked at yet. */
  readonly #changed = new Set<string>();
  /** What is still to be looked at because it was there before. */
  #rest: Iterator<string, undefined> | undefined;
  #turn: NodeJS.Immediate | undefined;
  #isStopped = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#stopObserving = options.barrier.physical.observe((keys) => {
      for (const key of keys) if (isFollowed(key)) this.#changed.add(key);
      if (this.#changed.size > 0) this.#schedule();
    });
  }

  /** Looks at everything there is, some of it in each turn of the event loop. */
  restore(): void {
    this.#rest = this.#everything();
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopObserving();
    clearImmediate(this.#turn);
  }

  #schedule(): void {
    if (this.#isStopped) return;
    this.#turn ??= setImmediate(() => this.#look());
  }

  #look(): void {
    this.#turn = undefined;
    if (this.#options.barrier.isSealed) return; // everything is looked at anew after unsealing
    // A storage that has failed tells of no keys either; then the node ends, and says why itself.
    const keys = this.#carefully(TOKENS_PREFIX, () => this.#next(RECORDS_PER_TURN)) ?? [];
    for (const key of keys) this.#carefully(key, () => this.#follow(key));
    this.#options.whenSeen();
    if (this.#changed.size > 0 || this.#rest !== undefined) this.#schedule();
  }

  /** One damaged record must not keep the others from their end. */
  #carefully<T>(key: string, action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      this.#options.whenFailed(key, error);
      return undefined;
    }
  }

  #next(count: number): readonly string[] {
    const keys = takeFrom(this.#changed, count);
    while (keys.length < count && this.#rest !== undefined) {
      const next = this.#rest.next();
      if (next.done === true) this.#rest = undefined;
      else keys.push(next.value);
    }
    return keys;
  }

  #follow(key: string): void {
    const token = tokenOfRecord(key);
    if (token === undefined) this.#followLease(key);
    else this.#followToken(key, token);
  }

  /** The leases of a token that is no more are due, whenever they were to end. */
  #followToken(key: string, token: string): void {
    const entry = this.#options.barrier.read<TokenEntry>(key)?.value;
    this.#options.whenDue(key, entry?.expiresAt);
    if (entry !== undefined) return;
    for (const lease of this.#leasesOf(byTokenFolder(token))) this.#changed.add(lease);
  }

  #followLease(key: string): void {
    const lease = this.#options.barrier.read<LeaseRecord>(key)?.value;
    if (lease === undefined || lease.kind === 'token') {
      this.#options.whenDue(key, undefined);
    } else if (lease.failure !== undefined) {
      this.#options.whenDue(key, lease.failure.retryAt);
    } else {
      this.#options.whenDue(key, this.#isOrphaned(lease.token) ? NOW : lease.expiresAt);
    }
  }

  #isOrphaned(token: string): boolean {
    return token !== '' && this.#options.barrier.physical.indexOf(recordKey(token)) === 0;
  }

  *#everything(): Generator<string, undefined> {
    const { physical } = this.#options.barrier;
    for (const shard of physical.list(TOKENS_PREFIX)) {
      for (const name of physical.list(TOKENS_PREFIX + shard)) yield TOKENS_PREFIX + shard + name;
    }
    for (const shard of physical.list(BY_TOKEN_PREFIX)) {
      for (const token of physical.list(BY_TOKEN_PREFIX + shard)) {
        yield* this.#leasesOf(BY_TOKEN_PREFIX + shard + token);
      }
    }
  }

  *#leasesOf(folder: string): Generator<string, undefined> {
    const { barrier } = this.#options;
    for (const name of barrier.physical.list(folder)) {
      const key = folder + name;
      const pointer = this.#carefully(key, () => barrier.read<LeasePointer>(key)?.value);
      if (pointer !== undefined) yield LEASE_PREFIX + pointer.lease;
    }
  }
}

function isFollowed(key: string): boolean {
  if (key.startsWith(TOKENS_PREFIX)) return true;
  return key.startsWith(LEASE_PREFIX) && !TOKEN_LEASE.test(key);
}
