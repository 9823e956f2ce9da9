// Random names of letters and digits: tokens, accessors, the ends of lease ids.
import { Nonces } from '#storage/barrier/nonces.ts';

/** 24 letters of 62 are 143 bits. */
const LETTERS = 24;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Random bytes from here on are thrown away, so that each letter is as likely as any other. */
const FAIR_BYTES = 256 - (256 % ALPHABET.length);

/** A name that follows from a digest. Some letters are a little more likely than others, which helps nobody to guess it. */
export function lettersOf(digest: Uint8Array): string {
  let name = '';
  for (const byte of digest.subarray(0, LETTERS)) name += ALPHABET[byte % ALPHABET.length];
  return name;
}

export class RandomNames {
  readonly #random = new Nonces();
  readonly #bytes = new Uint8Array(LETTERS);

  next(): string {
    let name = '';
    while (name.length < LETTERS) {
      this.#random.fill(this.#bytes);
      for (const byte of this.#bytes) {
        if (byte < FAIR_BYTES && name.length < LETTERS) name += ALPHABET[byte % ALPHABET.length];
      }
    }
    this.#bytes.fill(0);
    return name;
  }
}
