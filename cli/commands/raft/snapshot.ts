// `vault operator raft snapshot`: the whole of a cluster in a file, and back.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { defineCommand } from '../../command.ts';
import { messageOf, orFail, serverFailure, usageFailure } from '../../failure.ts';
import { boolFlag } from '../../flags.ts';
import { expandHome, readBytes } from '../../input/files.ts';
import type { Host } from '../../host.ts';

const SNAPSHOT_TYPE = 'application/gzip';

export const raftSnapshotSave = defineCommand({
  usage: 'operator raft snapshot save <snapshot_file>',
  about:
    'Saves a snapshot of the current state of the Raft cluster into a file.\n\n      $ vault operator raft snapshot save raft.snap',
  shared: ['http'],
  run: async ({ args, host, connect }) => {
    const file = snapshotFile(args, host);
    const request = connect().send('GET', 'sys/storage/raft/snapshot');
    const { body } = await orFail('Error taking the snapshot', request);
    await orFail('Error taking the snapshot', keep(file, body));
    return 0;
  },
});

export const raftSnapshotRestore = defineCommand({
  usage: 'operator raft snapshot restore <snapshot_file>',
  about:
    'Installs the provided snapshot, returning the cluster to the state defined in it.\n\n      $ vault operator raft snapshot restore raft.snap',
  shared: ['http'],
  flags: { force: boolFlag('Install the snapshot even if another cluster made it.') },
  run: async ({ flags, args, host, connect }) => {
    const file = snapshotFile(args, host);
    let body: Buffer;
    try {
      body = readBytes(file);
    } catch (error) {
      throw serverFailure(`Error opening policy file: ${messageOf(error)}`);
    }
    const path = flags.force ? 'sys/storage/raft/snapshot-force' : 'sys/storage/raft/snapshot';
    const request = connect().send('POST', path, { body, contentType: SNAPSHOT_TYPE });
    await orFail('Error installing the snapshot', request);
    return 0;
  },
});

function snapshotFile(args: readonly string[], host: Host): string {
  const path = (args[0] ?? '').trim();
  if (args.length !== 1) {
    throw usageFailure(`Incorrect arguments (expected 1, got ${args.length})`);
  }
  if (path === '') throw usageFailure('Output file name is required');
  return expandHome(path, host);
}

/** The file is there as a whole or not at all; a connection that broke off leaves no half of a backup. */
async function keep(file: string, snapshot: Buffer): Promise<void> {
  try {
    gunzipSync(snapshot); // its checksum shows whether the end arrived
  } catch {
    throw new Error('incomplete snapshot, unable to read SHA256SUMS file');
  }
  const draft = `${file}.unverified`;
  try {
    writeFileSync(draft, snapshot, { mode: 0o600 });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
