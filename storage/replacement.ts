// Makes another state ready to take the place of the present one, and tells what will be different then.
import type { Timer } from '#raft/driver/ports.ts';
import type { Directory } from './directory.ts';
import { fill, type FillPlan } from './fill.ts';
import type { Generation } from './generation.ts';
import type { MachineMedia } from './machine-medium.ts';
import { pause } from './state-snapshot.ts';

/** What is compared in one turn: about a millisecond. */
const SLICE_KEYS = 2000;

/** @throws DamagedError when the pieces are not a whole state; StorageError when the disk fails. Nothing is left then */
export async function fillReplacement(
  media: MachineMedia,
  pieces: AsyncIterable<Uint8Array>,
  plan: FillPlan,
): Promise<Generation> {
  const medium = await media.create();
  try {
    return await fill(medium, pieces, plan);
  } catch (error) {
    await media.discard(medium);
    throw error;
  }
}

/** The keys whose records differ, those that only one of both has included. */
export async function changedKeys(
  before: Directory,
  after: Directory,
  timer: Timer,
): Promise<readonly string[]> {
  const changed: string[] = [];
  let seen = 0;
  for (const [key, { fingerprint }] of before.entries()) {
    if (after.entry(key)?.fingerprint !== fingerprint) changed.push(key);
    if (++seen % SLICE_KEYS === 0) await pause(timer);
  }
  for (const [key] of after.entries()) {
    if (before.entry(key) === undefined) changed.push(key);
    if (++seen % SLICE_KEYS === 0) await pause(timer);
  }
  return changed;
}
