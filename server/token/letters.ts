// Random names of letters and digits: tokens, accessors, the ends of lease ids.
import { randomFillSync } from 'node:crypto';

/** 24 letters of 62 are 143 bits. */
export const NAME_LETTERS = 24;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Random bytes from here on are thrown away, so that each letter is as likely as any other. */
const FAIR_BYTES = 256 - (256 % ALPHABET.length);
/** One call of the system for some forty names. */
const POOL_BYTES = 1024;

/** A source of names; the bytes of a name are forgotten as it is made. */
export class RandomNames {
  readonly #pool = Buffer.alloc(POOL_BYTES);
  #used = POOL_BYTES;

  next(): string {
    let letters = '';
    while (letters.length < NAME_LETTERS) {
      const byte = this.#byte();
      if (byte < FAIR_BYTES) letters += ALPHABET[byte % ALPHABET.length];
    }
    return letters;
  }

  #byte(): number {
    if (this.#used === POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const byte = this.#pool[this.#used] ?? 0;
    this.#pool[this.#used] = 0;
    this.#used += 1;
    return byte;
  }
}
