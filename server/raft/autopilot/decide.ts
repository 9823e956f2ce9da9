// What autopilot changes, one server at a time: a healthy newcomer gets its vote, a dead server goes. Pure.
import type { Millis } from '#sdk/clock.ts';
import type { MembershipChange } from '#raft/types.ts';
import type { AutopilotConfig } from './config.ts';
import { isVoter, majorityOf, type ClusterState, type ServerState } from './health.ts';

/** A promotion comes before a removal: the newcomer may be what makes the removal safe. */
export function nextChange(
  state: ClusterState,
  config: AutopilotConfig,
  now: Millis,
): MembershipChange | undefined {
  const ready = state.servers.find((one) => mayVote(one, config, now));
  if (ready !== undefined) return { type: 'promote', id: ready.server.id };
  if (!config.cleanup_dead_servers) return undefined;
  const dead = state.servers.find((one) => mayGo(one, state, config));
  return dead === undefined ? undefined : { type: 'remove', id: dead.server.id };
}

function mayVote(
  { server, isHealthy, stableSince }: ServerState,
  config: AutopilotConfig,
  now: Millis,
): boolean {
  if (server.suffrage !== 'staging' || !isHealthy) return false;
  return now - stableSince >= config.server_stabilization_time * 1000;
}

/**
 * A server without a vote is missed by nobody. A voter goes only if healthy voters are a majority both of the cluster
 * as it is, which has to agree, and of the one that is left, and if that is not smaller than operators want it.
 */
function mayGo(one: ServerState, state: ClusterState, config: AutopilotConfig): boolean {
  if (!one.isDead || one.isLeader) return false;
  if (!isVoter(one)) return true;
  const voters = state.servers.filter(isVoter);
  const healthy = voters.filter(({ isHealthy }) => isHealthy).length;
  return voters.length - 1 >= config.min_quorum && healthy >= majorityOf(voters.length);
}
