// Random names of letters and digits: tokens, accessors, the ends of lease ids.
import { randomBytes } from 'node:crypto';

/** 24 letters of 62 are 143 bits. */
export const NAME_LETTERS = 24;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Random bytes from here on are thrown away, so that each letter is as likely as any other. */
const FAIR_BYTES = 256 - (256 % ALPHABET.length);

export function randomName(): string {
  let letters = '';
  while (letters.length < NAME_LETTERS) {
    for (const byte of randomBytes(2 * NAME_LETTERS)) {
      if (byte < FAIR_BYTES && letters.length < NAME_LETTERS) {
        letters += ALPHABET[byte % ALPHABET.length];
      }
    }
  }
  return letters;
}
