// The state of the cluster in the words of the API.
import { formatTime } from '#sdk/clock.ts';
import { formatGoDuration } from '#sdk/duration.ts';
import type { NodeId } from '#raft/types.ts';
import type { AutopilotConfig } from './config.ts';
import { isVoter, type ClusterState, type ServerState } from './health.ts';

type Facts = Readonly<Record<string, unknown>>;

/** Where the version of another server is not known yet, it is ''. */
export type VersionOf = (id: NodeId) => string;

export function showState(
  state: ClusterState,
  config: AutopilotConfig,
  versionOf: VersionOf,
): Facts {
  const others = state.servers.filter((one) => !isVoter(one));
  return {
    failure_tolerance: state.failureTolerance,
    healthy: state.isHealthy,
    leader: state.leader,
    ...(others.length === 0 ? {} : { non_voters: ids(others) }),
    servers: Object.fromEntries(
      state.servers.map((one) => [one.server.id, showServer(one, config, versionOf)]),
    ),
    voters: ids(state.servers.filter(isVoter)),
  };
}

const ids = (servers: readonly ServerState[]): readonly string[] =>
  servers.map(({ server }) => server.id).toSorted();

function showServer(one: ServerState, config: AutopilotConfig, versionOf: VersionOf): Facts {
  const { id, address } = one.server;
  return {
    address,
    healthy: one.isHealthy,
    id,
    last_contact: formatGoDuration(one.silence / 1000),
    last_index: one.lastIndex,
    last_term: one.lastTerm,
    name: id,
    // A server counts as gone only where the gone are cleaned up.
    node_status: one.isDead && config.cleanup_dead_servers ? 'left' : 'alive',
    node_type: one.server.suffrage === 'nonvoter' ? 'non-voter' : 'voter',
    stable_since: formatTime(one.stableSince),
    status: statusOf(one),
    version: versionOf(id),
  };
}

function statusOf(one: ServerState): string {
  if (one.isLeader) return 'leader';
  return isVoter(one) ? 'voter' : 'non-voter';
}
