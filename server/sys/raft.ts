// sys/storage/raft: the servers of the cluster, and the whole of its state as an archive.
// https://developer.hashicorp.com/vault/api-docs/system/storage/raft
import { badRequest, ClientError } from '#sdk/errors.ts';
import { text } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { reply } from '#sdk/reply.ts';
import type { NodeId, Server } from '#raft/types.ts';
import { NotLeaderError, RefusedError } from '#storage/cluster-storage.ts';
import type { RaftControls } from '../raft/controls.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

/** What clients know of the protocol of this family of servers. */
const PROTOCOL_VERSION = '3';

/** @throws ClientError 400 with storage that no other node shares */
export function requireRaft({ services }: Pick<System, 'services'>): RaftControls {
  const { raft } = services.node;
  if (raft === undefined) throw badRequest('raft storage is not in use');
  return raft;
}

const configuration = path('storage/raft/configuration', {
  help: 'Returns the raft cluster configuration.',
  fields: {},
  operations: {
    read: {
      summary: 'Read the servers of the cluster',
      handler: ({ engine }) => {
        const { storage } = requireRaft(engine);
        const { configuration: servers, id } = storage.status();
        // Vault shows no index either.
        return reply({ config: { servers: servers.map((one) => showServer(one, id)), index: 0 } });
      },
    },
  },
});

const showServer = ({ id, address, suffrage }: Server, leader: NodeId): object => ({
  node_id: id,
  address,
  leader: id === leader,
  protocol_version: PROTOCOL_VERSION,
  voter: suffrage === 'voter',
});

const removePeer = path('storage/raft/remove-peer', {
  help: 'Removes a peer from the raft cluster.',
  fields: {
    server_id: text('The id of the server'),
    dr_operation_token: text('Part of another edition').default(''),
  },
  operations: {
    write: {
      summary: 'Remove a server from the cluster',
      handler: async ({ engine, data }): Promise<undefined> => {
        const { storage, echoes } = requireRaft(engine);
        const { server_id: id } = data;
        if (id === undefined || id === '') throw badRequest('no server id provided');
        const { configuration: servers } = storage.status();
        // A server that is not there is gone already.
        if (!servers.some((one) => one.id === id)) return;
        const others = servers.filter((one) => one.id !== id);
        await change(() => storage.change({ type: 'remove', id: id as NodeId }));
        echoes.keep(others.map((one) => one.id));
      },
    },
  },
});

/** What the cluster refuses is for the caller to know; who leads has changed only for a moment. */
async function change(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (error instanceof RefusedError) throw badRequest(error.message);
    if (error instanceof NotLeaderError) {
      throw new ClientError(503, 'the active node has changed; try again', { cause: error });
    }
    throw error;
  }
}

export const raftPaths = [configuration, removePeer];
