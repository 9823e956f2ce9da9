// The form of a tar archive (ustar), as far as a snapshot needs it: plain files one after another, each behind a header
// of one block. What is read is taken at its word only where it is exactly that.
import { ArchiveError } from './error.ts';

export const BLOCK = 512;
/** What eleven octal digits can say. */
const OCTAL_MAX = 8 ** 11 - 1;
const NAME_BYTES = 100;
const [SIZE_AT, SIZE_BYTES] = [124, 12];
const [CHECKSUM_AT, CHECKSUM_BYTES] = [148, 8];
const TYPE_AT = 156;
const MAGIC_AT = 257;
const MAGIC = 'ustar\x0000';
const PREFIX_AT = 345;
const FILE = 0x30; // '0'
/** The first byte of a size that is not octal, but a number of eleven bytes: GNU's form for what octal cannot say. */
const BINARY = 0x80;
const [OWNER_ONLY, NOBODY] = ['0000600\0', '0000000\0'];
/** Two empty blocks. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

export interface TarEntry {
  readonly name: string;
  readonly size: number;
}

/** How many zeroes follow a file of a size. */
export const paddingOf = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

export function tarHeader({ name, size }: TarEntry, seconds: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, NAME_BYTES, 'latin1');
  header.write(OWNER_ONLY + NOBODY + NOBODY, NAME_BYTES, 'latin1');
  writeSize(header, size);
  header.write(`${seconds.toString(8).padStart(11, '0')}\0`, SIZE_AT + SIZE_BYTES, 'latin1');
  header[TYPE_AT] = FILE;
  header.write(MAGIC, MAGIC_AT, 'latin1');
  const sum = checksumOf(header).toString(8).padStart(6, '0');
  header.write(`${sum}\0 `, CHECKSUM_AT, 'latin1');
  return header;
}

/**
 * The file that a header announces; `undefined` for the empty block that begins the end.
 *
 * @throws ArchiveError for anything but a plain file
 */
export function parseTarHeader(header: Buffer): TarEntry | undefined {
  if (header.length < BLOCK) throw new ArchiveError('the archive ends too early');
  if (header.every((byte) => byte === 0)) return undefined;
  const sum = octal(header, CHECKSUM_AT, CHECKSUM_BYTES);
  if (sum !== checksumOf(header)) throw new ArchiveError('a header of the archive is damaged');
  const isPlain =
    header.toString('latin1', MAGIC_AT, MAGIC_AT + MAGIC.length) === MAGIC &&
    header[TYPE_AT] === FILE &&
    header[PREFIX_AT] === 0;
  if (!isPlain) throw new ArchiveError('the archive holds something else than plain files');
  return { name: textAt(header, 0, NAME_BYTES), size: sizeOf(header) };
}

function writeSize(header: Buffer, size: number): void {
  if (size <= OCTAL_MAX) {
    header.write(`${size.toString(8).padStart(11, '0')}\0`, SIZE_AT, 'latin1');
    return;
  }
  header[SIZE_AT] = BINARY;
  header.writeBigUInt64BE(BigInt(size), SIZE_AT + SIZE_BYTES - 8);
}

function sizeOf(header: Buffer): number {
  if (header[SIZE_AT] !== BINARY) return octal(header, SIZE_AT, SIZE_BYTES);
  const [high, low] = [SIZE_AT + 1, SIZE_AT + SIZE_BYTES - 8];
  const size = header.readBigUInt64BE(low);
  if (!header.subarray(high, low).every((byte) => byte === 0) || size > Number.MAX_SAFE_INTEGER) {
    throw new ArchiveError('a file of the archive is too large');
  }
  return Number(size);
}

/** The sum of all bytes, with the place of the sum itself taken for blanks. */
function checksumOf(header: Buffer): number {
  let sum = CHECKSUM_BYTES * 0x20;
  for (const [at, byte] of header.entries()) {
    if (at < CHECKSUM_AT || at >= CHECKSUM_AT + CHECKSUM_BYTES) sum += byte;
  }
  return sum;
}

const OCTAL = /^[0-7]+$/;

function octal(header: Buffer, at: number, length: number): number {
  const digits = textAt(header, at, length).trim();
  if (!OCTAL.test(digits)) throw new ArchiveError('a header of the archive is damaged');
  return Number.parseInt(digits, 8);
}

function textAt(header: Buffer, at: number, length: number): string {
  const text = header.toString('latin1', at, at + length);
  const end = text.indexOf('\0');
  return end === -1 ? text : text.slice(0, end);
}
