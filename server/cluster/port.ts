// The cluster port: where other nodes connect. TLS 1.3 only, both sides with a certificate of the cluster's authority;
// whoever is let in is handed on by name, with what it wants to speak.
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { millis, type Clock } from '#sdk/clock.ts';
import type { NodeId } from '#raft/types.ts';
import { formatHostPort, type HostPort } from './address.ts';
import type { Protocol } from './dial.ts';
import type { Identity } from './identity.ts';
import { nodeOfCertificate } from './node-uri.ts';

export interface PortOptions {
  readonly identity: Identity;
  readonly clock: Clock;
  /** Takes a connection that a node has proven to be itself on. */
  readonly welcome: Readonly<Record<Protocol, (socket: TLSSocket, from: NodeId) => void>>;
  /** Told of everybody who was not let in, which may be often. */
  readonly refused: (error: Error) => void;
}

const PROTOCOLS: readonly Protocol[] = ['coffer-raft', 'coffer-forward'];

const HANDSHAKE_LIMIT_MS = 5_000;

/** Handshakes at a time. Whoever holds all of them open loses the oldest to the next one who comes. */
const MAX_HANDSHAKES = 128;

/** Connections of one node: the pool of forwarded requests and Raft's, and as many again while they are replaced. */
const MAX_PER_NODE = 256;

/** How often to look whether there is a new certificate to show. */
const RENEWAL_CHECK_MS = 3600 * 1000;

export class ClusterPort {
  readonly #options: PortOptions;
  readonly #server: Server;
  /** Connections that have not shown yet whose they are, by their other end; the oldest first. */
  readonly #handshakes = new Map<string, Socket>();
  readonly #open = new Map<NodeId, Set<TLSSocket>>();
  #shown: unknown;
  #cancelCheck: () => void = () => {};

  private constructor(options: PortOptions) {
    this.#options = options;
    const { certificate } = options.identity;
    this.#shown = certificate;
    this.#server = createServer({
      cert: certificate.cert,
      key: certificate.key,
      ca: [...certificate.ca],
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: [...PROTOCOLS],
      handshakeTimeout: HANDSHAKE_LIMIT_MS,
      noDelay: true,
    });
    this.#server.on('connection', (socket: Socket) => this.#began(socket));
    this.#server.on('tlsClientError', (error, socket) => {
      socket.destroy(); // Node does not, after a handshake that took too long
      options.refused(error);
    });
    this.#server.on('secureConnection', (socket) => this.#arrived(socket));
    this.#check();
  }

  /** @throws Error of node:net when the address cannot be had */
  static async open(options: PortOptions, { host, port }: HostPort): Promise<ClusterPort> {
    const opened = new ClusterPort(options);
    try {
      await new Promise<void>((resolve, reject) => {
        opened.#server.once('error', reject);
        opened.#server.listen(port, host, resolve);
      });
    } catch (error) {
      await opened.close();
      throw error;
    }
    opened.#server.on('error', options.refused); // out of file descriptors, for instance: others may still come
    return opened;
  }

  /** Where it listens. */
  get address(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return formatHostPort({ host: address, port });
  }

  /** Shows the newest certificate, and trusts the newest authorities, on connections from now on. */
  renew(): void {
    const { certificate } = this.#options.identity;
    if (certificate === this.#shown) return;
    this.#shown = certificate;
    const { cert, key, ca } = certificate;
    this.#server.setSecureContext({ cert, key, ca: [...ca], minVersion: 'TLSv1.3' });
  }

  /** Ends every connection. */
  close(): Promise<void> {
    this.#cancelCheck();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#handshakes.values()) socket.destroy();
    for (const sockets of this.#open.values()) for (const socket of sockets) socket.destroy();
    return closed;
  }

  #check(): void {
    this.#cancelCheck = this.#options.clock.after(millis(RENEWAL_CHECK_MS), () => {
      this.renew();
      this.#check();
    });
  }

  #began(socket: Socket): void {
    const end = farEnd(socket);
    this.#handshakes.set(end, socket);
    socket.once('close', () => {
      if (this.#handshakes.get(end) === socket) this.#handshakes.delete(end);
    });
    if (this.#handshakes.size <= MAX_HANDSHAKES) return;
    const [oldest] = this.#handshakes;
    if (oldest === undefined) return;
    this.#handshakes.delete(oldest[0]); // its end is told of later
    oldest[1].destroy();
  }

  #arrived(socket: TLSSocket): void {
    this.#handshakes.delete(farEnd(socket));
    socket.on('error', () => {}); // 'close' follows, and whoever was handed the socket listens to that
    const protocol = PROTOCOLS.find((one) => one === socket.alpnProtocol);
    const certificate = socket.getPeerX509Certificate();
    const from = certificate === undefined ? undefined : nodeOfCertificate(certificate);
    if (!socket.authorized || protocol === undefined || from === undefined) {
      socket.destroy();
      this.#options.refused(new Error('a connection speaks nothing that is known here'));
      return;
    }
    if (!this.#count(from, socket)) return;
    this.#options.welcome[protocol](socket, from);
  }

  #count(from: NodeId, socket: TLSSocket): boolean {
    const sockets = this.#open.get(from) ?? new Set();
    if (sockets.size >= MAX_PER_NODE) {
      socket.destroy();
      return false;
    }
    this.#open.set(from, sockets.add(socket));
    socket.once('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0 && this.#open.get(from) === sockets) this.#open.delete(from);
    });
    return true;
  }
}

/** Node wraps a connection in another object for TLS; this is the same of both. */
const farEnd = ({ remoteAddress = '', remotePort = 0 }: Socket): string =>
  `${remoteAddress} ${remotePort}`;
