// Where this node is found: by clients at its API address, by other nodes at its cluster address.
import { formatHostPort, parseHostPort } from './cluster/address.ts';
import type { Config } from './config.ts';

/** Where clients are told to find the node, as its operator says; without that, its first listener. */
export function apiAddressOf({ api_addr, listeners }: Config): string {
  if (api_addr !== '') return api_addr;
  const [listener] = listeners;
  if (listener?.type !== 'tcp') return '';
  return `${listener.tls_disable ? 'http' : 'https'}://${listener.address}`;
}

/** The port above that of the API, on the same host, unless the configuration says otherwise. */
export function clusterAddressOf(config: Config): string {
  const { cluster_addr: given } = config;
  if (given !== '') return given;
  const api = apiAddressOf(config);
  if (!URL.canParse(api)) return '';
  const { hostname, port, protocol } = new URL(api);
  const own = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  return `https://${hostname}:${own + 1}`;
}

/** `host:port` of a cluster address, as the servers of a cluster know each other. */
export function hostAndPort(clusterAddress: string): string {
  const parsed = parseHostPort(clusterAddress);
  return parsed === undefined ? clusterAddress : formatHostPort(parsed);
}
