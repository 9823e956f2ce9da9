// An unsealed barrier over memory, with a clock that a test can advance.
import type { Clock, Millis } from '#sdk/clock.ts';
import { Barrier } from '#storage/barrier/barrier.ts';
import { openMemory } from '#storage/memory.ts';
import type { Physical } from '#storage/physical.ts';

export const TEST_ROOT_KEY = Buffer.alloc(32, 7);

export interface ManualClock extends Clock {
  advance(by: number): void;
}

/** Only tells the time: nothing in the storage sets timers. */
export function manualClock(start = 1_700_000_000_000): ManualClock {
  let time = start;
  return {
    now: () => time as Millis,
    after: () => {
      throw new Error('the storage has no timers');
    },
    advance: (by) => (time += by),
  };
}

export async function openBarrier(
  physical: Physical = openMemory(),
  clock: Clock = manualClock(),
): Promise<Barrier> {
  const barrier = new Barrier(physical, clock);
  await barrier.initialise(TEST_ROOT_KEY);
  barrier.unseal(TEST_ROOT_KEY);
  return barrier;
}
