// The network between nodes, over streams that somebody else makes and secures: packets in frames, to each node one
// connection for what is urgent and one for what is large, so that a heartbeat never waits behind a snapshot.
import type { Duplex } from 'node:stream';
import type { NodeId } from '../types.ts';
import { receivePackets } from './incoming.ts';
import { Lane } from './lane.ts';
import type { Network, Timer } from './ports.ts';

export interface TransportOptions {
  /** Connects to a node; resolves once the other end has proven to be `to`. */
  readonly dial: (to: NodeId, address: string) => Promise<Duplex>;
  readonly timer: Timer;
  /** From [0, 1). */
  readonly random: () => number;
  /** Larger packets are neither sent nor taken. */
  readonly maxPacketBytes: number;
  /** Told whenever a connection with a node could not be made or broke, which may be often. */
  readonly failed: (peer: NodeId, error: Error) => void;
}

/** Two lanes, each twice: the new connection may come before the end of the old one. */
const MAX_INCOMING = 4;

interface Peer {
  readonly address: string;
  readonly urgent: Lane;
  readonly bulk: Lane;
}

type Receiver = (from: NodeId, packet: Uint8Array) => void;

export class Transport implements Network {
  readonly #options: TransportOptions;
  readonly #peers = new Map<NodeId, Peer>();
  /** The oldest first. */
  readonly #incoming = new Map<NodeId, Set<Duplex>>();
  readonly #receivers = new Set<Receiver>();
  #isClosed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  send(to: NodeId, address: string, packet: Uint8Array, isBulk = false): void {
    if (this.#isClosed) return;
    const peer = this.#peerAt(to, address);
    (isBulk ? peer.bulk : peer.urgent).send(packet);
  }

  listen(receive: Receiver): () => void {
    this.#receivers.add(receive);
    return () => this.#receivers.delete(receive);
  }

  /** Takes a connection that `from` has made, and proven to be itself on. */
  accept(from: NodeId, stream: Duplex): void {
    if (this.#isClosed) {
      stream.destroy();
      return;
    }
    this.#remember(from, stream);
    stream.once('close', () => this.#forget(from, stream));
    receivePackets(stream, {
      ...this.#options,
      receive: (packet) => this.#deliver(from, packet),
      failed: (error) => this.#options.failed(from, error),
    });
  }

  /** Ends all connections; nothing is sent or received any more. */
  close(): void {
    this.#isClosed = true;
    for (const id of this.#peers.keys()) this.#drop(id);
    for (const streams of this.#incoming.values()) for (const stream of streams) stream.destroy();
  }

  #peerAt(to: NodeId, address: string): Peer {
    const known = this.#peers.get(to);
    if (known?.address === address) return known;
    this.#drop(to);
    this.#dropIdle();
    const lane = (): Lane =>
      new Lane({
        ...this.#options,
        dial: () => this.#options.dial(to, address),
        failed: (error) => this.#options.failed(to, error),
      });
    const peer = { address, urgent: lane(), bulk: lane() };
    this.#peers.set(to, peer);
    return peer;
  }

  #drop(id: NodeId): void {
    const peer = this.#peers.get(id);
    this.#peers.delete(id);
    peer?.urgent.close();
    peer?.bulk.close();
  }

  /** Nodes that are no longer spoken to are forgotten when a new one comes. */
  #dropIdle(): void {
    for (const [id, { urgent, bulk }] of this.#peers) {
      if (urgent.isIdle && bulk.isIdle) this.#peers.delete(id);
    }
  }

  #deliver(from: NodeId, packet: Uint8Array): void {
    for (const receive of this.#receivers) receive(from, packet);
  }

  #remember(from: NodeId, stream: Duplex): void {
    const streams = this.#incoming.get(from) ?? new Set();
    this.#incoming.set(from, streams.add(stream));
    const [oldest] = streams;
    if (streams.size <= MAX_INCOMING || oldest === undefined) return;
    streams.delete(oldest); // its end is told of later
    oldest.destroy();
  }

  #forget(from: NodeId, stream: Duplex): void {
    const streams = this.#incoming.get(from);
    streams?.delete(stream);
    if (streams?.size === 0) this.#incoming.delete(from);
  }
}
