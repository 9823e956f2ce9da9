// The storage "raft": what lies where in its folder, and everything that a node needs to be part of a cluster, put
// together.
//
//   node-id   the name of the node, unless the configuration gives one
//   lock/     keeps a second process out
//   raft/     the log, and snapshots that come from the leader or go to followers
//   store-N/  the state machine
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Driver } from '#raft/driver/driver.ts';
import { canRefill, openDriver } from '#raft/driver/open.ts';
import { realTimer } from '#raft/driver/real-timer.ts';
import { openFolder } from '#raft/driver/disk.ts';
import type { Meter } from '#raft/driver/ports.ts';
import type { NodeId } from '#raft/types.ts';
import type { ClusterStorage } from './cluster-storage.ts';
import { lockFolder } from './folder-lock.ts';
import { prepareFolder, syncFolder } from './folder.ts';
import { LevelMedia, resetMachine } from './machine-level.ts';
import { DamagedError, StorageError } from './physical.ts';
import {
  CHANGE_PATIENCE_MS,
  compactionOf,
  coreSettings,
  tickOf,
  walOf,
  type RaftSettings,
} from './raft-settings.ts';
import { openReplicated } from './replicated.ts';
import { openMachine, type Machine, type MachineOptions } from './state-machine.ts';

const LOG_FOLDER = 'raft';

/**
 * Opens the storage in a folder, which is made if it is not there. A node that is alone in its cluster takes part at
 * once; every other one when it is started.
 *
 * @param meter told of what this node does for its cluster
 * @throws DamagedError when what is there is not what was acknowledged, and nobody else can be asked
 * @throws StorageError when another process has it open, or the disk fails
 */
export async function openRaft(settings: RaftSettings, meter?: Meter): Promise<ClusterStorage> {
  const folder = resolve(settings.path);
  prepareFolder(folder);
  const unlock = await lockFolder(folder);
  try {
    return await openLocked(folder, { settings, meter }, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function openLocked(
  folder: string,
  { settings, meter }: { readonly settings: RaftSettings; readonly meter: Meter | undefined },
  unlock: () => Promise<void>,
): Promise<ClusterStorage> {
  const id = readNodeId(folder, settings.node_id);
  const logFolder = join(folder, LOG_FOLDER);
  prepareFolder(logFolder);
  let driver: Driver | undefined;
  const machine = await openOrReset(folder, id, settings, (failure) => driver?.fail(failure));
  try {
    return await openReplicated({
      id,
      machine,
      timer: realTimer,
      tickMs: tickOf(settings),
      limits: {
        entryBytes: settings.max_entry_size,
        transactionBytes: settings.max_transaction_size,
      },
      openDriver: async (events) => {
        driver = await openDriver({
          settings: coreSettings(id),
          tickMs: tickOf(settings),
          timer: realTimer,
          disk: openFolder(logFolder),
          wal: walOf(settings),
          machine,
          compaction: compactionOf(settings),
          events,
          meter,
        });
        return driver;
      },
      changePatience: CHANGE_PATIENCE_MS,
      onClose: unlock,
    });
  } catch (error) {
    await machine.close();
    throw error;
  }
}

/** A state that is damaged is thrown away where it can be had again. */
async function openOrReset(
  folder: string,
  id: NodeId,
  settings: RaftSettings,
  onFailure: MachineOptions['onFailure'],
): Promise<Machine> {
  const open = (): Promise<Machine> =>
    openMachine({ media: new LevelMedia(folder), timer: realTimer, onFailure });
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    const log = openFolder(join(folder, LOG_FOLDER));
    if (!(await canRefill(log, id, walOf(settings)))) throw error;
    resetMachine(folder);
    return open();
  }
}

/** What a node is called never changes: others know it by that. */
function readNodeId(folder: string, configured: string): NodeId {
  if (configured !== '') return configured as NodeId;
  const file = join(folder, 'node-id');
  if (existsSync(file)) {
    const id = readFileSync(file, 'utf8').trim();
    if (id === '') throw new StorageError(`${file} is empty`);
    return id as NodeId;
  }
  const id = randomUUID();
  writeFileSync(`${file}.new`, id, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
  syncFolder(folder);
  return id as NodeId;
}
