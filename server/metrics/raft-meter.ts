// What integrated storage shows of itself: where it stands, who takes part, how the servers do.
import { realTimer } from '#raft/driver/real-timer.ts';
import type { ClusterStatus, ClusterStorage } from '#storage/cluster-storage.ts';
import type { Physical } from '#storage/physical.ts';
import type { ClusterState } from '../raft/autopilot/health.ts';
import type { RaftControls } from '../raft/controls.ts';
import { MeteredStorage } from './metered-storage.ts';
import type { GaugeValue, Metrics } from './metrics.ts';

const COUNTED_ROLES = ['leader', 'candidate', 'follower'] as const;

/** Counts what happens from now on, by way of the storage that is given back. */
export function meterRaft(metrics: Metrics, cluster: ClusterStorage): Physical {
  for (const role of COUNTED_ROLES) metrics.count(`raft.state.${role}`, 0);
  cluster.onRole(({ type }) => {
    if (type !== 'stopped' && type !== 'removed') metrics.count(`raft.state.${type}`);
  });
  cluster.observe((keys) => metrics.sample('raft.fsm.applyBatchNum', keys.length));
  return new MeteredStorage(cluster, metrics, () => realTimer.now());
}

/** Of this node, whatever its role. */
export function storageGauges(status: ClusterStatus, clusterName: string): readonly GaugeValue[] {
  const labels = { cluster: clusterName, peer_id: status.id };
  const { appliedIndex, commitIndex, role, lastTerm } = status;
  const figures = {
    applied_index: appliedIndex,
    commit_index: commitIndex,
    fsm_pending: Math.max(0, commitIndex - appliedIndex),
    term: 'term' in role ? role.term : lastTerm,
  };
  return Object.entries(figures).map(([name, value]) => ({
    name: `raft_storage.stats.${name}`,
    value,
    labels,
  }));
}

/** How long each other server was silent, whenever the active node looks. */
export function sampleContacts(metrics: Metrics, { servers }: ClusterState): void {
  for (const { isLeader, silence } of servers) {
    if (!isLeader) metrics.sample('raft.leader.lastContact', silence);
  }
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
    ...servers.map((one) => ({
      name: 'autopilot.node.healthy',
      value: Number(one.isHealthy),
      labels: { node_id: one.server.id },
    })),
  ];
}
