// One listener: a socket, its TLS, and the limits that hold before a request is a request.
import { chmodSync, chownSync, readFileSync, statSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type Socket } from 'node:net';
import type { SecureVersion } from 'node:tls';
import { ConfigError } from '../config/file.ts';
import type { Listener } from '../config/listener.ts';
import type { Node } from '../node.ts';
import { makeApp } from './app.ts';
import { acceptListVerb } from './list-verb.ts';

/** How often half-open requests are looked for; the limits themselves come from the configuration. */
const CHECK_INTERVAL_MS = 1_000;

/** Enough for every client of a large cluster; what each costs while it says nothing is some ten kilobytes. */
const MAX_CONNECTIONS = 10_000;

/** How long a TLS handshake may take. A client that never begins one is not heard of otherwise. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** How long clients that ask again and again have to learn that the listener closes. */
const LAST_ANSWERS_MS = 500;
/** How often connections are looked for that have become idle while the listener closes. */
const IDLE_CHECK_MS = 20;

export interface OpenListener {
  /** Where it listens; the port that it got, where the configuration left it to the system (`:0`). */
  readonly address: string;
  /** Stops taking requests, lets those that run end, and closes idle connections. */
  close(): Promise<void>;
  /** Ends every connection that there still is, whatever its client is about. */
  cutOff(): void;
}

export async function listen(node: Node, listener: Listener): Promise<OpenListener> {
  const server = makeServer(listener);
  const handler = makeApp(node, listener).callback();
  // koa's callback settles every error itself.
  server.on('request', (request, response) => {
    if (!server.listening) response.shouldKeepAlive = false; // it closes: this is the last answer here
    void handler(request, response);
  });
  if (listener.http_write_timeout > 0) server.setTimeout(listener.http_write_timeout * 1000);
  const sockets = openSockets(server);
  server.maxConnections = MAX_CONNECTIONS;
  // Connections that wait for their next request make place for new ones; their clients just connect again.
  server.on('drop', () => server.closeIdleConnections());
  acceptListVerb(server, isPlain(listener) ? 'connection' : 'secureConnection');
  server.on('checkContinue', (request, response) => void handler(request, response));
  const { host, port } = splitAddress(listener.address);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if (listener.type === 'unix') server.listen(listener.address, resolve);
    else server.listen(port, host, resolve);
  });
  if (listener.type === 'unix') restrictSocket(listener);
  return {
    address: boundAddress(server, listener),
    close: () => closeServer(server),
    cutOff: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Who may connect to a socket in the file system; ids are numbers. */
function restrictSocket({
  address,
  socket_mode: mode,
  socket_user: user,
  socket_group: group,
}: Listener): void {
  if (mode !== '') chmodSync(address, Number.parseInt(mode, 8));
  if (user === '' && group === '') return;
  const owner = statSync(address);
  chownSync(address, idOf(user) ?? owner.uid, idOf(group) ?? owner.gid);
}

function idOf(text: string): number | undefined {
  if (text === '') return undefined;
  if (!/^\d+$/.test(text)) throw new ConfigError(`'${text}' is not a number of a user or group`);
  return Number(text);
}

/** A socket in the file system is guarded by its permissions. */
const isPlain = ({ tls_disable, type }: Listener): boolean => tls_disable || type === 'unix';

function makeServer(listener: Listener): http.Server | https.Server {
  const limits = {
    headersTimeout: listener.http_read_header_timeout * 1000,
    requestTimeout: listener.http_read_timeout * 1000,
    keepAliveTimeout: listener.http_idle_timeout * 1000,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    noDelay: true,
  };
  if (isPlain(listener)) return http.createServer(limits);
  const handshakeTimeout = HANDSHAKE_TIMEOUT_MS;
  return https.createServer({ ...limits, handshakeTimeout, ...tlsOptions(listener) });
}

const VERSIONS: Readonly<Record<Listener['tls_min_version'], SecureVersion>> = {
  tls12: 'TLSv1.2',
  tls13: 'TLSv1.3',
};

function tlsOptions(listener: Listener): https.ServerOptions {
  const asks = !listener.tls_disable_client_certs;
  const mustHave = listener.tls_require_and_verify_client_cert;
  return {
    cert: readFileSync(listener.tls_cert_file),
    key: readFileSync(listener.tls_key_file),
    minVersion: VERSIONS[listener.tls_min_version],
    maxVersion: VERSIONS[listener.tls_max_version],
    honorCipherOrder: true,
    requestCert: asks,
    rejectUnauthorized: mustHave,
    ...(listener.tls_client_ca_file === ''
      ? {}
      : { ca: readFileSync(listener.tls_client_ca_file) }),
    ...(listener.tls_cipher_suites.length === 0
      ? {}
      : { ciphers: listener.tls_cipher_suites.join(':') }),
  };
}

function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return {
    host: address.slice(0, colon).replace(/^\[|\]$/g, '') || '0.0.0.0',
    port: Number(address.slice(colon + 1)),
  };
}

/** The sockets that are open, those of unfinished handshakes among them, which the server itself does not end. */
function openSockets(server: http.Server | https.Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

function boundAddress(server: http.Server | https.Server, { address }: Listener): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return address;
  return `${address.slice(0, address.lastIndexOf(':'))}:${bound.port}`;
}

/**
 * node:http would close what is idle at once. A client that is just sending its next request would see nothing but a
 * broken connection; so for a while each answer says that it is the last, and only then the rest is closed.
 */
function closeServer(server: http.Server | https.Server): Promise<void> {
  return new Promise((resolve) => {
    let looking: NodeJS.Timeout | undefined;
    const lookForIdle = (): void => {
      server.closeIdleConnections();
      looking = setTimeout(lookForIdle, IDLE_CHECK_MS);
    };
    looking = setTimeout(lookForIdle, LAST_ANSWERS_MS);
    net.Server.prototype.close.call(server, () => {
      clearTimeout(looking);
      resolve();
    });
  });
}
