// The arithmetic of a new root token: the server encodes it with a one-time password that only its owner knows.
import { randomInt } from 'node:crypto';
import { messageOf, usageFailure } from '../../failure.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Letters and digits, each as likely as any other. */
export const makeOtp = (length: number): string =>
  Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

/** The token behind `encoded`. Throws where it cannot be decoded with this password. */
export function decodeToken(encoded: string, otp: string): string {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) {
    throw usageFailure("Error decoding base64'd token: illegal base64 data");
  }
  try {
    return xor(Buffer.from(encoded, 'base64'), Buffer.from(otp)).toString();
  } catch (error) {
    throw usageFailure(`Error xoring token: ${messageOf(error)}`);
  }
}

function xor(left: Buffer, right: Buffer): Buffer {
  if (left.length !== right.length) {
    throw new Error(`length of byte slices is not equivalent: ${left.length} != ${right.length}`);
  }
  return Buffer.from(left.map((byte, index) => byte ^ (right[index] ?? 0)));
}
