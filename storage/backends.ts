// The kinds of storage that a configuration file may name.
import { join } from 'node:path';
import { openLevel } from './level.ts';
import { openMemory } from './memory.ts';
import type { Physical } from './physical.ts';

/** The settings inside a `storage "type" { }` stanza. */
export type StorageSettings = Readonly<Record<string, unknown>>;

type Opener = (settings: StorageSettings) => Promise<Physical>;

const BACKENDS: ReadonlyMap<string, Opener> = new Map<string, Opener>([
  ['inmem', () => Promise.resolve(openMemory())],
  ['file', (settings) => openLevel(join(pathOf(settings), 'store'))],
]);

/** Opens the storage of a stanza; the error has the words of Vault's own refusal. */
export async function openStorage(type: string, settings: StorageSettings): Promise<Physical> {
  const open = BACKENDS.get(type);
  if (open === undefined) throw new Error(`Unknown storage type ${type}`);
  return open(settings);
}

function pathOf({ path }: StorageSettings): string {
  if (typeof path !== 'string' || path === '') throw new Error("'path' must be set");
  return path;
}
