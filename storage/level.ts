// One node, one LevelDB, and beside it the anchor that says what was acknowledged last.
import { join, resolve } from 'node:path';
import { Anchor, readAnchor } from './anchor.ts';
import type { Medium } from './commits.ts';
import { restrictFiles } from './folder.ts';
import { openDatabase, reasonOf, type LevelDatabase } from './level-database.ts';
import { DamagedError, NEVER, StorageError, type Physical } from './physical.ts';
import { readDirectory } from './read-directory.ts';
import { decodeState, encodeState, StateHash, type State } from './record.ts';
import { Store } from './store.ts';

/**
 * Opens the store in a folder, which is made if it is not there. Only one process can have it open.
 *
 * @throws DamagedError when what is there is not what was acknowledged last
 * @throws StorageError when somebody else has it open, or the disk fails
 */
export async function openLevel(path: string): Promise<Physical> {
  const folder = resolve(path);
  try {
    return await openStore(folder);
  } catch (error) {
    if (error instanceof DamagedError || error instanceof StorageError) throw error;
    throw new StorageError(`cannot open ${folder}: ${reasonOf(error)}`, { cause: error });
  }
}

async function openStore(folder: string): Promise<Physical> {
  const anchorFile = join(folder, 'anchor');
  const anchored = readAnchor(anchorFile);
  const database = await openDatabase(folder, anchored !== undefined);
  try {
    const state = readState(database);
    checkAnchor(folder, anchored, state);
    const directory = await readDirectory(database, state ?? EMPTY);
    if (anchored === undefined) await database.begin(encodeState(directory.state()));
    const anchor = new Anchor(anchorFile, directory.state());
    restrictFiles(folder);
    return new Store(directory, new LevelMedium(database, anchor));
  } catch (error) {
    await database.close();
    throw error;
  }
}

const EMPTY: State = { index: NEVER, count: 0, hash: new StateHash() };

class LevelMedium implements Medium {
  readonly immediate = false;
  readonly #database: LevelDatabase;
  readonly #anchor: Anchor;

  constructor(database: LevelDatabase, anchor: Anchor) {
    this.#database = database;
    this.#anchor = anchor;
  }

  read(key: string): Buffer | undefined {
    return this.#database.read(key);
  }

  async write(records: ReadonlyMap<string, Buffer | undefined>, state: State): Promise<void> {
    await this.#database.write(records, encodeState(state));
    this.#anchor.write(state);
  }

  async close(): Promise<void> {
    await this.#database.close();
    this.#anchor.close();
  }
}

function readState(database: LevelDatabase): State | undefined {
  const bytes = database.state();
  if (bytes === undefined) return undefined;
  const state = decodeState(bytes);
  if (state === undefined) {
    throw new DamagedError(`${database.name} holds a state that is damaged`);
  }
  return state;
}

function checkAnchor(folder: string, anchored: State | undefined, state: State | undefined): void {
  // A store without a state has just been made: it is empty, and has no anchor yet.
  if (anchored === undefined) return;
  if (state === undefined) {
    throw new DamagedError(`${folder} has lost its state: batch ${anchored.index} was the last`);
  }
  if (anchored.index > state.index) {
    const lost = `batches ${state.index + 1} to ${anchored.index}`;
    throw new DamagedError(`${folder} has lost writes that were acknowledged: ${lost}`);
  }
  if (anchored.index === state.index && !anchored.hash.equals(state.hash)) {
    throw new DamagedError(`${folder} does not hold what was acknowledged last`);
  }
}
