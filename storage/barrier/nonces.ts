// Random nonces, drawn from the system many at a time: one call for each would cost as much as the encryption.
import { randomFillSync } from 'node:crypto';

/** A page of random bytes lasts for 341 nonces. */
const POOL_BYTES = 4096;

export class Nonces {
  readonly #pool = Buffer.alloc(POOL_BYTES);
  #used = POOL_BYTES;

  /** Fills `nonce` with bytes that nobody has had before, and forgets them. */
  fill(nonce: Uint8Array): void {
    if (this.#used + nonce.length > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const end = this.#used + nonce.length;
    nonce.set(this.#pool.subarray(this.#used, end));
    this.#pool.fill(0, this.#used, end);
    this.#used = end;
  }
}
