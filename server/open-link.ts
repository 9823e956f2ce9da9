// Opens the cluster port of an unsealed node, with what the barrier has for it and where the listeners say.
import { assert } from '#sdk/errors.ts';
import { realTimer } from '#raft/driver/real-timer.ts';
import type { ClusterStorage } from '#storage/cluster-storage.ts';
import { clusterListenAddress } from './cluster/address.ts';
import { AUTHORITY_KEY, type AuthorityRecord } from './cluster/authority.ts';
import { ClusterNetwork } from './cluster/cluster-network.ts';
import type { Config } from './config.ts';
import type { Link, OpenLink } from './link.ts';

export function linkOpener(config: Config, cluster: ClusterStorage): OpenLink {
  return async (services, handle): Promise<Link> => {
    const { barrier, clock, log } = services;
    const authorities = barrier.read<AuthorityRecord>(AUTHORITY_KEY)?.value;
    assert(authorities !== undefined, 'a cluster has an authority');
    const network = await ClusterNetwork.open({
      id: cluster.id,
      authorities,
      clock,
      timer: realTimer,
      log,
      addresses: config.listeners.flatMap((listener) => clusterListenAddress(listener) ?? []),
      isMember: (id) => cluster.status().configuration.some((server) => server.id === id),
      handle,
    });
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
