// The device `file`: a log that lines are appended to, or the process's own output.
import { write } from 'node:fs';
import { constants, mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { badRequest } from '#sdk/errors.ts';
import type { DeviceOptions } from '../options.ts';
import { discardSink, type Sink } from './sink.ts';

// A symbolic link could lead the log over any file of the server, so none is followed at the end of the path. Without
// O_NONBLOCK a pipe that nobody reads would hold up a thread of the pool for good, at its opening and when it is full.
const FLAGS =
  constants.O_WRONLY |
  constants.O_APPEND |
  constants.O_NOFOLLOW |
  constants.O_NONBLOCK |
  constants.O_NOCTTY;

/** Only the server reads and writes a log whose mode was not chosen. */
const DEFAULT_MODE = 0o600;
/** The folders of a log are the server's own. */
const FOLDER_MODE = 0o700;
const PERMISSIONS = 0o777;
const EXECUTABLE = 0o111;

/** How long a full pipe is left to its reader before it is tried again. */
const PIPE_PAUSE_MS = 5;

const STDOUT = 1;

/** The lines of some hundred requests that arrive together. */
const BUFFER_BYTES = 256 * 1024;

export interface FileOptions {
  /** `stdout` and `discard` are no paths. */
  readonly path: string;
  /** `undefined` leaves the mode of a file that is there. */
  readonly mode: number | undefined;
}

/** @throws ClientError 400 when an option does not hold */
export function parseFileOptions(options: DeviceOptions): FileOptions {
  const path = options['file_path'] ?? options['path'];
  if (path === undefined || path === '') throw badRequest('file_path is required');
  if (path.includes('\0')) throw badRequest('file_path is invalid');
  const isWord = /^(stdout|discard)$/i.test(path);
  return { path: isWord ? path.toLowerCase() : path, mode: parseMode(options['mode']) };
}

export function fileSink(options: FileOptions): Sink {
  if (options.path === 'discard') return discardSink;
  return options.path === 'stdout' ? new StandardOutput() : new LogFile(options);
}

function parseMode(sent: string | undefined): number | undefined {
  if (sent === undefined) return DEFAULT_MODE;
  if (!/^[0-7]{1,6}$/.test(sent)) {
    throw badRequest(`strconv.ParseUint: parsing ${JSON.stringify(sent)}: invalid syntax`);
  }
  const mode = Number.parseInt(sent, 8);
  if ((mode & ~PERMISSIONS) !== 0) throw badRequest('mode must be that of a regular file');
  if ((mode & EXECUTABLE) !== 0) throw badRequest('mode must not allow execution');
  return mode === 0 ? undefined : mode;
}

/** Appends to a descriptor, however many calls that takes. */
class Appender {
  #isGivenUp = false;
  /** The last write ended within a line. */
  #isTorn = false;
  /** Memory for what most writes need, used again and again: fresh memory costs more than the write itself. */
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);

  /** A new write begins, for which there is time again. */
  begin(): void {
    this.#isGivenUp = false;
  }

  async append(descriptor: number, text: string): Promise<void> {
    const bytes = this.#bytesOf(this.#isTorn ? `\n${text}` : text);
    let written = 0;
    try {
      while (written < bytes.length) written += await this.#some(descriptor, bytes, written);
      this.#isTorn = false;
    } catch (error) {
      this.#isTorn ||= written > 0;
      throw error;
    }
  }

  giveUp(): void {
    this.#isGivenUp = true;
  }

  #bytesOf(text: string): Buffer {
    const length = Buffer.byteLength(text);
    if (length > this.#buffer.length) return Buffer.from(text);
    return this.#buffer.subarray(0, this.#buffer.write(text));
  }

  /** How many bytes were taken; none by a pipe that is full at the moment. */
  async #some(descriptor: number, bytes: Buffer, from: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    write(descriptor, bytes, from, bytes.length - from, null, (error, count) => {
      if (error === null) resolve(count);
      else if (error.code === 'EAGAIN' && !this.#isGivenUp) resolve(0);
      else reject(error);
    });
    const count = await promise;
    if (count === 0) await pause(PIPE_PAUSE_MS);
    return count;
  }
}

class StandardOutput implements Sink {
  readonly takesOneLine = false;
  readonly #appender = new Appender();

  write(text: string): Promise<void> {
    this.#appender.begin();
    return this.#appender.append(STDOUT, text);
  }

  giveUp(): void {
    this.#appender.giveUp();
  }

  reopen(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The file stays in use when it is renamed or removed, until it is opened again. */
class LogFile implements Sink {
  readonly takesOneLine = false;
  readonly #path: string;
  #mode: number | undefined;
  readonly #appender = new Appender();
  #file: FileHandle | undefined;
  #writing: Promise<void> | undefined;

  constructor({ path, mode }: FileOptions) {
    this.#path = path;
    this.#mode = mode;
  }

  async write(text: string): Promise<void> {
    this.#appender.begin();
    this.#file ??= await this.#opened();
    this.#writing = this.#appender.append(this.#file.fd, text);
    try {
      await this.#writing;
    } catch (error) {
      // A pipe whose reader has gone may get another one; a file is kept, for it may have been renamed.
      if (isCode(error, 'EPIPE')) await this.#replace(undefined);
      throw error;
    }
  }

  giveUp(): void {
    this.#appender.giveUp();
  }

  /** Where the new file cannot be opened the old one stays, so that nothing is lost. */
  async reopen(): Promise<void> {
    // The next write will open it.
    if (this.#file === undefined) return;
    const next = await this.#opened();
    await this.#replace(next);
  }

  async close(): Promise<void> {
    await this.#replace(undefined);
  }

  /** A descriptor is closed only after the write that uses it, or the number could stand for another file by then. */
  async #replace(next: FileHandle | undefined): Promise<void> {
    const [last, writing] = [this.#file, this.#writing];
    this.#file = next;
    await Promise.allSettled([writing]);
    await last?.close();
  }

  async #opened(): Promise<FileHandle> {
    await mkdir(dirname(this.#path), { recursive: true, mode: FOLDER_MODE });
    // Where the mode is left as it is there has to be a file that has one.
    const create = this.#mode === undefined ? 0 : constants.O_CREAT;
    const file = await open(this.#path, FLAGS | create, this.#mode);
    try {
      this.#mode = await settleMode(file, this.#mode);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }
}

/** Gives a regular file its mode; answers the mode that it has, which the next file will get. */
async function settleMode(file: FileHandle, mode: number | undefined): Promise<number> {
  const stat = await file.stat();
  if (!stat.isFile()) {
    if (stat.isFIFO() || stat.isCharacterDevice()) return mode ?? DEFAULT_MODE;
    throw new Error('not a file that can be appended to');
  }
  const present = stat.mode & PERMISSIONS;
  if (mode === undefined) {
    if ((present & EXECUTABLE) !== 0) throw new Error('the file is executable');
    return present;
  }
  if ((stat.mode & 0o7777) !== mode) await file.chmod(mode);
  return mode;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
