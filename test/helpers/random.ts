// Random choices that come again with their seed, for tests that print the seed when they fail.

export interface Random {
  /** A whole number from 0 to `end` - 1. */
  readonly below: (end: number) => number;
  readonly pick: <T>(items: readonly T[]) => T;
  readonly bytes: (length: number) => Buffer;
}

/** A small generator (mulberry32); good enough to make cases, and for nothing else. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number): number => Math.floor(next() * end);
  return {
    below,
    pick: <T>(items: readonly T[]): T => {
      const picked = items[below(items.length)];
      if (picked === undefined) throw new Error('there is nothing to pick from');
      return picked;
    },
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  };
}
