// Opens the state machine on what a medium holds.
import { RESERVED_PREFIX } from './entry.ts';
import { Generation } from './generation.ts';
import type { MachineMedium } from './machine-medium.ts';
import { decodeMachineState, EMPTY_STATE, type MachineState } from './machine-state.ts';
import { DamagedError } from './physical.ts';
import { readDirectory } from './read-directory.ts';
import { chunkKeys } from './staging.ts';

/** @throws DamagedError */
export async function readGeneration(medium: MachineMedium): Promise<[Generation, MachineState]> {
  const state = readState(medium);
  const reserved = new Set<string>();
  const directory = await readDirectory(medium, state, (key) => {
    if (!key.startsWith(RESERVED_PREFIX)) return true;
    reserved.add(key);
    return false;
  });
  const generation = new Generation(directory, medium, state.staging);
  for (const key of state.staging === undefined ? [] : chunkKeys(state.staging)) {
    if (!reserved.delete(key)) throw new DamagedError(`${medium.name} has lost a piece`);
  }
  generation.litter([...reserved]);
  return [generation, state];
}

function readState(medium: MachineMedium): MachineState {
  const bytes = medium.state();
  if (bytes === undefined) return EMPTY_STATE;
  const state = decodeMachineState(bytes);
  if (state === undefined) throw new DamagedError(`${medium.name} holds a state that is damaged`);
  return state;
}
