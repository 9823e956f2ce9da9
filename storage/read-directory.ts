// Reads all that a medium holds, once, and believes it only if it adds up to the state that was written with it.
import { Directory } from './directory.ts';
import type { MachineMedium } from './machine-medium.ts';
import { DamagedError } from './physical.ts';
import { decodeRecord, fingerprintOf, type State } from './record.ts';

/**
 * @param isRecord tells the keys of records from others that lie there
 * @throws DamagedError
 */
export async function readDirectory(
  medium: MachineMedium,
  state: State,
  isRecord: (key: string) => boolean = () => true,
): Promise<Directory> {
  const directory = new Directory();
  directory.startAt(state.index);
  for await (const records of medium.scan()) {
    for (const [key, record] of records) {
      if (isRecord(key)) enter(directory, medium.name, key, record);
    }
  }
  const found = directory.state();
  if (found.count !== state.count || !found.hash.equals(state.hash)) {
    const counts = `${found.count} records of ${state.count}`;
    throw new DamagedError(`${medium.name} does not hold what was written to it (${counts})`);
  }
  return directory;
}

function enter(directory: Directory, name: string, key: string, bytes: Buffer): void {
  const record = decodeRecord(bytes);
  if (record?.key !== key || record.index > directory.index) {
    throw new DamagedError(`${name}: the record of ${key} is not the one that was written`);
  }
  const entry = { index: record.index, fingerprint: fingerprintOf(bytes) };
  directory.put(key, entry, directory.index);
}
