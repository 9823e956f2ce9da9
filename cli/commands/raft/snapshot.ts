// `vault operator raft snapshot`: the whole of a cluster in a file, and back.
import { closeSync, createReadStream, openSync, renameSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Into } from '../../client/preview.ts';
import { defineCommand } from '../../command.ts';
import { messageOf, orFail, serverFailure, usageFailure } from '../../failure.ts';
import { boolFlag } from '../../flags.ts';
import { expandHome, openError } from '../../input/files.ts';
import type { Host } from '../../host.ts';
import { readArchiveFile } from './archive-file.ts';

const SNAPSHOT_TYPE = 'application/gzip';
const LAST_PART = 'SHA256SUMS.sealed';

export const raftSnapshotSave = defineCommand({
  usage: 'operator raft snapshot save <snapshot_file>',
  about:
    'Saves a snapshot of the current state of the Raft cluster into a file.\n\n      $ vault operator raft snapshot save raft.snap',
  shared: ['http'],
  run: async ({ args, host, connect }) => {
    const file = snapshotFile(args, host);
    const fetch = async (into: Into): Promise<void> => {
      await connect().send('GET', 'sys/storage/raft/snapshot', { into });
    };
    await orFail('Error taking the snapshot', keep(file, fetch));
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
    requireFile(file);
    const body = (): Readable => createReadStream(file);
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

/** The words are those of the command that this one replaces. */
function requireFile(file: string): void {
  try {
    closeSync(openSync(file, 'r'));
  } catch (error) {
    throw serverFailure(`Error opening policy file: ${messageOf(openError(file, error))}`);
  }
}

/** The file is there as a whole or not at all; a connection that broke off leaves no half of a backup. */
async function keep(file: string, fetch: (into: Into) => Promise<void>): Promise<void> {
  const draft = `${file}.unverified`;
  try {
    await fetch((body) => writeFile(draft, body, { mode: 0o600 }));
    if (!(await isWhole(draft))) {
      throw new Error(`incomplete snapshot, unable to read ${LAST_PART} file`);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** The checksum of gzip shows whether the end arrived. */
async function isWhole(file: string): Promise<boolean> {
  try {
    return (await readArchiveFile(file)).names.includes(LAST_PART);
  } catch {
    return false;
  }
}
