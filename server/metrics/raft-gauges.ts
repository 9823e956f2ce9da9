// What integrated storage shows of itself when somebody looks: where it stands, who takes part, how the servers do.
import { SECTOR_BYTES } from '#raft/driver/wal-sectors.ts';
import type { ClusterStatus } from '#storage/cluster-storage.ts';
import type { RaftControls } from '../raft/controls.ts';
import type { GaugeValue } from './metrics.ts';

/** Of this node, whatever its role. */
export function storageGauges(status: ClusterStatus, clusterName: string): readonly GaugeValue[] {
  const labels = { cluster: clusterName, peer_id: status.id };
  const { appliedIndex, commitIndex, role, lastTerm } = status;
  const pending = Math.max(0, commitIndex - appliedIndex);
  const term = 'term' in role ? role.term : lastTerm;
  return [
    { name: 'raft_storage.stats.applied_index', value: appliedIndex, labels },
    { name: 'raft_storage.stats.commit_index', value: commitIndex, labels },
    { name: 'raft_storage.stats.fsm_pending', value: pending, labels },
    { name: 'raft_storage.stats.term', value: term, labels },
    ...logGauges(status, clusterName),
  ];
}

/** Dashboards know these from another store: the log has sectors where that has pages. */
function logGauges({ log }: ClusterStatus, clusterName: string): readonly GaugeValue[] {
  if (log === undefined) return [];
  const labels = { cluster: clusterName, database: 'logstore' };
  const { bytes, freeBytes, writes } = log;
  return [
    { name: 'raft_storage.bolt.page.count', value: bytes / SECTOR_BYTES, labels },
    { name: 'raft_storage.bolt.page.bytes_allocated', value: bytes, labels },
    { name: 'raft_storage.bolt.freelist.free_pages', value: freeBytes / SECTOR_BYTES, labels },
    { name: 'raft_storage.bolt.write.count', value: writes, labels },
  ];
}

/** What only the active node knows. */
export function clusterGauges({
  autopilot,
}: Pick<RaftControls, 'autopilot'>): readonly GaugeValue[] {
  const { isHealthy, failureTolerance, servers } = autopilot.look();
  return [
    { name: 'raft.peers', value: servers.length },
    { name: 'autopilot.healthy', value: Number(isHealthy) },
    { name: 'autopilot.failure_tolerance', value: failureTolerance },
    ...servers.map((one): GaugeValue => ({
      name: 'autopilot.node.healthy',
      value: Number(one.isHealthy),
      labels: { node_id: one.server.id },
    })),
  ];
}
