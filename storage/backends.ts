// The kinds of storage that a configuration file may name.
import { join } from 'node:path';
import type { Meter } from '#raft/driver/ports.ts';
import { openLevel } from './level.ts';
import { openMemory } from './memory.ts';
import type { Physical } from './physical.ts';
import { openRaft } from './raft.ts';
import { readRaftSettings } from './raft-settings.ts';
import type { ClusterStorage } from './cluster-storage.ts';

/** The settings inside a `storage "type" { }` stanza. */
export type StorageSettings = Readonly<Record<string, unknown>>;

/** Whether other nodes may have a part in it. */
export type OpenStorage =
  | { readonly type: 'alone'; readonly physical: Physical }
  | { readonly type: 'cluster'; readonly physical: ClusterStorage };

type Opener = (settings: StorageSettings, meter?: Meter) => Promise<OpenStorage>;

const BACKENDS: ReadonlyMap<string, Opener> = new Map<string, Opener>([
  ['inmem', () => alone(openMemory())],
  ['file', (settings) => alone(openLevel(join(pathOf(settings), 'store')))],
  ['raft', (settings, meter) => cluster(openRaft(readRaftSettings(settings), meter))],
]);

/**
 * Opens the storage of a stanza; the error has the words of Vault's own refusal.
 *
 * @param meter told of what this node does for its cluster, where the storage is one's
 */
export async function openStorage(
  type: string,
  settings: StorageSettings,
  meter?: Meter,
): Promise<OpenStorage> {
  const open = BACKENDS.get(type);
  if (open === undefined) throw new Error(`Unknown storage type ${type}`);
  return open(settings, meter);
}

async function alone(opening: Physical | Promise<Physical>): Promise<OpenStorage> {
  return { type: 'alone', physical: await opening };
}

async function cluster(opening: Promise<ClusterStorage>): Promise<OpenStorage> {
  return { type: 'cluster', physical: await opening };
}

function pathOf({ path }: StorageSettings): string {
  if (typeof path !== 'string' || path === '') throw new Error("'path' must be set");
  return path;
}
