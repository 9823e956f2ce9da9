// A snapshot file, read from one end to the other without being held: the names of its parts, and its description.
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

export interface ArchiveFile {
  readonly names: readonly string[];
  /** meta.json. */
  readonly description: string | undefined;
}

const BLOCK = 512;
const DESCRIPTION = 'meta.json';
const DESCRIPTION_MAX = 1024 * 1024;

/** Throws where the file is not there, is no gzip, or ends too early. */
export async function readArchiveFile(path: string): Promise<ArchiveFile> {
  const tar = new TarReader();
  await pipeline(createReadStream(path), createGunzip(), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) tar.take(chunk);
  });
  return tar;
}

/** A tar archive: files one after another in blocks of 512 bytes, a header before each; an empty one ends it. */
class TarReader implements ArchiveFile {
  readonly names: string[] = [];
  #description: Buffer[] | undefined;
  /** Of the header that is being read. */
  #header = Buffer.alloc(0);
  /** How much there still is of the file that is being read, with what fills its last block. */
  #left = 0;
  #isDescription = false;
  #isOver = false;

  get description(): string | undefined {
    return this.#description && Buffer.concat(this.#description).toString().replace(/\0+$/, '');
  }

  take(chunk: Buffer): void {
    for (let rest = chunk; rest.length > 0 && !this.#isOver;) {
      rest = this.#left > 0 ? this.#takeContent(rest) : this.#takeHeader(rest);
    }
  }

  #takeContent(bytes: Buffer): Buffer {
    const content = bytes.subarray(0, this.#left);
    this.#left -= content.length;
    if (this.#isDescription) this.#description?.push(content);
    return bytes.subarray(content.length);
  }

  #takeHeader(bytes: Buffer): Buffer {
    const missing = BLOCK - this.#header.length;
    this.#header = Buffer.concat([this.#header, bytes.subarray(0, missing)]);
    if (this.#header.length === BLOCK) this.#begin();
    return bytes.subarray(missing);
  }

  #begin(): void {
    const name = textAt(this.#header, 0, 100);
    const size = sizeOf(this.#header);
    this.#header = Buffer.alloc(0);
    if (name === '' || !Number.isSafeInteger(size)) {
      this.#isOver = true;
      return;
    }
    this.names.push(name);
    this.#left = Math.ceil(size / BLOCK) * BLOCK;
    this.#isDescription = name === DESCRIPTION && size <= DESCRIPTION_MAX;
    if (this.#isDescription) this.#description = [];
  }
}

/** Octal digits, or for what is too large a number in bytes. */
function sizeOf(header: Buffer): number {
  if (header[124] === 0x80) return Number(header.readBigUInt64BE(128));
  return Number.parseInt(textAt(header, 124, 12), 8);
}

const textAt = (header: Buffer, at: number, length: number): string =>
  header
    .subarray(at, at + length)
    .toString('latin1')
    .replace(/\0.*$/s, '')
    .trim();
