// Carries parts to other servers and takes theirs in. All that goes to one server at once goes in one packet. What does
// not arrive is nobody's business here: those who wait for an answer ask again.
import type { Configuration, Message, NodeId } from '../types.ts';
import { decodePacket, encodePackets, type Part } from './packet.ts';
import type { Network } from './ports.ts';

export type ReceivePart = (from: NodeId, part: Part) => void;

export class Post {
  readonly #id: NodeId;
  readonly #receive: ReceivePart;
  #addressById: ReadonlyMap<NodeId, string> = new Map();
  /** Where servers are that are in no configuration that this node knows, as they say themselves. */
  readonly #learnt = new Map<NodeId, string>();
  #network: Network | undefined;
  #stopListening: (() => void) | undefined;

  constructor(id: NodeId, receive: ReceivePart) {
    this.#id = id;
    this.#receive = receive;
  }

  connect(network: Network): void {
    if (this.#network !== undefined) return;
    this.#network = network;
    this.#stopListening = network.listen((from, packet) => this.#take(from, packet));
  }

  configure(configuration: Configuration): void {
    this.#addressById = new Map(configuration.map(({ id, address }) => [id, address]));
  }

  send(to: NodeId, parts: readonly Part[]): void {
    if (this.#network === undefined) return;
    const address = this.#addressById.get(to) ?? this.#learnt.get(to) ?? '';
    const own = this.#addressById.get(this.#id) ?? '';
    // Nothing that is urgent waits behind a snapshot.
    const isBulk = parts.some(({ type }) => type === 'chunk');
    for (const packet of encodePackets({ address: own, parts })) {
      this.#network.send(to, address, packet, isBulk);
    }
  }

  sendMessages(messages: readonly Message[]): void {
    const partsById = new Map<NodeId, Part[]>();
    for (const message of messages) {
      const parts = partsById.get(message.to) ?? [];
      partsById.set(message.to, parts);
      parts.push({ type: 'message', message });
    }
    for (const [to, parts] of partsById) this.send(to, parts);
  }

  end(): void {
    this.#stopListening?.();
    this.#network = undefined;
  }

  #take(from: NodeId, bytes: Uint8Array): void {
    const packet = decodePacket(bytes);
    if (packet === undefined || from === this.#id) return;
    if (packet.address !== '') this.#learnt.set(from, packet.address);
    for (const part of packet.parts) {
      // A server speaks for itself, and to this one.
      if (isHonest(part, from, this.#id)) this.#receive(from, part);
    }
  }
}

function isHonest(part: Part, from: NodeId, to: NodeId): boolean {
  if (part.type === 'message') return part.message.from === from && part.message.to === to;
  if (part.type === 'offer') return part.install.from === from && part.install.to === to;
  return true;
}
