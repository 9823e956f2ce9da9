import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { ClusterStorage } from '#storage/cluster-storage.ts';
import { openRaft } from '#storage/raft.ts';
import { readRaftSettings } from '#storage/raft-settings.ts';
import { storageSuite } from '#test/conformance/storage.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

async function openLeader(path: string): Promise<ClusterStorage> {
  const storage = await openRaft(readRaftSettings({ path, performance_multiplier: 1 }));
  if (storage.status().configuration.length === 0) await storage.bootstrap('127.0.0.1:8201');
  else await untilLeader(storage);
  return storage;
}

function untilLeader(storage: ClusterStorage): Promise<void> {
  return new Promise((resolve) => {
    if (storage.status().role.type === 'leader') resolve();
    else storage.onRole(({ type }) => type === 'leader' && resolve());
  });
}

storageSuite('raft, one node', {
  make: (t: ExecutionContext) => {
    const folder = join(temporaryFolder(t), 'data');
    return () => openLeader(folder);
  },
  survives: true,
});
