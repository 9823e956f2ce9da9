// Takes in a snapshot from the leader: chunk by chunk into a file, one snapshot at a time, and for the core once all of it
// has been verified. Whatever repeats, comes late or belongs to another snapshot is answered with how far this one is.
import type { Message, NodeId } from '../types.ts';
import type { Part, ShipmentId } from './packet.ts';

/** A snapshot that is on its way, as far as it lies on the disk. */
export interface IncomingFile {
  /** How many bytes are there. */
  readonly length: number;
  append(bytes: Uint8Array): Promise<void>;
  /** Whether it is, byte for byte, what was sent; it is durable then, and gone otherwise. */
  finish(): Promise<boolean>;
  /** Leaves what is there for another time. */
  close(): Promise<void>;
}

type Install = Message & { readonly type: 'install' };
type Offer = Part & { readonly type: 'offer' };
type Chunk = Part & { readonly type: 'chunk' };

export interface ReceiveHands {
  /** The file of a shipment, with what is there of it already; all others may go. */
  open(offer: Offer): Promise<IncomingFile>;
  /** Whether this node has use for a snapshot: `not now` while another is becoming the state. */
  wants(install: Install): 'yes' | 'not now' | 'never';
  send(to: NodeId, parts: readonly Part[]): void;
  /** It lies whole on the disk. */
  arrived(install: Install): void;
}

interface Incoming {
  readonly shipment: ShipmentId;
  readonly bytes: number;
  install: Install;
  from: NodeId;
  file: IncomingFile | undefined;
  isWhole: boolean;
}

/** More than a sender has on its way is not kept. */
const MAX_WAITING = 16;

export class Receive {
  readonly #hands: ReceiveHands;
  #incoming: Incoming | undefined;
  readonly #waiting: Chunk[] = [];
  #isBusy = false;

  constructor(hands: ReceiveHands) {
    this.#hands = hands;
  }

  offer(from: NodeId, offer: Offer): void {
    const wants = this.#hands.wants(offer.install);
    if (wants === 'never') return this.#decline(from, offer);
    if (wants === 'not now') return;
    if (this.#incoming?.shipment === offer.shipment) {
      // The same from another term of the leader, or from another server with the same state.
      this.#incoming.from = from;
      this.#incoming.install = offer.install;
      if (this.#incoming.isWhole) this.#hands.arrived(offer.install);
      if (this.#incoming.file !== undefined) this.#answer(this.#incoming);
      return;
    }
    void this.#begin(from, offer);
  }

  chunk(from: NodeId, chunk: Chunk): void {
    const incoming = this.#incoming;
    if (incoming?.shipment !== chunk.shipment || incoming.from !== from) return;
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push(chunk);
    if (!this.#isBusy) void this.#write();
  }

  /** It has become the state, or will never. */
  async forget(): Promise<void> {
    const incoming = this.#incoming;
    this.#incoming = undefined;
    this.#waiting.length = 0;
    if (incoming?.isWhole === false) await incoming.file?.close().catch(() => undefined);
  }

  async #begin(from: NodeId, offer: Offer): Promise<void> {
    const { shipment, bytes, install } = offer;
    const before = this.forget();
    const incoming = { shipment, bytes, install, from, file: undefined, isWhole: false };
    this.#incoming = incoming;
    await before;
    await this.#open(incoming, offer);
  }

  async #open(incoming: Incoming, offer: Offer): Promise<void> {
    if (this.#incoming !== incoming) return;
    try {
      const file = await this.#hands.open(offer);
      if (this.#incoming !== incoming) {
        await file.close();
        return;
      }
      incoming.file = file;
      await this.#complete(incoming, file);
      this.#answer(incoming);
    } catch {
      // A disk that is full now may have room when it is offered again.
      if (this.#incoming === incoming) await this.forget();
    }
  }

  async #write(): Promise<void> {
    this.#isBusy = true;
    for (;;) {
      const chunk = this.#waiting.shift();
      const incoming = this.#incoming;
      if (chunk === undefined || incoming?.file === undefined) break;
      try {
        await this.#append(incoming, incoming.file, chunk);
        if (this.#incoming === incoming) this.#answer(incoming);
      } catch {
        if (this.#incoming === incoming) await this.forget();
      }
    }
    this.#isBusy = false;
  }

  async #append(incoming: Incoming, file: IncomingFile, chunk: Chunk): Promise<void> {
    const isNext = chunk.offset === file.length && chunk.shipment === incoming.shipment;
    if (!isNext || file.length + chunk.bytes.length > incoming.bytes) return;
    await file.append(chunk.bytes);
    await this.#complete(incoming, file);
  }

  async #complete(incoming: Incoming, file: IncomingFile): Promise<void> {
    if (incoming.isWhole || file.length < incoming.bytes) return;
    incoming.isWhole = await file.finish();
    if (this.#incoming !== incoming) return;
    if (incoming.isWhole) this.#hands.arrived(incoming.install);
    // It begins anew when it is offered again.
    else await this.forget();
  }

  /** This node has what it would bring, and more. */
  #decline(from: NodeId, { shipment, bytes }: Offer): void {
    this.#hands.send(from, [{ type: 'progress', shipment, offset: bytes, isWhole: true }]);
  }

  #answer({ from, shipment, file, isWhole }: Incoming): void {
    const offset = file?.length ?? 0;
    this.#hands.send(from, [{ type: 'progress', shipment, offset, isWhole }]);
  }
}
