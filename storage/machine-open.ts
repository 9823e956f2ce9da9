// Reads all that a medium holds, once, and believes it only if it adds up to the state that was written with it.
import { Directory } from './directory.ts';
import { RESERVED_PREFIX } from './entry.ts';
import { Generation } from './generation.ts';
import type { MachineMedium } from './machine-medium.ts';
import { decodeMachineState, EMPTY_STATE, type MachineState } from './machine-state.ts';
import { DamagedError } from './physical.ts';
import { decodeRecord, fingerprintOf } from './record.ts';

/** @throws DamagedError */
export async function readGeneration(medium: MachineMedium): Promise<[Generation, MachineState]> {
  const state = readState(medium);
  const directory = new Directory();
  directory.startAt(state.index);
  for await (const records of medium.scan()) {
    for (const [key, record] of records) {
      if (!key.startsWith(RESERVED_PREFIX)) enter(directory, medium.name, key, record);
    }
  }
  const found = directory.state();
  if (found.count !== state.count || !found.hash.equals(state.hash)) {
    const counts = `${found.count} records of ${state.count}`;
    throw new DamagedError(`${medium.name} does not hold what was written to it (${counts})`);
  }
  return [new Generation(directory, medium, state.staging), state];
}

function readState(medium: MachineMedium): MachineState {
  const bytes = medium.state();
  if (bytes === undefined) return EMPTY_STATE;
  const state = decodeMachineState(bytes);
  if (state === undefined) throw new DamagedError(`${medium.name} holds a state that is damaged`);
  return state;
}

/** Takes over one record of a store that is being opened. */
export function enter(directory: Directory, folder: string, key: string, bytes: Buffer): void {
  const record = decodeRecord(bytes);
  if (record?.key !== key || record.index > directory.index) {
    throw new DamagedError(`${folder}: the record of ${key} is not the one that was written`);
  }
  const entry = { index: record.index, fingerprint: fingerprintOf(bytes) };
  directory.put(key, entry, directory.index);
}
