// Opens the cluster port: of an unsealed node with what the barrier has for it, of a new one with what it was told.
import type { Clock } from '#sdk/clock.ts';
import { assert } from '#sdk/errors.ts';
import { realTimer } from '#raft/driver/real-timer.ts';
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
import { Newcomer } from './newcomer.ts';

interface Surroundings {
  readonly config: Config;
  readonly cluster: ClusterStorage;
  readonly clock: Clock;
  readonly log: Log;
}

export function linkOpener(surroundings: Surroundings): OpenLink {
  return async ({ barrier }, handle): Promise<Link> => {
    const authorities = barrier.read<AuthorityRecord>(AUTHORITY_KEY)?.value;
    assert(authorities !== undefined, 'a cluster has an authority');
    const network = await openNetwork(surroundings, authorities, handle);
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
  };
}

/** What a node with this configuration is as long as it has no data. */
export function makeNewcomer(surroundings: Surroundings): Newcomer {
  const { config, cluster, clock, log } = surroundings;
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
    openNetwork: (authorities) =>
      openNetwork(surroundings, authorities, ({ refuse }) => refuse('the node is new')),
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
