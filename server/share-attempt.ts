// Shares of the key that are handed in for one purpose: under a nonce, so that shares meant for something else do not
// count, and each once. What an attempt does must not depend on how often a request is run, so the last is remembered.
import { hash, randomUUID, timingSafeEqual } from 'node:crypto';
import { badRequest } from '#sdk/errors.ts';
import { ShareCollector } from '#storage/seal/share-collector.ts';

/** One share as a request brings it. */
export interface SentShare {
  /** Of the request. */
  readonly id: string;
  readonly share: Buffer;
  readonly nonce: string;
}

export class ShareAttempt<T> {
  readonly #collector = new ShareCollector();
  readonly #purpose: string;
  readonly nonce = randomUUID();
  #last: { readonly id: string; readonly result: T | undefined } | undefined;

  /** @param purpose as Vault's messages name it: "root generation" */
  constructor(purpose: string) {
    this.#purpose = purpose;
  }

  get progress(): number {
    return this.#collector.progress;
  }

  /**
   * Takes a share; with the last one that is needed, what `combine` makes of all of them. They are forgotten then.
   *
   * @throws ClientError 400 for a wrong nonce, a share that was there already, and shares that are not the right ones
   */
  provide(
    { id, share, nonce }: SentShare,
    threshold: number,
    combine: (parts: readonly Buffer[]) => T,
  ): T | undefined {
    if (this.#last?.id === id) return this.#last.result;
    if (!isSame(nonce, this.nonce)) {
      throw badRequest(
        `incorrect nonce supplied; nonce for this ${this.#purpose} operation is "${this.nonce}"`,
      );
    }
    if (!this.#collector.add(share)) {
      throw badRequest('given key has already been provided during this generation operation');
    }
    const isComplete = this.#collector.progress >= threshold;
    const result = isComplete ? this.#collector.use(combine) : undefined;
    this.#last = { id, result };
    return result;
  }

  /** Forgets and zeroes the shares. */
  end(): void {
    this.#collector.reset();
    this.#last = undefined;
  }
}

/** In a time that says nothing of where the two differ. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'));
}
