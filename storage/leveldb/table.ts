// Checks the table files of a LevelDB store before LevelDB reads them. Its own checks are off in this binding, and a
// damaged block can end the whole process by an assertion, so nothing is opened that does not fit its checksums.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DamagedError } from '../physical.ts';
import { maskedCrc32c } from './masked-crc32c.ts';
import { Cursor } from './cursor.ts';
import { readManifest, type TableFile } from './manifest.ts';

/** Where a block lies; after it come its type (1 byte) and its checksum (4). */
interface Block {
  readonly offset: number;
  readonly size: number;
}

const TRAILER_BYTES = 5;
/** Two blocks by their places, padded to 40 bytes, and a magic number. */
const FOOTER_BYTES = 48;
const MAGIC = Buffer.from('57fb808b247547db', 'hex');

/** @throws DamagedError that names the file and the place */
export function checkTables(folder: string): void {
  for (const table of liveTables(folder)) checkTable(join(folder, table.name), table.size);
}

/** None when the manifest cannot be read: then LevelDB will not open the store either, and says why. */
function liveTables(folder: string): readonly TableFile[] {
  try {
    return readManifest(folder).filter(({ name }) => existsSync(join(folder, name)));
  } catch {
    return [];
  }
}

function checkTable(file: string, size: number): void {
  const bytes = readFileSync(file);
  const reason = faultOf(bytes, size);
  if (reason !== undefined) throw new DamagedError(`${file} is damaged: ${reason}`);
}

function faultOf(bytes: Buffer, size: number): string | undefined {
  if (bytes.length !== size) return `it has ${bytes.length} bytes of ${size}`;
  if (!bytes.subarray(-MAGIC.length).equals(MAGIC)) return 'it does not end as a table does';
  try {
    return faultOfBlocks(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return 'it names blocks that are not there';
  }
}

/** All blocks together have to fill the file, so that no byte is outside of a checksum. */
function faultOfBlocks(bytes: Buffer): string | undefined {
  const footer = new Cursor(bytes.subarray(-FOOTER_BYTES));
  const [metaIndex, index] = [readBlock(footer), readBlock(footer)];
  const damaged = [metaIndex, index].find((block) => !isWhole(bytes, block));
  if (damaged !== undefined) return `the block at ${damaged.offset} does not fit its checksum`;

  const blocks = [...blocksOf(bytes, index), ...blocksOf(bytes, metaIndex), metaIndex, index];
  let end = 0;
  for (const block of blocks.toSorted((left, right) => left.offset - right.offset)) {
    if (block.offset !== end) return `there is no block at ${end}`;
    if (!isWhole(bytes, block)) return `the block at ${end} does not fit its checksum`;
    end += block.size + TRAILER_BYTES;
  }
  return end === bytes.length - FOOTER_BYTES ? undefined : `there is no block at ${end}`;
}

function isWhole(bytes: Buffer, { offset, size }: Block): boolean {
  const stored = bytes.readUInt32LE(offset + size + 1);
  return maskedCrc32c(bytes.subarray(offset, offset + size + 1)) === stored;
}

/** The blocks that an index block names: keys that share their beginning with the one before, and a place for each. */
function* blocksOf(bytes: Buffer, { offset, size }: Block): Generator<Block> {
  const restarts = bytes.readUInt32LE(offset + size - 4);
  const entries = new Cursor(bytes.subarray(offset, offset + size - 4 * (restarts + 1)));
  while (!entries.atEnd) {
    entries.number();
    const keyLength = entries.number();
    const placeLength = entries.number();
    entries.bytes(keyLength);
    yield readBlock(new Cursor(entries.bytes(placeLength)));
  }
}

function readBlock(cursor: Cursor): Block {
  return { offset: cursor.number(), size: cursor.number() };
}
