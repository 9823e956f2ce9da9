// Where cluster ports are: what a configuration says of the own one, and the text by which nodes know each other's.
import type { Listener } from '../config/listener.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const PORT = /^\d{1,5}$/;
const PORT_MAX = 65_535;

/** `host:port`, `[v6]:port` or a URL of them; `undefined` for anything else. */
export function parseHostPort(text: string): HostPort | undefined {
  const bare = text.replace(/^[a-z]+:\/\//, '').replace(/\/$/, '');
  const colon = bare.lastIndexOf(':');
  const port = bare.slice(colon + 1);
  const host = bare.slice(0, Math.max(colon, 0));
  const name = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  if (colon < 1 || name === '' || !PORT.test(port) || Number(port) > PORT_MAX) return undefined;
  if (/[\s/?#@[\]]/.test(name) || (name === host && name.includes(':'))) return undefined;
  return { host: name, port: Number(port) };
}

export const formatHostPort = ({ host, port }: HostPort): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/**
 * Where a listener's cluster port is: at `cluster_address`, or on its own host one port further. A listener in the file
 * system has none, and port 0 leaves the choice to the system.
 */
export function clusterListenAddress(
  listener: Pick<Listener, 'type' | 'address' | 'cluster_address'>,
): HostPort | undefined {
  if (listener.cluster_address !== '') return bindable(listener.cluster_address);
  if (listener.type === 'unix') return undefined;
  const own = bindable(listener.address);
  return own === undefined ? undefined : { host: own.host, port: own.port && own.port + 1 };
}

/** `:8201` is every address of the machine. */
const bindable = (address: string): HostPort | undefined =>
  parseHostPort(address.startsWith(':') ? `0.0.0.0${address}` : address);
