// Random names of letters and digits: tokens, accessors, the ends of lease ids.
import { Nonces } from '#storage/barrier/nonces.ts';

/** 24 letters of 62 are 143 bits. */
const LETTERS = 24;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Random bytes from here on are thrown away, so that each letter is as likely as any other. */
const FAIR_BYTES = 256 - (256 % ALPHABET.length);

export class RandomNames {
  readonly #random = new Nonces();

  next(): string {
    let name = '';
    while (name.length < LETTERS) {
      const bytes = new Uint8Array(LETTERS - name.length);
      this.#random.fill(bytes);
      for (const byte of bytes) if (byte < FAIR_BYTES) name += ALPHABET[byte % ALPHABET.length];
    }
    return name;
  }
}
