// The media of a state machine on disk: a folder with one LevelDB in each of its folders `store-N`, and a file that says
// which of them is the current one.
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { prepareFolder, syncFolder } from './folder.ts';
import { openDatabase, reasonOf, type LevelDatabase } from './level-database.ts';
import type { MachineMedia, MachineMedium } from './machine-medium.ts';
import { decodeMachineState, EMPTY_STATE, encodeMachineState } from './machine-state.ts';
import { DamagedError, NEVER, StorageError } from './physical.ts';

const STORE = /^store-(\d{1,15})$/;
const POINTER = 'store-current';

export class LevelMedia implements MachineMedia {
  readonly #folder: string;

  constructor(path: string) {
    this.#folder = resolve(path);
  }

  async open(): Promise<MachineMedium> {
    try {
      return await this.#open();
    } catch (error) {
      throw asStorageError(`cannot open ${this.#folder}`, error);
    }
  }

  async create(): Promise<LevelDatabase> {
    try {
      const numbers = storesIn(this.#folder).map((name) => Number(STORE.exec(name)?.[1]));
      const folder = join(this.#folder, `store-${Math.max(0, ...numbers) + 1}`);
      const database = await openDatabase(folder, false);
      await database.begin(encodeMachineState(EMPTY_STATE));
      return database;
    } catch (error) {
      throw asStorageError(`cannot make a store in ${this.#folder}`, error);
    }
  }

  promote(medium: MachineMedium): Promise<void> {
    const name = medium.name.slice(this.#folder.length + 1);
    return Promise.resolve().then(() => writePointer(this.#folder, name));
  }

  async discard(medium: MachineMedium): Promise<void> {
    await medium.close();
    await rm(medium.name, { recursive: true, force: true });
  }

  async #open(): Promise<MachineMedium> {
    prepareFolder(this.#folder);
    const current = readPointer(this.#folder);
    for (const name of storesIn(this.#folder)) {
      if (name === current) continue;
      const folder = join(this.#folder, name);
      if (current === undefined) await assertUnused(folder);
      rmSync(folder, { recursive: true });
    }
    if (current !== undefined) return openDatabase(join(this.#folder, current), true);
    const first = await this.create();
    await this.promote(first);
    return first;
  }
}

/**
 * Empties the state machine in a folder, whatever its condition, so that it can be filled again. What the log does not
 * hold is then to be had from other nodes only.
 */
export function resetMachine(path: string): void {
  const folder = resolve(path);
  if (!existsSync(folder)) return;
  for (const name of storesIn(folder)) rmSync(join(folder, name), { recursive: true });
  rmSync(join(folder, POINTER), { force: true });
  syncFolder(folder);
}

function storesIn(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => STORE.test(name));
}

/** No file says which store is the current one: good while the first one is being made, and only then. */
async function assertUnused(folder: string): Promise<void> {
  const database = await openDatabase(folder, false);
  try {
    const bytes = database.state();
    const index = bytes === undefined ? NEVER : decodeMachineState(bytes)?.index;
    if (index !== NEVER) throw new DamagedError(`${folder} is in use and nothing says so`);
  } finally {
    await database.close();
  }
}

function readPointer(folder: string): string | undefined {
  const file = join(folder, POINTER);
  if (!existsSync(file)) return undefined;
  const name = readFileSync(file, 'utf8').trimEnd();
  if (!STORE.test(name)) throw new DamagedError(`${file} names no store`);
  if (!existsSync(join(folder, name))) {
    throw new DamagedError(`${file} names ${name}, which is missing`);
  }
  return name;
}

/** In one step, so that there is no moment at which no store or half a name is there. */
function writePointer(folder: string, name: string): void {
  const file = join(folder, POINTER);
  try {
    const descriptor = openSync(`${file}.new`, 'w', 0o600);
    try {
      writeSync(descriptor, `${name}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(`${file}.new`, file);
    syncFolder(folder);
  } catch (error) {
    throw asStorageError(`cannot write ${file}`, error);
  }
}

function asStorageError(what: string, error: unknown): Error {
  if (error instanceof DamagedError || error instanceof StorageError) return error;
  return new StorageError(`${what}: ${reasonOf(error)}`, { cause: error });
}
