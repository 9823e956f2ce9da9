// Nodes of one cluster on ports of this machine, without anything above the network.
import type { ExecutionContext } from 'ava';
import type { Log } from '#server/log.ts';
import { makeAuthority, type AuthorityRecord } from '#server/cluster/authority.ts';
import { ClusterNetwork, type ClusterNetworkOptions } from '#server/cluster/cluster-network.ts';
import { systemClock } from '#server/system-clock.ts';
import type { Timer } from '#raft/driver/ports.ts';
import type { NodeId } from '#raft/types.ts';

export const realTimer: Timer = {
  now: () => performance.now(),
  after: (delay, action) => systemClock.after(delay as never, action),
};

const nothing = (): void => {};
export const quietLog: Log = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};

export const authorities: AuthorityRecord = makeAuthority(systemClock.now());

export const node = (name: string): NodeId => name as NodeId;

/** The only address of a node that listens at one. */
export const addressOf = (network: ClusterNetwork): string => network.addresses[0] ?? '';

export async function openNode(
  t: ExecutionContext,
  name: string,
  options: Partial<ClusterNetworkOptions> = {},
): Promise<ClusterNetwork> {
  const network = await ClusterNetwork.open({
    id: node(name),
    authorities,
    clock: systemClock,
    timer: realTimer,
    log: quietLog,
    addresses: [{ host: '127.0.0.1', port: 0 }],
    isMember: () => true,
    handle: ({ refuse }) => refuse('nobody answers here'),
    ...options,
  });
  t.teardown(() => network.close());
  return network;
}

/** Resolves with what the next `count` packets are, and who sent them. */
export function packets(
  network: ClusterNetwork,
  count: number,
): Promise<(readonly [NodeId, Buffer])[]> {
  const { promise, resolve } = Promise.withResolvers<(readonly [NodeId, Buffer])[]>();
  const found: (readonly [NodeId, Buffer])[] = [];
  const end = network.listen((from, packet) => {
    found.push([from, Buffer.from(packet)]);
    if (found.length < count) return;
    end();
    resolve(found);
  });
  return promise;
}
