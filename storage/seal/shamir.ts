// Shamir's secret sharing over GF(256) with the polynomial of AES, share for share as Vault makes them: the bytes of
// the share, then its x coordinate. The arithmetic knows no table and no branch, so its time and its trace in the
// processor's caches do not depend on the secret (CVE-2023-25000).
import { randomFillSync, randomInt } from 'node:crypto';
import { assert } from '#sdk/errors.ts';
import { secretBytes } from '../barrier/keyring.ts';

/** x coordinates are bytes other than 0, where the secret is. */
export const MAX_SHARES = 255;

/** How much longer a share is than the secret. */
export const SHARE_OVERHEAD = 1;

/** Shares that cannot belong together. The words are Vault's, because an operator sees them. */
export class ShareError extends Error {
  override readonly name = 'ShareError';
}

export interface Sharing {
  readonly shares: number;
  /** How many of them bring the secret back: 2 or more. */
  readonly threshold: number;
}

/** Shares of a secret, each under another random x coordinate. */
export function split(secret: Uint8Array, { shares, threshold }: Sharing): Buffer[] {
  assert(threshold >= 2 && threshold <= shares && shares <= MAX_SHARES, 'the numbers are checked');
  assert(secret.length > 0, 'there is a secret to share');
  const points = randomPoints(shares);
  const parts = points.map((x) => {
    const part = secretBytes(secret.length + SHARE_OVERHEAD);
    part[secret.length] = x;
    return part;
  });
  const polynomial = secretBytes(threshold);
  secret.forEach((byte, at) => {
    randomFillSync(polynomial);
    polynomial[0] = byte;
    points.forEach((x, share) => parts[share]?.writeUInt8(evaluate(polynomial, x), at));
  });
  polynomial.fill(0);
  return parts;
}

/**
 * The secret of at least as many shares as its threshold. Fewer, or wrong ones, make another secret: nothing tells.
 *
 * @throws ShareError when they cannot be shares of one secret
 */
export function combine(parts: readonly Uint8Array[]): Buffer {
  const length = checkParts(parts);
  const points = parts.map((part) => part[length - SHARE_OVERHEAD] ?? 0);
  const secret = secretBytes(length - SHARE_OVERHEAD);
  parts.forEach((part, at) => {
    const weight = weightAtZero(points, at);
    for (let byte = 0; byte < secret.length; byte++) {
      secret[byte] = (secret[byte] ?? 0) ^ multiply(part[byte] ?? 0, weight);
    }
  });
  return secret;
}

function checkParts(parts: readonly Uint8Array[]): number {
  const [first, ...others] = parts;
  if (first === undefined || others.length === 0) {
    throw new ShareError('less than two parts cannot be used to reconstruct the secret');
  }
  if (first.length < 1 + SHARE_OVERHEAD) throw new ShareError('parts must be at least two bytes');
  if (others.some((part) => part.length !== first.length)) {
    throw new ShareError('all parts must be the same length');
  }
  const points = new Set(parts.map((part) => part.at(-1)));
  if (points.size !== parts.length) throw new ShareError('duplicate part detected');
  return first.length;
}

/** The value of a polynomial at `x`, from its highest coefficient down (Horner). */
function evaluate(polynomial: Uint8Array, x: number): number {
  return polynomial.reduceRight((value, coefficient) => multiply(value, x) ^ coefficient, 0);
}

/** By how much the share at one point counts for the value at 0 (Lagrange). Points are no secret. */
function weightAtZero(points: readonly number[], at: number): number {
  const own = points[at] ?? 0;
  return points.reduce(
    (weight, x, other) => (other === at ? weight : multiply(weight, divide(x, x ^ own))),
    1,
  );
}

function divide(left: number, right: number): number {
  return multiply(left, invert(right));
}

/** The product, bit by bit: each step adds `left` or nothing by a mask, and doubles it. */
export function multiply(left: number, right: number): number {
  let product = 0;
  let doubled = left;
  for (let bit = 0; bit < 8; bit++) {
    product ^= doubled & -((right >> bit) & 1);
    doubled = (doubled << 1) ^ (0x11b & -(doubled >> 7));
  }
  return product;
}

/** The inverse, which is the 254th power: 2 + 4 + 8 + 16 + 32 + 64 + 128. That of 0 is 0. */
export function invert(value: number): number {
  let power = value;
  let product = 1;
  for (let bit = 1; bit < 8; bit++) {
    power = multiply(power, power);
    product = multiply(product, power);
  }
  return product;
}

/** Different numbers from 1 to 255 in random order. */
function randomPoints(count: number): number[] {
  const points = Array.from({ length: MAX_SHARES }, (_, at) => at + 1);
  return Array.from({ length: count }, () => points.splice(randomInt(points.length), 1)[0] ?? 0);
}
