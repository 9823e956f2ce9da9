// One node, one LevelDB. It is used as far as it can be trusted: point reads and synced batches. An iterator runs only
// while the store is opened, before the first write (LevelDB 1.20 loses writes under an iterator), and every byte that
// it gives back is checked against the directory, because its own checks are off in this binding.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Level } from 'level';
import { Anchor, readAnchor } from './anchor.ts';
import type { Medium } from './commits.ts';
import { Directory } from './directory.ts';
import { prepareFolder, restrictFiles, syncFiles } from './folder.ts';
import { checkTables } from './leveldb/table.ts';
import { DamagedError, NEVER, StorageError, type Physical } from './physical.ts';
import {
  decodeRecord,
  decodeState,
  encodeState,
  fingerprintOf,
  StateHash,
  type State,
} from './record.ts';
import { Store } from './store.ts';

type Database = Level<Buffer, Buffer>;

const BUFFERS = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;

/** No key of ours can be it: it is not UTF-8. */
const STATE_KEY = Buffer.from([0xff]);

/** How many records the scan at open takes from LevelDB at a time: enough that the step between threads is cheap. */
const SCAN_BATCH = 1000;

/** After this many bytes LevelDB may have begun a new file (its log is one write buffer of 4 MiB long). */
const RESTRICT_AFTER_BYTES = 1024 * 1024;

/**
 * Opens the store in a folder, which is made if it is not there. Only one process can have it open.
 *
 * @throws DamagedError when what is there is not what was acknowledged last
 * @throws StorageError when somebody else has it open, or the disk fails
 */
export async function openLevel(path: string): Promise<Physical> {
  const folder = resolve(path);
  try {
    prepareFolder(folder);
    return await openStore(folder);
  } catch (error) {
    if (error instanceof DamagedError || error instanceof StorageError) throw error;
    throw new StorageError(`cannot open ${folder}: ${reasonOf(error)}`, { cause: error });
  }
}

