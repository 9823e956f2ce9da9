// The bytes inside of gzip, as a stream that cannot be made to fill a disk or to hide something behind its end.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ArchiveError } from './error.ts';

export interface UnpackLimits {
  /** How many bytes may come out at all. */
  readonly most: number;
  /** How many may come out for each that went in; our own archives reach eight. */
  readonly ratio: number;
}

/** What a short archive may unpack to, however well it is packed: padding is nothing but zeroes. */
const ALWAYS_FREE_BYTES = 1024 * 1024;

/** @throws ArchiveError when it is no gzip, is cut off, is followed by something, or grows beyond the limits */
export async function* unpack(
  packed: AsyncIterable<Uint8Array>,
  { most, ratio }: UnpackLimits,
): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  let taken = 0;
  let isTakenWhole = false;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of packed) {
      taken += chunk.length;
      yield chunk;
    }
    isTakenWhole = true;
  };
  const feeding = pipeline(Readable.from(counted()), gunzip);
  feeding.catch(() => {}); // the reader below is told, by the stream itself
  try {
    let given = 0;
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      given += chunk.length;
      if (given > Math.min(most, ALWAYS_FREE_BYTES + ratio * taken)) {
        throw new ArchiveError('the snapshot is larger than is allowed');
      }
      yield chunk;
    }
  } catch (error) {
    throw isZlibError(error) ? new ArchiveError('the snapshot is not whole gzip data') : error;
  } finally {
    gunzip.destroy();
  }
  if (!isTakenWhole || gunzip.bytesWritten !== taken) {
    throw new ArchiveError('something follows the snapshot');
  }
}

const isZlibError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
