// The shares that operators have handed in so far, on one node, for one purpose. They are zeroed as soon as possible.
import { randomUUID, timingSafeEqual } from 'node:crypto';
import { badRequest } from '#sdk/errors.ts';
import { KEY_BYTES, ownCopy } from '../barrier/keyring.ts';
import { SHARE_OVERHEAD } from './shamir.ts';

/** The limits of Vault's own check: an AES-128 key, and a share of an AES-256 key. */
const MIN_SHARE_BYTES = 16;
const MAX_SHARE_BYTES = KEY_BYTES + SHARE_OVERHEAD;

export class ShareCollector {
  #parts: Buffer[] = [];
  #nonce = '';

  get progress(): number {
    return this.#parts.length;
  }

  /** Names the attempt, from its first share to its end. */
  get nonce(): string {
    return this.#nonce;
  }

  /**
   * Keeps a copy of a share; whether it is a new one.
   *
   * @throws ClientError when its length is none of a share
   */
  add(share: Uint8Array): boolean {
    checkLength(share);
    if (this.#parts.some((part) => isSame(part, share))) return false;
    if (this.#parts.length === 0) this.#nonce = randomUUID();
    this.#parts.push(ownCopy(share));
    return true;
  }

  /** Hands over the shares, which are zeroed afterwards, and ends the attempt. */
  use<T>(combineParts: (parts: readonly Buffer[]) => T): T {
    try {
      return combineParts(this.#parts);
    } finally {
      this.reset();
    }
  }

  reset(): void {
    for (const part of this.#parts) part.fill(0);
    this.#parts = [];
    this.#nonce = '';
  }
}

function checkLength({ length }: Uint8Array): void {
  if (length < MIN_SHARE_BYTES) {
    throw badRequest(`invalid key: key is shorter than minimum ${MIN_SHARE_BYTES} bytes`);
  }
  if (length > MAX_SHARE_BYTES) {
    throw badRequest(`invalid key: key is longer than maximum ${MAX_SHARE_BYTES} bytes`);
  }
}

/** In constant time; how long a share is may be known. */
function isSame(part: Buffer, share: Uint8Array): boolean {
  return part.length === share.length && timingSafeEqual(part, share);
}
