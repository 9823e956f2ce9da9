// What servers can be made of in a simulated world.
import { coreKit } from './core-kit.ts';
import { wholeKit } from './whole-kit.ts';
import type { Kit } from './world.ts';

export const kits = {
  core: coreKit,
  whole: wholeKit,
} as const satisfies Readonly<Record<string, Kit>>;

export type KitName = keyof typeof kits;
