// The folder of a store: only its owner may enter, only its owner may read the files in it, and what is created in it
// is still there after a power cut.
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY_FILE = 0o600;

/** Makes the folder, with those above it, if it is not there. */
export function prepareFolder(folder: string): void {
  const topmost = mkdirSync(folder, { recursive: true, mode: OWNER_ONLY_FOLDER });
  chmodSync(folder, OWNER_ONLY_FOLDER);
  if (topmost === undefined) return;
  for (let made = folder; made.length >= topmost.length; made = dirname(made)) {
    syncFolder(dirname(made));
  }
}

/** LevelDB makes its files as the umask says, some while it runs. The folder keeps others out until this is called. */
export function restrictFiles(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const mode = statSync(file, { throwIfNoEntry: false })?.mode;
    // LevelDB deletes files whenever it likes.
    if (mode !== undefined && (mode & 0o777) !== OWNER_ONLY_FILE) restrictIfThere(file);
  }
}

/** Makes durable which files a folder has. */
export function syncFolder(folder: string): void {
  syncAt(folder);
}

/** Makes durable the files of a folder, and that they are there. */
export function syncFiles(folder: string): void {
  for (const name of readdirSync(folder)) syncAt(join(folder, name));
  syncAt(folder);
}

function syncAt(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function restrictIfThere(file: string): void {
  try {
    chmodSync(file, OWNER_ONLY_FILE);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
