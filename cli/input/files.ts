// Files that the user names, with errors in Go's words.
import { readFileSync } from 'node:fs';
import type { Host } from '../host.ts';

const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
};

export const readText = (path: string): string => readBytes(path).toString();

export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw openError(path, error);
  }
}

/** What Go says of a file that cannot be opened. */
export function openError(path: string, error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const [verb, cause] = [code === 'EISDIR' ? 'read' : 'open', CAUSES[code] ?? code];
  return new Error(`${verb} ${path}: ${cause}`, { cause: error });
}

/** A path in which a leading `~` stands for the user's folder. */
export const expandHome = (path: string, host: Host): string =>
  path === '~' || path.startsWith('~/') ? host.home + path.slice(1) : path;
