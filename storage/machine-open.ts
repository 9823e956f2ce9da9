// Opens the state machine on what a medium holds.
import { RESERVED_PREFIX } from './entry.ts';
import { Generation } from './generation.ts';
import type { MachineMedium } from './machine-medium.ts';
import { decodeMachineState, EMPTY_STATE, type MachineState } from './machine-state.ts';
import { DamagedError } from './physical.ts';
import { readDirectory } from './read-directory.ts';

/** @throws DamagedError */
export async function readGeneration(medium: MachineMedium): Promise<[Generation, MachineState]> {
  const state = readState(medium);
  const directory = await readDirectory(medium, state, (key) => !key.startsWith(RESERVED_PREFIX));
  return [new Generation(directory, medium, state.staging), state];
}

function readState(medium: MachineMedium): MachineState {
  const bytes = medium.state();
  if (bytes === undefined) return EMPTY_STATE;
  const state = decodeMachineState(bytes);
  if (state === undefined) throw new DamagedError(`${medium.name} holds a state that is damaged`);
  return state;
}
