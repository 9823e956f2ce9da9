// Keeps a second process out of a folder. The lock is the operating system's, so it ends with the process, however that
// ends. Node.js offers none by itself, but each LevelDB takes one: this is an empty LevelDB.
import { join } from 'node:path';
import { Level } from 'level';
import { prepareFolder } from './folder.ts';
import { StorageError } from './physical.ts';

/** @returns what lets go of the folder again. @throws StorageError when another process has it */
export async function lockFolder(path: string): Promise<() => Promise<void>> {
  const folder = join(path, 'lock');
  prepareFolder(folder);
  const lock = new Level(folder);
  try {
    await lock.open();
  } catch (cause) {
    throw new StorageError(`${path} is in use by another process`, { cause });
  }
  return () => lock.close();
}
