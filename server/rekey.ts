// New shares: a new root key under a new guard, once the holders of the old shares agree. Where verification is asked
// for, nothing changes before the new shares have been shown.
import { badRequest, ClientError } from '#sdk/errors.ts';
import type { Barrier } from '#storage/barrier/barrier.ts';
import { randomKey } from '#storage/barrier/keyring.ts';
import type { Guarded, ShareNumbers } from '#storage/seal/seal.ts';
import { checkNumbers, type ShamirSeal } from '#storage/seal/shamir-seal.ts';
import { ShareAttempt, type SentShare } from './share-attempt.ts';

export interface RekeyRequest extends ShareNumbers {
  readonly require_verification: boolean;
}

/** A root key that guards nothing yet. */
interface Prepared {
  readonly rootKey: Buffer;
  readonly guarded: Guarded;
}

interface Running {
  readonly request: RekeyRequest;
  /** The request that began it: run again, it finds what it did. */
  readonly startedBy: string;
  readonly attempt: ShareAttempt<Prepared>;
  /** What waits for its verification, and the attempt to verify it. */
  readonly waiting?: { readonly prepared: Prepared; readonly attempt: ShareAttempt<true> };
}

/** What sys/rekey/init shows, but for what never changes. */
export interface RekeyStatus {
  readonly nonce: string;
  readonly started: boolean;
  readonly t: number;
  readonly n: number;
  readonly progress: number;
  readonly required: number;
  readonly verification_required: boolean;
  readonly verification_nonce?: string;
}

export interface VerificationStatus {
  readonly nonce: string;
  readonly started: boolean;
  readonly t: number;
  readonly n: number;
  readonly progress: number;
}

/** The new shares, and what has to be done for them to count. */
export interface NewShares {
  readonly shares: readonly Buffer[];
  readonly nonce: string;
  readonly apply: () => Promise<void> | void;
}

export class Rekey {
  readonly #seal: ShamirSeal;
  readonly #barrier: Barrier;
  #running: Running | undefined;

  constructor(seal: ShamirSeal, barrier: Barrier) {
    this.#seal = seal;
    this.#barrier = barrier;
  }

  get status(): RekeyStatus {
    const running = this.#running;
    const waiting = running?.waiting;
    return {
      nonce: running?.attempt.nonce ?? '',
      started: running !== undefined,
      t: running?.request.secret_threshold ?? 0,
      n: running?.request.secret_shares ?? 0,
      progress: running?.attempt.progress ?? 0,
      required: this.#required,
      verification_required: running?.request.require_verification ?? false,
      ...(waiting === undefined ? {} : { verification_nonce: waiting.attempt.nonce }),
    };
  }

  /** @throws ClientError 400 when there is nothing to verify, now or later */
  get verification(): VerificationStatus {
    const { request, waiting } = this.#require('no rekey configuration found');
    return {
      nonce: waiting?.attempt.nonce ?? '',
      started: waiting !== undefined,
      t: request.secret_threshold,
      n: request.secret_shares,
      progress: waiting?.attempt.progress ?? 0,
    };
  }

  get #required(): number {
    return this.#seal.config?.secret_threshold ?? 0;
  }

  /** @throws ClientError 400 while there is another rekey, 500 (as in Vault) for numbers that make no sense */
  start(request: RekeyRequest, requestId: string): void {
    if (this.#running?.startedBy === requestId) return;
    if (this.#running !== undefined) throw badRequest('rekey already in progress');
    try {
      checkNumbers(request);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      throw new ClientError(500, error.message.replace('invalid seal', 'invalid rekey seal'), {
        cause: error,
      });
    }
    this.#running = { request, startedBy: requestId, attempt: new ShareAttempt('rekey') };
  }

  /** Takes an old share. @returns the new ones, once there are enough */
  provide(sent: SentShare): NewShares | undefined {
    const running = this.#require('no barrier rekey in progress');
    const { attempt, request } = running;
    if (running.waiting !== undefined) {
      throw badRequest('rekey operation already finished; verification must be performed');
    }
    const prepared = attempt.provide(sent, this.#required, (parts) =>
      this.#prepare(parts, request),
    );
    if (prepared === undefined) return undefined;
    const { shares } = prepared.guarded;
    if (!request.require_verification) {
      return { shares, nonce: '', apply: () => this.#apply(prepared) };
    }
    const verification = new ShareAttempt<true>('rekey verification');
    const waiting = { prepared, attempt: verification };
    return {
      shares,
      nonce: verification.nonce,
      apply: () => {
        this.#running = { ...running, waiting };
      },
    };
  }

  /** Takes a new share. @returns what makes the new ones count, once there are enough */
  verify(sent: SentShare): (() => Promise<void>) | undefined {
    const { request, waiting } = this.#require('no rekey configuration found');
    if (waiting === undefined) throw badRequest('no rekey verification in progress');
    const { prepared, attempt } = waiting;
    const isProved = attempt.provide(sent, request.secret_threshold, (parts) =>
      this.#prove(prepared, parts),
    );
    return isProved && (() => this.#apply(prepared));
  }

  /** Begins the verification anew, under another nonce. */
  restartVerification(): VerificationStatus {
    const running = this.#require('no rekey configuration found');
    const { waiting } = running;
    if (waiting !== undefined) {
      waiting.attempt.end();
      const attempt = new ShareAttempt<true>('rekey verification');
      this.#running = { ...running, waiting: { ...waiting, attempt } };
    }
    return this.verification;
  }

  end(): void {
    this.#running?.attempt.end();
    this.#running?.waiting?.attempt.end();
    this.#running?.waiting?.prepared.rootKey.fill(0);
    this.#running = undefined;
  }

  #require(message: string): Running {
    if (this.#running === undefined) throw badRequest(message);
    return this.#running;
  }

  #prepare(parts: readonly Buffer[], numbers: ShareNumbers): Prepared {
    const old = this.#seal.openRootKey(parts);
    const isRight = this.#barrier.isRootKey(old);
    old.fill(0);
    if (!isRight) throw badRequest('rekey aborted: root key verification failed');
    const rootKey = randomKey();
    return { rootKey, guarded: this.#seal.guard(rootKey, numbers) };
  }

  #prove({ rootKey, guarded }: Prepared, parts: readonly Buffer[]): true {
    const shown = this.#seal.openGuarded(guarded, parts);
    const isRight = shown.equals(rootKey);
    shown.fill(0);
    if (!isRight) throw badRequest('verification failed: the new key is another one');
    return true;
  }

  async #apply({ rootKey, guarded }: Prepared): Promise<void> {
    await this.#barrier.changeRootKey(rootKey, guarded.records);
    rootKey.fill(0);
    this.end();
  }
}
