// Bytes that are too many for memory, in a file that has no name: it is gone when it is closed, and when the process ends
// in whatever way.
import { createHash, randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

const READ_BYTES = 256 * 1024;
const FILES_OF_THE_OWNER = 0o600;

export class Spool {
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  #size = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async create(folder: string): Promise<Spool> {
    const name = join(folder, `.spool-${randomUUID()}`);
    const file = await open(name, 'wx+', FILES_OF_THE_OWNER);
    await unlink(name);
    return new Spool(file);
  }

  get size(): number {
    return this.#size;
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, this.#size);
      done += bytesWritten;
      this.#size += bytesWritten;
    }
  }

  /** SHA-256 of all of it, in hex; nothing can be appended after that. */
  digest(): string {
    return this.#hash.digest('hex');
  }

  /** All of it, from the beginning. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < this.#size;) {
      const length = Math.min(READ_BYTES, this.#size - at);
      const { bytesRead, buffer } = await this.#file.read(
        Buffer.allocUnsafe(length),
        0,
        length,
        at,
      );
      if (bytesRead === 0) throw new Error('a spooled file is shorter than what was written');
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
