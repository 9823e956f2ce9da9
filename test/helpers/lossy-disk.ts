// A disk that keeps only what was synced (lossyfs.py, a file system of FUSE).
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const LOSSY = path.join(import.meta.dirname, '../crash/lossyfs.py');
const PYTHON = '/usr/bin/python3'; // Debian's own: its packages are not those of another python3
const MOUNT_LIMIT_MS = 10_000;

/** Why there can be no lossy disk here; undefined where there can. */
export async function missingFuse(): Promise<string | undefined> {
  if (!existsSync('/dev/fuse')) return '/dev/fuse is missing';
  try {
    await run(PYTHON, ['-c', 'import fusepy']);
    await run('fusermount', ['-V']);
  } catch {
    return 'FUSE for Python is missing (Debian packages fuse, python3-fusepy)';
  }
  const disk = await LossyDisk.make();
  try {
    await disk.mount(1);
    return undefined;
  } catch (error) {
    return `no FUSE file system can be mounted: ${String(error)}`;
  } finally {
    await disk.remove();
  }
}

/** A folder whose content is only what was synced. */
export class LossyDisk {
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async make(): Promise<LossyDisk> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'lossy-'));
    await mkdir(path.join(folder, 'backing', 'data'), { recursive: true });
    await mkdir(path.join(folder, 'mount'));
    return new LossyDisk(folder);
  }

  get data(): string {
    return path.join(this.#mountPoint, 'data');
  }

  get #mountPoint(): string {
    return path.join(this.#folder, 'mount');
  }

  async mount(seed: number): Promise<void> {
    const backing = path.join(this.#folder, 'backing');
    const args = [LOSSY, backing, this.#mountPoint, String(seed)];
    const child = spawn(PYTHON, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let printed = '';
    child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    this.#child = child;
    const last = Date.now() + MOUNT_LIMIT_MS;
    while (!existsSync(this.data)) {
      if (child.exitCode !== null || Date.now() > last) throw new Error(printed || 'no mount');
      await sleep(20);
    }
  }

  /** From now on every operation fails. */
  async cut(): Promise<void> {
    await stat(path.join(this.#mountPoint, '.cut')).catch(() => undefined); // it fails, as all do from now on
  }

  async unmount(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    await run('fusermount', ['-u', '-z', this.#mountPoint]);
    await exited;
  }

  async remove(): Promise<void> {
    await this.unmount();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
