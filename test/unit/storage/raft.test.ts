import { join } from 'node:path';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { NodeId } from '#raft/types.ts';
import type { ClusterStorage } from '#storage/cluster-storage.ts';
import { DamagedError, StorageError } from '#storage/physical.ts';
import { openRaft } from '#storage/raft.ts';
import { readRaftSettings } from '#storage/raft-settings.ts';
import { storageSuite } from '#test/conformance/storage.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

async function openLeader(path: string, stanza: object = {}): Promise<ClusterStorage> {
  const storage = await openRaft(readRaftSettings({ path, performance_multiplier: 1, ...stanza }));
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

test('a node keeps its name, which is drawn unless the configuration gives one', async (t) => {
  const folder = temporaryFolder(t);
  const first = await openLeader(folder);
  const { id } = first;
  t.regex(id, /^[0-9a-f-]{36}$/);
  t.is(readFileSync(join(folder, 'node-id'), 'utf8'), id);
  await first.close();
  const second = await openLeader(folder);
  t.is(second.id, id);
  await second.close();

  const named = await openLeader(join(folder, 'other'), { node_id: 'vault_1' });
  t.is(named.id, 'vault_1' as NodeId);
  t.is(named.status().configuration[0]?.id, 'vault_1' as NodeId);
  await named.close();
});

test('nobody but the owner may read what is in the folder, and it is laid out as it says', async (t) => {
  const folder = join(temporaryFolder(t), 'data');
  const storage = await openLeader(folder);
  t.deepEqual(
    readdirSync(folder).filter((name) => name !== 'store-current'),
    ['lock', 'node-id', 'raft', 'store-1'],
  );
  t.is(statSync(folder).mode & 0o777, 0o700);
  for (const name of readdirSync(join(folder, 'raft'))) {
    t.is(statSync(join(folder, 'raft', name)).mode & 0o077, 0, name);
  }
  await storage.close();
});

test('a second opener is kept out until the first has let go', async (t) => {
  const folder = temporaryFolder(t);
  const storage = await openLeader(folder);
  await t.throwsAsync(openRaft(readRaftSettings({ path: folder })), {
    instanceOf: StorageError,
    message: /is in use by another process$/,
  });
  await storage.close();
  const again = await openLeader(folder);
  t.is(again.status().role.type, 'leader');
  await again.close();
});

test('a damaged state is made anew from the log, as long as that has all of it', async (t) => {
  const folder = temporaryFolder(t);
  const first = await openLeader(folder);
  for (let at = 0; at < 100; at++) await put(first, `key${at}`, `value${at}`);
  await first.close();
  const store = join(folder, 'store-1');
  for (const name of readdirSync(store).filter((one) => /\.(log|ldb)$/.test(one))) {
    const bytes = readFileSync(join(store, name));
    bytes.fill(0, Math.floor(bytes.length / 2));
    writeFileSync(join(store, name), bytes);
  }
  const second = await openLeader(folder);
  for (let at = 0; at < 100; at++) {
    t.is(Buffer.from(second.get(`key${at}`) ?? []).toString(), `value${at}`);
  }
  await second.close();
});

test('a damaged state of a node that is alone is not thrown away once the log was cut', async (t) => {
  const folder = temporaryFolder(t);
  const stanza = { trailing_logs: 5, snapshot_threshold: 20 };
  const first = await openLeader(folder, stanza);
  for (let at = 0; at < 100; at++) await put(first, `key${at}`, `value${at}`);
  await first.close();
  rmSync(join(folder, 'store-1', 'CURRENT'));
  await t.throwsAsync(openLeader(folder, stanza), { instanceOf: DamagedError });
});

async function put(storage: ClusterStorage, key: string, value: string): Promise<void> {
  await storage.commit({
    reads: new Map(),
    lists: new Map(),
    writes: new Map([[key, Buffer.from(value)]]),
  });
}