async function openStore(folder: string): Promise<Physical> {
  const anchorFile = join(folder, 'anchor');
  const anchored = readAnchor(anchorFile);
  const database = await openDatabase(folder, anchored);
  try {
    const directory = await readDirectory(database, folder, anchored);
    if (anchored === undefined) await makeDurable(database, folder, directory.state());
    const anchor = new Anchor(anchorFile, directory.state());
    restrictFiles(folder);
    return new Store(directory, new LevelMedium(database, folder, anchor));
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Records are often written again soon: a larger buffer writes fewer of them into tables. Opening reads it from the log. */
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024;

class LevelMedium implements Medium {
  readonly immediate = false;
  readonly #database: Database;
  readonly #folder: string;
  readonly #anchor: Anchor;
  #unrestricted = 0;

  constructor(database: Database, folder: string, anchor: Anchor) {
    this.#database = database;
    this.#folder = folder;
    this.#anchor = anchor;
  }

  read(key: string): Buffer | undefined {
    try {
      return this.#database.getSync(Buffer.from(key));
    } catch (error) {
      throw asDiskError(`cannot read ${key} in ${this.#folder}`, error);
    }
  }

  async write(records: ReadonlyMap<string, Buffer | undefined>, state: State): Promise<void> {
    const batch = this.#database.batch();
    for (const [key, record] of records) {
      if (record === undefined) batch.del(Buffer.from(key));
      else batch.put(Buffer.from(key), record);
      this.#unrestricted += record?.length ?? 0;
    }
    batch.put(STATE_KEY, encodeState(state));
    try {
      await batch.write({ sync: true });
      this.#anchor.write(state);
      this.#restrictNewFiles();
    } catch (error) {
      throw new StorageError(`cannot write to ${this.#folder}: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  async close(): Promise<void> {
    await this.#database.close();
    this.#anchor.close();
    restrictFiles(this.#folder);
  }

  #restrictNewFiles(): void {
    if (this.#unrestricted < RESTRICT_AFTER_BYTES) return;
    this.#unrestricted = 0;
    restrictFiles(this.#folder);
  }
}

async function openDatabase(folder: string, anchored: State | undefined): Promise<Database> {
  const fresh = isFresh(folder, anchored);
  // What LevelDB tells about itself is no part of the store.
  for (const name of ['LOG', 'LOG.old']) rmSync(join(folder, name), { force: true });
  if (!fresh) checkTables(folder);
  // Ciphertext does not get smaller.
  const sizes = { compression: false, writeBufferSize: WRITE_BUFFER_BYTES };
  const options = { ...BUFFERS, ...sizes, createIfMissing: fresh };
  const database: Database = new Level<Buffer, Buffer>(folder, options);
  try {
    await database.open();
  } catch (error) {
    throw asDiskError(`cannot open ${folder}`, error);
  }
  return database;
}

/** Whether there is no store yet. LevelDB alone would take one that has lost a file for none and throw the rest away. */
function isFresh(folder: string, anchored: State | undefined): boolean {
  if (existsSync(join(folder, 'CURRENT'))) return false;
  const holdsTables = readdirSync(folder).some((name) => name.endsWith('.ldb'));
  if (anchored !== undefined || holdsTables) {
    throw new DamagedError(`${join(folder, 'CURRENT')} is missing`);
  }
  return true;
}

/** Reads all that is there, once, and believes it only if it adds up to the state that was written with it. */
async function readDirectory(
  database: Database,
  folder: string,
  anchored: State | undefined,
): Promise<Directory> {
  const state = readState(database, folder);
  const directory = new Directory();
  if (state !== undefined) directory.startAt(state.index);
  await scan(database, folder, directory);

  const found = directory.state();
  const expected = state ?? { index: NEVER, count: 0, hash: new StateHash() };
  // A store without a state has just been made: it is empty, and has no anchor yet.
  if (state === undefined && anchored !== undefined) {
    throw new DamagedError(`${folder} has lost its state: batch ${anchored.index} was the last`);
  }
  if (anchored !== undefined && anchored.index > expected.index) {
    const lost = `batches ${expected.index + 1} to ${anchored.index}`;
    throw new DamagedError(`${folder} has lost writes that were acknowledged: ${lost}`);
  }
  const agrees = anchored?.index !== expected.index || anchored.hash.equals(expected.hash);
  if (found.count !== expected.count || !found.hash.equals(expected.hash) || !agrees) {
    const counts = `${found.count} records of ${expected.count}`;
    throw new DamagedError(`${folder} does not hold what was written to it (${counts})`);
  }
  return directory;
}

function readState(database: Database, folder: string): State | undefined {
  try {
    const bytes = database.getSync(STATE_KEY);
    if (bytes === undefined) return undefined;
    const state = decodeState(bytes);
    if (state === undefined) throw new DamagedError(`${folder} holds a state that is damaged`);
    return state;
  } catch (error) {
    throw asDiskError(`cannot read the state of ${folder}`, error);
  }
}

async function scan(database: Database, folder: string, directory: Directory): Promise<void> {
  const iterator = database.iterator({ lt: STATE_KEY });
  try {
    for (;;) {
      const records = await iterator.nextv(SCAN_BATCH);
      if (records.length === 0) return;
      for (const [key, record] of records) enter(directory, folder, key.toString(), record);
    }
  } catch (error) {
    throw asDiskError(`cannot read ${folder}`, error);
  } finally {
    await iterator.close();
  }
}

function enter(directory: Directory, folder: string, key: string, bytes: Buffer): void {
  const record = decodeRecord(bytes);
  if (record?.key !== key || record.index > directory.index) {
    throw new DamagedError(`${folder}: the record of ${key} is not the one that was written`);
  }
  const entry = { index: record.index, fingerprint: fingerprintOf(bytes) };
  directory.put(key, entry, directory.index);
}

/** The first state, and with it the files that LevelDB 1.20 does not sync when it makes them. */
async function makeDurable(database: Database, folder: string, state: State): Promise<void> {
  try {
    await database.put(STATE_KEY, encodeState(state), { sync: true });
    syncFiles(folder);
  } catch (error) {
    throw asDiskError(`cannot write to ${folder}`, error);
  }
}

/** What LevelDB says when the disk or a file's owner is at fault, and not what lies there. */
const DISK_AT_FAULT =
  /^IO error: (lock |.*(Permission denied|No space|Input\/output|Too many open|Read-only|quota))/;

function asDiskError(what: string, error: unknown): DamagedError | StorageError {
  if (error instanceof DamagedError || error instanceof StorageError) return error;
  const reason = reasonOf(error);
  const Failure = DISK_AT_FAULT.test(reason) ? StorageError : DamagedError;
  return new Failure(`${what}: ${reason}`, { cause: error });
}

/** LevelDB's own words are those of the innermost cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
