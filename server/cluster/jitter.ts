// Chance for waiting times, so that nodes which failed together do not try again together.
import { randomInt } from 'node:crypto';

const STEPS = 2 ** 32;

/** A number from [0, 1). */
export const jitter = (): number => randomInt(STEPS) / STEPS;
