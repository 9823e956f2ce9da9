// An archive that somebody sent: taken apart while it comes, its state put aside in a file, and nothing believed before
// all of it was checked.
import { ByteSource } from './byte-source.ts';
import { ArchiveError, ForeignArchiveError } from './error.ts';
import { parseMeta, type ArchiveMeta } from './meta.ts';
import { checkSums, META, SEALED_SUMS, sha256, STATE, SUMS } from './parts.ts';
import { Spool } from './spool.ts';
import { BLOCK, paddingOf, parseTarHeader } from './tar.ts';
import { unpack } from './unpack.ts';

/** The directory of keys is kept in memory, which ends long before this. */
const STATE_BYTES_MAX = 64 * 1024 ** 3;

/** A hundred servers need a tenth of it. */
const META_BYTES_MAX = 256 * 1024;
const SUMS_BYTES_MAX = 4096;

/** Tools that pack an archive anew may pack it better than we do, but not by as much. */
const RATIO_MAX = 100;

/** tar fills its last record up with zeroes. */
const END_BYTES_MAX = 64 * 1024;

export interface ReadOptions {
  readonly spoolFolder: string;
  /** What was sealed under this cluster's root key; `undefined` for anything else. */
  readonly openSums: (sealed: Buffer) => Buffer | undefined;
  /** Takes an archive of another cluster as well. */
  readonly isForced: boolean;
}

/** An archive that is whole. */
export interface ReadArchive extends AsyncDisposable {
  readonly meta: ArchiveMeta;
  state(): AsyncIterable<Uint8Array>;
}

/** @throws ArchiveError for anything that is not a whole archive; ForeignArchiveError unless forced */
export async function readArchive(
  packed: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): Promise<ReadArchive> {
  const limits = { most: STATE_BYTES_MAX, ratio: RATIO_MAX };
  const source = new ByteSource(unpack(packed, limits));
  const spool = await Spool.create(options.spoolFolder);
  try {
    const meta = await readParts(source, spool, options);
    return { meta, state: () => spool.chunks(), [Symbol.asyncDispose]: () => spool.close() };
  } catch (error) {
    await spool.close();
    throw error;
  } finally {
    await source.close();
  }
}

async function readParts(
  source: ByteSource,
  spool: Spool,
  { openSums, isForced }: ReadOptions,
): Promise<ArchiveMeta> {
  const metaBytes = await readSmall(source, META, META_BYTES_MAX);
  const meta = parseMeta(metaBytes);
  await readState(source, spool, meta.size);
  const sums = await readSmall(source, SUMS, SUMS_BYTES_MAX);
  checkSums(sums, sha256(metaBytes), spool.digest());
  const sealed = await readSmall(source, SEALED_SUMS, SUMS_BYTES_MAX);
  await readEnd(source);
  if (!isForced) checkSealed(openSums(sealed), sums);
  return meta;
}

function checkSealed(opened: Buffer | undefined, sums: Buffer): void {
  if (opened === undefined) throw new ForeignArchiveError('the sealed sums do not open');
  if (!opened.equals(sums)) throw new ArchiveError('the snapshot does not match its sealed sums');
}

async function readState(source: ByteSource, spool: Spool, size: number): Promise<void> {
  const announced = await readHeader(source, STATE, STATE_BYTES_MAX);
  if (announced !== size) throw new ArchiveError('the state is not as large as meta.json says');
  while (spool.size < size) {
    const chunk = await source.some(size - spool.size);
    if (chunk.length === 0) throw new ArchiveError('the archive ends too early');
    await spool.append(chunk);
  }
  await readPadding(source, size);
}

async function readSmall(source: ByteSource, name: string, most: number): Promise<Buffer> {
  const size = await readHeader(source, name, most);
  const bytes = await source.bytes(size);
  if (bytes.length < size) throw new ArchiveError('the archive ends too early');
  await readPadding(source, size);
  return bytes;
}

/** The size of the part that must come next, and no other. */
async function readHeader(source: ByteSource, name: string, most: number): Promise<number> {
  const entry = parseTarHeader(await source.bytes(BLOCK));
  if (entry?.name !== name) throw new ArchiveError(`the archive has no ${name} where it must be`);
  if (entry.size > most) throw new ArchiveError(`${name} of the archive is too large`);
  return entry.size;
}

async function readPadding(source: ByteSource, size: number): Promise<void> {
  const length = paddingOf(size);
  const padding = await source.bytes(length);
  if (padding.length < length || padding.some((byte) => byte !== 0)) {
    throw new ArchiveError('a file of the archive is damaged');
  }
}

/** Zeroes, at least two blocks of them, and then nothing. */
async function readEnd(source: ByteSource): Promise<void> {
  const end = await source.bytes(END_BYTES_MAX + 1);
  if (end.length > END_BYTES_MAX || end.some((byte) => byte !== 0)) {
    throw new ArchiveError('something follows the parts of the snapshot');
  }
  if (end.length < 2 * BLOCK) throw new ArchiveError('the archive ends too early');
}
