// The whole state of a cluster as an archive: what `sys/storage/raft/snapshot` hands out. The state goes through a file,
// because its size stands in front of it; nothing is sent before it lies there whole.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import type { Millis } from '#sdk/clock.ts';
import type { SavedState } from '#storage/cluster-storage.ts';
import { metaText } from './meta.ts';
import { META, SEALED_SUMS, sha256, STATE, SUMS, sumsText } from './parts.ts';
import { Spool } from './spool.ts';
import { paddingOf, TAR_END, tarHeader } from './tar.ts';

/**
 * The state is ciphertext, in which nothing repeats: Huffman codes alone are as good and faster. They also cannot pack
 * more than eight to one, so that no archive of ours ever looks like one that is made to fill a disk.
 */
const COMPRESSION = { strategy: constants.Z_HUFFMAN_ONLY };

export interface ArchiveOptions {
  readonly spoolFolder: string;
  readonly now: Millis;
  /** Encrypts the sums so that only whoever has the same root key can. */
  readonly sealSums: (sums: Buffer) => Uint8Array;
}

export interface OpenArchive {
  chunks(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

export async function openArchive(
  state: SavedState,
  options: ArchiveOptions,
): Promise<OpenArchive> {
  const spool = await Spool.create(options.spoolFolder);
  try {
    for await (const chunk of state.chunks()) await spool.append(chunk);
  } catch (error) {
    await spool.close();
    throw error;
  } finally {
    state.release();
  }
  const parts = partsOf(state, spool, options);
  return {
    chunks: () => pack(tar(parts, spool, options.now)),
    close: () => spool.close(),
  };
}

function pack(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const gzip = createGzip(COMPRESSION);
  pipeline(Readable.from(bytes), gzip).catch(() => {}); // whoever reads `gzip` is told by it
  return gzip;
}

interface Parts {
  readonly meta: Buffer;
  readonly sums: Buffer;
  readonly sealedSums: Uint8Array;
}

function partsOf(state: SavedState, spool: Spool, { sealSums }: ArchiveOptions): Parts {
  const meta = Buffer.from(metaText(state, spool.size));
  const sums = Buffer.from(sumsText(sha256(meta), spool.digest()));
  return { meta, sums, sealedSums: sealSums(sums) };
}

async function* tar(parts: Parts, spool: Spool, now: Millis): AsyncGenerator<Uint8Array> {
  const seconds = Math.floor(now / 1000);
  const small = (name: string, bytes: Uint8Array): Buffer =>
    Buffer.concat([
      tarHeader({ name, size: bytes.length }, seconds),
      bytes,
      Buffer.alloc(paddingOf(bytes.length)),
    ]);
  yield small(META, parts.meta);
  yield tarHeader({ name: STATE, size: spool.size }, seconds);
  yield* spool.chunks();
  yield Buffer.alloc(paddingOf(spool.size));
  yield small(SUMS, parts.sums);
  yield small(SEALED_SUMS, parts.sealedSums);
  yield TAR_END;
}
