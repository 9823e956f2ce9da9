// Opens the cluster port: of an unsealed node with what the barrier has for it, of a new one with what it was told.
import type { Clock } from '#sdk/clock.ts';
import { assert } from '#sdk/errors.ts';
import { realTimer } from '#raft/driver/real-timer.ts';
import type { Barrier } from '#storage/barrier/barrier.ts';
import type { ClusterStorage } from '#storage/cluster-storage.ts';
import { clusterAddressOf, hostAndPort } from './addresses.ts';
import { clusterListenAddress } from './cluster/address.ts';
import { makeAsk } from './cluster/ask-leader.ts';
import { AUTHORITY_KEY, type AuthorityRecord } from './cluster/authority.ts';
import { ClusterNetwork } from './cluster/cluster-network.ts';
import { jitter } from './cluster/jitter.ts';
import { Joining } from './cluster/join.ts';
import { configuredLeader } from './cluster/leader.ts';
import type { Config } from './config.ts';
import type { ForwardedHandler, Link, OpenLink } from './link.ts';
import type { Log } from './log.ts';
import { Newcomer, type NewcomerOptions } from './newcomer.ts';
import type { Membership } from './node.ts';

interface Surroundings {
  readonly config: Config;
  readonly cluster: ClusterStorage;
  readonly clock: Clock;
  readonly log: Log;
}

const refuseAll: ForwardedHandler = ({ refuse }) => refuse('the node is new');

/** The part of a node in the cluster that its storage is shared in. */
export function makeMembership(surroundings: Surroundings): Membership {
  let handler: ForwardedHandler = refuseAll;
  /** The port of a node that has just joined, for it to go on with. */
  let early: ClusterNetwork | undefined;
  const open = (authorities: AuthorityRecord): Promise<ClusterNetwork> =>
    openNetwork(surroundings, authorities, (forwarded) => handler(forwarded));

  const openLink: OpenLink = async ({ barrier }, handle) => {
    const authorities = barrier.read<AuthorityRecord>(AUTHORITY_KEY)?.value;
    assert(authorities !== undefined, 'a cluster has an authority');
    handler = handle;
    const network = early ?? (await open(authorities));
    early = undefined;
    return linkOver(network, barrier);
  };
  const newcomer = makeNewcomer(surroundings, async (authorities) => {
    const network = await open(authorities);
    early = network;
    return {
      send: (...packet) => network.send(...packet),
      listen: (receive) => network.listen(receive),
      close: () => {
        early = undefined;
        return network.close();
      },
    };
  });
  return { storage: surroundings.cluster, openLink, newcomer };
}

/** A network that follows what the barrier says of whom to trust. */
function linkOver(network: ClusterNetwork, barrier: Barrier): Link {
  const stop = barrier.observe((keys) => {
    if (!keys.includes(AUTHORITY_KEY)) return;
    const changed = barrier.read<AuthorityRecord>(AUTHORITY_KEY)?.value;
    if (changed !== undefined) network.adopt(changed);
  });
  return {
    send: (...packet) => network.send(...packet),
    listen: (receive) => network.listen(receive),
    forward: (leader, request) => network.forward(leader, request),
    close: () => {
      stop();
      return network.close();
    },
  };
}

/** What a node with this configuration is as long as it has no data. */
function makeNewcomer(
  { config, cluster, clock, log }: Surroundings,
  openForJoined: NewcomerOptions['openNetwork'],
): Newcomer {
  const { storage } = config;
  const joins = storage?.type === 'raft' ? storage.retry_join : [];
  const joining = new Joining({
    clock,
    log,
    ask: makeAsk(clock),
    random: jitter,
    id: cluster.id,
    clusterAddress: hostAndPort(clusterAddressOf(config)),
  });
  return new Newcomer({
    clock,
    log,
    cluster,
    joining,
    openNetwork: openForJoined,
    leaders: joins
      .filter((one) => one.leader_api_addr !== '')
      .map((one) => () => configuredLeader(one)),
    nonVoter: storage?.type === 'raft' && storage.retry_join_as_non_voter,
  });
}

function openNetwork(
  { config, cluster, clock, log }: Surroundings,
  authorities: AuthorityRecord,
  handle: ForwardedHandler,
): Promise<ClusterNetwork> {
  return ClusterNetwork.open({
    id: cluster.id,
    authorities,
    clock,
    timer: realTimer,
    log,
    addresses: config.listeners.flatMap((listener) => clusterListenAddress(listener) ?? []),
    isMember: (id) => cluster.status().configuration.some((server) => server.id === id),
    handle,
  });
}
