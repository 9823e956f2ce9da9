// Where the active node is found. It says so in storage, as the first thing that it does: whoever has applied that
// knows, and who leads is known beside it, so that what a predecessor said is never taken for it.
import type { NodeId, Server } from '#raft/types.ts';
import type { Barrier } from '#storage/barrier/barrier.ts';
import type { ClusterStorage } from '#storage/cluster-storage.ts';
import { hostAndPort } from './addresses.ts';

const LEADER_KEY = 'core/leader';

export interface Advertisement {
  readonly id: NodeId;
  /** Where clients find it. */
  readonly apiAddress: string;
  /** Where nodes find it. */
  readonly clusterAddress: string;
}

export async function advertise(barrier: Barrier, own: Advertisement): Promise<void> {
  const transaction = barrier.begin();
  if (isSame(transaction.get<Advertisement>(LEADER_KEY), own)) return;
  transaction.put(LEADER_KEY, own);
  await transaction.commit();
}

/** Where a node is found that leads; `undefined` until it has said so. */
export function advertisementOf(barrier: Barrier, leader: NodeId): Advertisement | undefined {
  const last = barrier.read<Advertisement>(LEADER_KEY)?.value;
  return last?.id === leader ? last : undefined;
}

/** Where other nodes find a node that leads: where it says, and until it has, where the cluster was told. */
export function leadingServer(
  cluster: Pick<ClusterStorage, 'status'>,
  barrier: Barrier,
): Pick<Server, 'id' | 'address'> | undefined {
  const { role, configuration } = cluster.status();
  if (role.type !== 'follower') return undefined;
  const id = role.leader;
  const said = advertisementOf(barrier, id);
  if (said !== undefined) return { id, address: hostAndPort(said.clusterAddress) };
  return configuration.find((server) => server.id === id);
}

const isSame = (one: Advertisement | undefined, other: Advertisement): boolean =>
  one?.id === other.id &&
  one.apiAddress === other.apiAddress &&
  one.clusterAddress === other.clusterAddress;
