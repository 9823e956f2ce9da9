// What a scenario does to files outside of the servers: a log that is rotated, a folder that is gone.
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Fields } from './scenario.ts';

/** `action` has one key, the kind of action; `read` and `stat` answer something. */
export async function fileAction(action: Fields): Promise<unknown> {
  const [[kind, argument] = ['none', '']] = Object.entries(action);
  const [first = '', second = ''] = [argument].flat().map(String);
  switch (kind) {
    case 'move':
      return rename(first, second);
    case 'remove':
      return rm(first, { recursive: true, force: true });
    case 'write':
      await mkdir(path.dirname(first), { recursive: true });
      return writeFile(first, second);
    case 'folder':
      await mkdir(first, { recursive: true });
      return undefined;
    case 'mode':
      return chmod(first, Number.parseInt(second, 8));
    case 'read':
      return readFile(first, 'utf8').then((text) => ({ exists: true, text }), missing);
    case 'stat':
      return stat(first).then(
        ({ mode, size }) => ({ exists: true, mode: octal(mode), empty: size === 0 }),
        missing,
      );
    default:
      throw new Error(`no file action "${kind}"`);
  }
}

function missing(): { readonly exists: false } {
  return { exists: false };
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
