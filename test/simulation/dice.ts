// All chance in a simulated world. Each part of it draws from dice of its own, so that a change in how often one part
// draws does not move what happens in all others.
import { seededRandom } from '#test/helpers/random.ts';

export interface Dice {
  /** From 0, less than 1. */
  readonly fraction: () => number;
  /** A whole number from 0 to `end` - 1. */
  readonly below: (end: number) => number;
  readonly between: (low: number, high: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <T>(items: readonly T[]) => T;
  /** Mostly short, now and then many times `mean`: how the times between events are spread. */
  readonly wait: (mean: number) => number;
  readonly shuffled: <T>(items: readonly T[]) => readonly T[];
  /** Dice that come from these and from the name only. */
  readonly fork: (name: string) => Dice;
}

const STEPS = 2 ** 30;

export function dice(seed: number): Dice {
  const { below, pick } = seededRandom(seed);
  const fraction = (): number => below(STEPS) / STEPS;
  return {
    fraction,
    below,
    pick,
    between: (low, high) => low + fraction() * (high - low),
    chance: (probability) => fraction() < probability,
    wait: (mean) => -Math.log(1 - fraction()) * mean,
    shuffled: (items) => {
      const rest = [...items];
      return items.map(() => rest.splice(below(rest.length), 1)).flat();
    },
    fork: (name) => dice(mixed(seed, name)),
  };
}

function mixed(seed: number, name: string): number {
  let hash = (Math.imul(seed, 0x9e3779b1) ^ 0x811c9dc5) >>> 0;
  for (let at = 0; at < name.length; at++) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  return (hash ^ (hash >>> 13)) >>> 0;
}
