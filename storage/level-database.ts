// A LevelDB as far as it can be trusted: point reads and synced batches. An iterator runs only while a store is opened,
// before the first write (LevelDB 1.20 loses writes under an iterator), and its own checks are off in this binding: every
// byte that it gives back has to be checked by whoever reads it.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { prepareFolder, restrictFiles, syncFiles } from './folder.ts';
import { checkTables } from './leveldb/table.ts';
import type { MachineMedium, Records } from './machine-medium.ts';
import { DamagedError, FullError, StorageError } from './physical.ts';

/** What LevelDB may need to open a store and to go on: its log as a table, and a new log. */
const ROOM_BYTES = 64 * 1024 * 1024;

const NO_ROOM = /No space left|quota exceeded/;

const BUFFERS = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;

/** No key of ours can be it: it is not UTF-8. */
const STATE_KEY = Buffer.from([0xff]);

/** How many records a scan takes from LevelDB at a time: enough that the step between threads is cheap. */
const SCAN_BATCH = 1000;

/** After this many bytes LevelDB may have begun a new file (its log is one write buffer of 4 MiB long). */
const RESTRICT_AFTER_BYTES = 1024 * 1024;

/** Records are often written again soon: a larger buffer writes fewer of them into tables. Opening reads it from the log. */
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024;

/**
 * Opens what is in a folder, which is made if it is not there. Only one process can have it open. `isExpected`: there
 * has been a store already.
 *
 * @throws DamagedError when LevelDB cannot read it
 * @throws StorageError when somebody else has it open, or the disk fails
 */
export async function openDatabase(folder: string, isExpected: boolean): Promise<LevelDatabase> {
  try {
    prepareFolder(folder);
    const isFresh = isFreshFolder(folder, isExpected);
    // What LevelDB tells about itself is no part of the store.
    for (const name of ['LOG', 'LOG.old']) rmSync(join(folder, name), { force: true });
    if (!isFresh) checkTables(folder);
    return new LevelDatabase(folder, await openFolder(folder, isFresh));
  } catch (error) {
    throw asDiskError(`cannot open ${folder}`, error);
  }
}

async function openFolder(folder: string, isFresh: boolean): Promise<Database> {
  // Ciphertext does not get smaller.
  const sizes = { compression: false, writeBufferSize: WRITE_BUFFER_BYTES };
  const options = { ...BUFFERS, ...sizes, createIfMissing: isFresh };
  const database: Database = new Level<Buffer, Buffer>(folder, options);
  await database.open();
  restrictFiles(folder);
  return database;
}

type Database = Level<Buffer, Buffer>;

export class LevelDatabase implements MachineMedium {
  /** The folder. */
  readonly name: string;
  #database: Database;
  /**
   * The states before and after a write for which there was no room. LevelDB takes no other one until it is opened again.
   */
  #unfinished: readonly (Buffer | undefined)[] | undefined;
  #unrestricted = 0;

  constructor(folder: string, database: Database) {
    this.name = folder;
    this.#database = database;
  }

  read(key: string): Buffer | undefined {
    try {
      return this.#database.getSync(Buffer.from(key));
    } catch (error) {
      throw asDiskError(`cannot read ${key} in ${this.name}`, error);
    }
  }

  state(): Buffer | undefined {
    try {
      return this.#database.getSync(STATE_KEY);
    } catch (error) {
      throw asDiskError(`cannot read the state of ${this.name}`, error);
    }
  }

  async *scan(): AsyncGenerator<readonly (readonly [string, Buffer])[]> {
    const iterator = this.#database.iterator({ lt: STATE_KEY });
    try {
      for (;;) {
        const records = await iterator.nextv(SCAN_BATCH);
        if (records.length === 0) return;
        yield records.map(([key, record]) => [key.toString(), record] as const);
      }
    } catch (error) {
      throw asDiskError(`cannot read ${this.name}`, error);
    } finally {
      await iterator.close();
    }
  }

  async write(records: Records, state: Buffer | undefined): Promise<void> {
    if (this.#unfinished !== undefined) await this.#recover(this.#unfinished);
    const batch = this.#database.batch();
    for (const [key, record] of records) {
      if (record === undefined) batch.del(Buffer.from(key));
      else batch.put(Buffer.from(key), record);
      this.#unrestricted += record?.length ?? 0;
    }
    if (state !== undefined) batch.put(STATE_KEY, state);
    try {
      await batch.write({ sync: true });
      this.#restrictNewFiles();
    } catch (error) {
      const reason = `cannot write to ${this.name}: ${reasonOf(error)}`;
      if (!NO_ROOM.test(reason)) throw new StorageError(reason, { cause: error });
      this.#unfinished ??= [this.state(), state];
      throw new FullError(reason, { cause: error });
    }
  }

  /** Whether the unfinished write has taken place is open: whoever writes next writes the same once more, and maybe more. */
  async #recover(possible: readonly (Buffer | undefined)[]): Promise<void> {
    const { bavail, bsize } = await statfs(this.name);
    if (bavail * bsize < ROOM_BYTES) throw new FullError(`there is no room for ${this.name}`);
    try {
      await this.#database.close();
      this.#database = await openFolder(this.name, false);
    } catch (error) {
      const reason = `cannot open ${this.name} again: ${reasonOf(error)}`;
      if (NO_ROOM.test(reason)) throw new FullError(reason, { cause: error });
      throw asDiskError(`cannot open ${this.name} again`, error);
    }
    const found = this.state();
    if (!possible.some((state) => state === found || (found && state?.equals(found)))) {
      throw new DamagedError(`${this.name} does not hold what was written to it`);
    }
    this.#unfinished = undefined;
  }

  /** Writes the first state, and makes durable the files that LevelDB 1.20 does not sync when it makes them. */
  async begin(state: Buffer): Promise<void> {
    await this.write(new Map(), state);
    try {
      syncFiles(this.name);
    } catch (error) {
      throw asDiskError(`cannot write to ${this.name}`, error);
    }
  }

  async close(): Promise<void> {
    await this.#database.close();
    restrictFiles(this.name);
  }

  #restrictNewFiles(): void {
    if (this.#unrestricted < RESTRICT_AFTER_BYTES) return;
    this.#unrestricted = 0;
    restrictFiles(this.name);
  }
}

/** Whether there is no store yet. LevelDB alone would take one that has lost a file for none and throw the rest away. */
function isFreshFolder(folder: string, isExpected: boolean): boolean {
  if (existsSync(join(folder, 'CURRENT'))) return false;
  const holdsTables = readdirSync(folder).some((name) => name.endsWith('.ldb'));
  if (isExpected || holdsTables) throw new DamagedError(`${join(folder, 'CURRENT')} is missing`);
  return true;
}

/** What LevelDB says when the disk or a file's owner is at fault, and not what lies there. */
const DISK_AT_FAULT =
  /^IO error: (lock |.*(Permission denied|No space|Input\/output|Too many open|Read-only|quota))/;

function asDiskError(what: string, error: unknown): DamagedError | StorageError {
  if (error instanceof DamagedError || error instanceof StorageError) return error;
  const reason = reasonOf(error);
  const isDisk = DISK_AT_FAULT.test(reason) || isSystemError(error);
  const Failure = isDisk ? StorageError : DamagedError;
  return new Failure(`${what}: ${reason}`, { cause: error });
}

/** What Node's own file functions throw. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** LevelDB's own words are those of the innermost cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
