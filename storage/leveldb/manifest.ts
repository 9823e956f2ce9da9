// Which table files a LevelDB store consists of, read from the log of changes that its CURRENT file names.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cursor } from './cursor.ts';

export interface TableFile {
  readonly name: string;
  readonly size: number;
}

/** The log is made of blocks, and a record is cut where a block ends: CRC (4), length (2), kind (1), then the part. */
const LOG_BLOCK = 32_768;
const PART_HEADER = 7;
const [FULL, LAST] = [1, 4];

/** What a change may hold; what is not named here is skipped by its form. */
const TAG = {
  comparator: 1,
  logNumber: 2,
  nextFile: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedFile: 6,
  newFile: 7,
  previousLog: 9,
} as const;

/**
 * The tables in use. The log's checksums are LevelDB's to check: it does so when it opens the store.
 *
 * @throws RangeError or SyntaxError when the log cannot be understood
 */
export function readManifest(folder: string): TableFile[] {
  const current = readFileSync(join(folder, 'CURRENT'), 'utf8').trimEnd();
  if (!/^MANIFEST-\d+$/.test(current)) throw new SyntaxError('CURRENT names no manifest');
  const tables = new Map<number, TableFile>();
  for (const change of readRecords(readFileSync(join(folder, current)))) {
    applyChange(new Cursor(change), tables);
  }
  return [...tables.values()];
}

function* readRecords(log: Buffer): Generator<Buffer> {
  let parts: Buffer[] = [];
  let at = 0;
  while (at + PART_HEADER <= log.length) {
    const left = LOG_BLOCK - (at % LOG_BLOCK);
    if (left < PART_HEADER) {
      at += left;
      continue;
    }
    const length = log.readUInt16LE(at + 4);
    const kind = log.readUInt8(at + 6);
    parts.push(log.subarray(at + PART_HEADER, at + PART_HEADER + length));
    at += PART_HEADER + length;
    if (kind !== FULL && kind !== LAST) continue;
    yield Buffer.concat(parts);
    parts = [];
  }
}

function applyChange(change: Cursor, tables: Map<number, TableFile>): void {
  while (!change.atEnd) {
    const tag = change.number();
    if (tag === TAG.newFile) {
      change.number();
      const number = change.number();
      const size = change.number();
      change.string();
      change.string();
      tables.set(number, { name: `${String(number).padStart(6, '0')}.ldb`, size });
    } else if (tag === TAG.deletedFile) {
      change.number();
      tables.delete(change.number());
    } else {
      skip(tag, change);
    }
  }
}

function skip(tag: number, change: Cursor): void {
  switch (tag) {
    case TAG.comparator:
      change.string();
      return;
    case TAG.compactPointer:
      change.number();
      change.string();
      return;
    case TAG.logNumber:
    case TAG.nextFile:
    case TAG.lastSequence:
    case TAG.previousLog:
      change.number();
      return;
    default:
      throw new SyntaxError(`unknown tag ${tag}`);
  }
}
