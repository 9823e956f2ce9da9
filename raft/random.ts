// A seeded generator whose whole state is one number, so that it can live in the state of a node.

const MULTIPLIER = 0x6d2b79f5;
const WHOLE = 2 ** 32;

/** Mulberry32: the next state, and 32 bits that look random. */
export function draw(seed: number): readonly [seed: number, bits: number] {
  const next = (seed + MULTIPLIER) >>> 0;
  let mixed = Math.imul(next ^ (next >>> 15), next | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return [next, (mixed ^ (mixed >>> 14)) >>> 0];
}

/** A whole number from 0 up to, but not including, `limit`. */
export function below(limit: number, bits: number): number {
  return Math.floor((bits / WHOLE) * limit);
}
