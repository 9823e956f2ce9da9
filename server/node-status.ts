// What a node says of itself to whoever asks: how it is sealed, in which cluster it is, and who leads that.
import { formatTime } from '#sdk/clock.ts';
import { ClientError } from '#sdk/errors.ts';
import type { ClusterStorage } from '#storage/cluster-storage.ts';
import type { Listener } from './config/listener.ts';
import type { Node } from './node.ts';
import { BUILD_DATE, VERSION } from './version.ts';

type Facts = Readonly<Record<string, unknown>>;

/** What a listener keeps to itself. */
type Redaction = Pick<Listener, 'redact_version' | 'redact_cluster_name' | 'redact_addresses'>;

/** What Go prints for a time that never was. */
const NO_TIME = '0001-01-01T00:00:00Z';

export function sealStatusOf(node: Node, listener: Redaction): Facts {
  const { type, config, progress, nonce } = node.sealing;
  return {
    type,
    initialized: node.isInitialised,
    sealed: node.unsealed() === undefined,
    t: config?.secret_threshold ?? 0,
    n: config?.secret_shares ?? 0,
    progress,
    nonce,
    version: listener.redact_version ? '' : VERSION,
    build_date: listener.redact_version ? '' : BUILD_DATE,
    migration: false,
    ...clusterFactsOf(node, listener),
    recovery_seal: false,
    storage_type: node.storageType,
  };
}

/** What an unsealed node says of its cluster. */
export function clusterFactsOf(
  node: Node,
  listener: Pick<Redaction, 'redact_cluster_name'>,
): Facts {
  const controls = node.unsealed()?.node;
  if (controls === undefined) return {};
  const { clusterName, clusterId } = controls;
  return listener.redact_cluster_name
    ? { cluster_id: clusterId }
    : { cluster_name: clusterName, cluster_id: clusterId };
}

/**
 * Who leads. Without storage for several nodes there is no leader to be sealed: the answer is always the same.
 *
 * @throws ClientError 503 for a sealed node of a cluster
 */
export function leaderOf(node: Node, listener: Pick<Redaction, 'redact_addresses'>): Facts {
  const { cluster, activeSince } = node;
  if (cluster === undefined) return { ha_enabled: false, ...NOBODY, ...OTHER_EDITION };
  if (node.unsealed() === undefined) throw new ClientError(503, 'Vault is sealed');
  const leader = node.leader();
  const isShown = leader !== undefined && !listener.redact_addresses;
  return {
    ha_enabled: true,
    is_self: activeSince !== undefined,
    active_time: activeSince === undefined ? NO_TIME : formatTime(activeSince),
    leader_address: isShown ? leader.apiAddress : '',
    leader_cluster_address: isShown ? leader.clusterAddress : '',
    ...OTHER_EDITION,
    ...indexesOf(cluster),
  };
}

const NOBODY: Facts = {
  is_self: false,
  active_time: NO_TIME,
  leader_address: '',
  leader_cluster_address: '',
};

const OTHER_EDITION: Facts = {
  performance_standby: false,
  performance_standby_last_remote_wal: 0,
};

function indexesOf(cluster: ClusterStorage): Facts {
  const { commitIndex, appliedIndex } = cluster.status();
  return { raft_committed_index: commitIndex, raft_applied_index: appliedIndex };
}
