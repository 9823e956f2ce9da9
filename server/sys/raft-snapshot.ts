// sys/storage/raft/snapshot: the whole state of the cluster as an archive, handed out and taken back.
// https://developer.hashicorp.com/vault/api-docs/system/storage/raft
import type { Clock } from '#sdk/clock.ts';
import { badRequest, ClientError } from '#sdk/errors.ts';
import { pathFor } from '#sdk/path.ts';
import { stream, type StreamReply } from '#sdk/reply.ts';
import type { Barrier } from '#storage/barrier/barrier.ts';
import { DamagedError } from '#storage/physical.ts';
import { advertise } from '../advertisement.ts';
import { ArchiveError, ForeignArchiveError } from '../raft/archive/error.ts';
import { SUMS_CONTEXT } from '../raft/archive/parts.ts';
import { readArchive, type ReadArchive } from '../raft/archive/read.ts';
import { openArchive } from '../raft/archive/write.ts';
import type { RaftControls } from '../raft/controls.ts';
import { requireRaft } from './raft.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

const snapshot = path('storage/raft/snapshot', {
  help: 'Restores and saves snapshots from the raft cluster.',
  fields: {},
  operations: {
    read: {
      summary: 'Save the state of the cluster',
      handler: ({ engine, clock }) => save(requireRaft(engine), engine.services.barrier, clock),
    },
    write: {
      summary: 'Restore the state of this cluster from an archive of its own',
      handler: ({ engine }) => restore(engine, false),
    },
  },
});

const force = path('storage/raft/snapshot-force', {
  help: 'Force restore a raft cluster snapshot.',
  fields: {},
  operations: {
    write: {
      summary: 'Restore the state of the cluster from an archive, even of another cluster',
      handler: ({ engine }) => restore(engine, true),
    },
  },
});

function save({ storage, spoolFolder }: RaftControls, barrier: Barrier, clock: Clock): StreamReply {
  return stream({
    contentType: 'application/gzip',
    headers: { 'Content-Disposition': 'attachment' },
    open: async () => {
      const archive = await openArchive(storage.save(), {
        spoolFolder,
        now: clock.now(),
        sealSums: (sums) => barrier.sealForRoot(SUMS_CONTEXT, sums),
      });
      return { chunks: archive.chunks(), close: () => archive.close() };
    },
  });
}

/** Nothing is changed before the archive is there as a whole and right, and the request is on record. */
async function restore(engine: System, isForced: boolean): Promise<undefined> {
  const raft = requireRaft(engine);
  const { barrier, log } = engine.services;
  const { upload } = engine.known.admitted.arrived;
  if (upload === undefined) throw badRequest('the request has no snapshot');
  const archive = await upload.once((chunks) =>
    readAll(chunks, {
      spoolFolder: raft.spoolFolder,
      openSums: (sealed) => barrier.openForRoot(SUMS_CONTEXT, sealed),
      isForced,
    }),
  );
  engine.afterwards(async () => {
    const { id, index, term } = archive.meta;
    log.info('a snapshot is being restored', { id, index, term });
    await install(raft, archive);
    log.info('the snapshot was restored', { id, index, term });
    // Who led when it was taken may be somebody else.
    const { apiAddress, clusterAddress } = engine.services.node;
    if (barrier.isSealed) return;
    await advertise(barrier, { id: raft.storage.id, apiAddress, clusterAddress });
  });
}

/** What is in memory follows storage; where its keys are others than this node's, the node seals itself. */
async function install({ storage }: RaftControls, archive: ReadArchive): Promise<void> {
  try {
    await storage.restore(archive.state());
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    throw new ClientError(400, 'the state in the snapshot is damaged', { cause: error });
  }
}

async function readAll(
  chunks: AsyncIterable<Uint8Array>,
  options: Parameters<typeof readArchive>[1],
): Promise<ReadArchive> {
  try {
    return await readArchive(chunks, options);
  } catch (error) {
    if (error instanceof ForeignArchiveError) throw badRequest(FOREIGN);
    if (error instanceof ArchiveError) throw badRequest(error.message);
    throw error;
  }
}

const FOREIGN =
  'could not verify hash file, possibly the snapshot is using a different set of unseal keys; use the snapshot-force API to bypass this check';

export const snapshotPaths = [snapshot, force];
