// How each server of the cluster does, as its leader sees it. Pure: what was known before and what is known now.
import { millis, type Millis } from '#sdk/clock.ts';
import type { NodeId, Server } from '#raft/types.ts';
import type { ClusterStatus } from '#storage/cluster-storage.ts';
import type { AutopilotConfig } from './config.ts';

export interface ServerState {
  readonly server: Server;
  readonly isLeader: boolean;
  /** How long nothing was heard of it. */
  readonly silence: Millis;
  readonly lastTerm: number;
  readonly lastIndex: number;
  readonly isHealthy: boolean;
  /** Since when it is as healthy, or as ill, as it is. */
  readonly stableSince: Millis;
  /** Silent for so long that it is not expected back. */
  readonly isDead: boolean;
}

export interface ClusterState {
  readonly leader: NodeId;
  /** In the order of the configuration. */
  readonly servers: readonly ServerState[];
  readonly isHealthy: boolean;
  /** How many healthy voters may fail before nothing can be written. */
  readonly failureTolerance: number;
}

/** What is known besides the leader's own view. */
export interface Observation {
  readonly status: ClusterStatus;
  readonly config: AutopilotConfig;
  readonly now: Millis;
  /** How long this leader has watched: the silence of a server that it has never heard of. */
  readonly watchedFor: Millis;
}

export const majorityOf = (voters: number): number => Math.floor(voters / 2) + 1;

export const isVoter = ({ server }: Pick<ServerState, 'server'>): boolean =>
  server.suffrage === 'voter';

export function judgeCluster(
  observation: Observation,
  before: ClusterState | undefined,
): ClusterState {
  const { status } = observation;
  const servers = status.configuration.map((server) =>
    judgeServer(
      observation,
      server,
      before?.servers.find(({ server: { id } }) => id === server.id),
    ),
  );
  const voters = servers.filter(isVoter);
  const healthy = voters.filter(({ isHealthy }) => isHealthy).length;
  return {
    leader: status.id,
    servers,
    isHealthy: servers.every(({ isHealthy }) => isHealthy),
    failureTolerance: Math.max(0, healthy - majorityOf(voters.length)),
  };
}

function judgeServer(
  observation: Observation,
  server: Server,
  before: ServerState | undefined,
): ServerState {
  const { status, config, now } = observation;
  const isLeader = server.id === status.id;
  const seen = isLeader ? { ...status, silence: 0, isHeard: true } : look(observation, server.id);
  const isHealthy = isLeader || isWell(seen, observation);
  return {
    server,
    isLeader,
    silence: millis(seen.silence),
    lastTerm: seen.lastTerm,
    lastIndex: seen.lastIndex,
    isHealthy,
    stableSince: before?.isHealthy === isHealthy ? before.stableSince : now,
    isDead: seen.silence > config.dead_server_last_contact_threshold * 1000,
  };
}

interface Seen {
  readonly silence: number;
  /** Heard of by this leader, however long ago. */
  readonly isHeard: boolean;
  readonly lastTerm: number;
  readonly lastIndex: number;
}

function look({ status, watchedFor }: Observation, id: NodeId): Seen {
  const peer = status.peers.find((one) => one.id === id);
  return {
    silence: peer?.lastContact ?? watchedFor,
    isHeard: peer?.lastContact !== undefined,
    lastTerm: peer?.lastTerm ?? 0,
    lastIndex: peer?.lastIndex ?? 0,
  };
}

const isWell = (seen: Seen, { status, config }: Observation): boolean =>
  seen.isHeard &&
  seen.silence <= config.last_contact_threshold * 1000 &&
  seen.lastTerm === status.lastTerm &&
  status.lastIndex - seen.lastIndex <= config.max_trailing_logs;
