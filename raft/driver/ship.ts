// Sends snapshots to followers that need more than the log holds: from one file for all of them, in chunks of which a few
// are on their way at a time. Each follower says how far it is, so that either side may lose what it likes, or begin
// anew, and it goes on from there.
import type { Message, NodeId, SnapshotMeta } from '../types.ts';
import type { Part, ShipmentId } from './packet.ts';

/** A snapshot that lies whole on the disk. */
export interface OutgoingFile {
  readonly id: ShipmentId;
  readonly meta: SnapshotMeta;
  readonly bytes: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface ShipHands {
  /** Writes the state as it is now into a file, or gives one that is recent enough for the log to go on after it. */
  file(): Promise<OutgoingFile>;
  /** Says who installs what, in the name of the leader that this node is. */
  install(to: NodeId, snapshot: SnapshotMeta): (Message & { readonly type: 'install' }) | undefined;
  send(to: NodeId, parts: readonly Part[]): void;
  shipped(to: NodeId, isDone: boolean): void;
}

/** A packet holds one, and a heartbeat behind it does not wait long. */
const CHUNK_BYTES = 256 * 1024;

/** How many bytes are on their way to one follower: what 100 Mbit/s carry in 100 ms. */
const WINDOW_BYTES = 5 * CHUNK_BYTES;

/** After so many ticks without progress the rest is sent again, after so many more it is given up. */
const RESEND_TICKS = 4;
const GIVE_UP_TICKS = 80;

interface Shipment {
  readonly to: NodeId;
  /** Once there is one. */
  file: OutgoingFile | undefined;
  /** The follower has everything up to here; everything up to there was sent. */
  acknowledged: number;
  sent: number;
  /** Whether the follower has answered at all. */
  isWelcome: boolean;
  silence: number;
  isReading: boolean;
}

export class Ship {
  readonly #hands: ShipHands;
  readonly #shipmentById = new Map<NodeId, Shipment>();

  constructor(hands: ShipHands) {
    this.#hands = hands;
  }

  get isActive(): boolean {
    return this.#shipmentById.size > 0;
  }

  begin(to: NodeId): void {
    if (this.#shipmentById.has(to)) return;
    const shipment: Shipment = {
      to,
      file: undefined,
      acknowledged: 0,
      sent: 0,
      isWelcome: false,
      silence: 0,
      isReading: false,
    };
    this.#shipmentById.set(to, shipment);
    void this.#open(shipment);
  }

  progress(from: NodeId, part: Part & { readonly type: 'progress' }): void {
    const shipment = this.#shipmentById.get(from);
    if (shipment?.file === undefined || shipment.file.id !== part.shipment) return;
    if (part.isWhole) {
      this.#end(shipment, true);
      return;
    }
    if (part.offset > shipment.file.bytes) return;
    // It may have less than it had: what it got was damaged, or it has lost it.
    if (part.offset < shipment.acknowledged) shipment.sent = part.offset;
    if (!shipment.isWelcome || part.offset !== shipment.acknowledged) shipment.silence = 0;
    shipment.isWelcome = true;
    shipment.acknowledged = part.offset;
    shipment.sent = Math.max(shipment.sent, part.offset);
    void this.#pump(shipment);
  }

  tick(): void {
    for (const shipment of this.#shipmentById.values()) {
      // Making the file takes as long as it takes.
      if (shipment.file === undefined) continue;
      shipment.silence += 1;
      if (shipment.silence > GIVE_UP_TICKS) this.#end(shipment, false);
      else if (shipment.silence % RESEND_TICKS === 0) this.#resend(shipment);
    }
  }

  /** Leadership has ended: whoever leads now sends its own. */
  cancel(): void {
    this.#shipmentById.clear();
  }

  async #open(shipment: Shipment): Promise<void> {
    try {
      const file = await this.#hands.file();
      if (!this.#isCurrent(shipment)) return;
      shipment.file = file;
      this.#offer(shipment, file);
    } catch {
      // The disk is full, or too much has changed meanwhile. The core asks again.
      this.#end(shipment, false);
    }
  }

  #resend(shipment: Shipment): void {
    const { file } = shipment;
    if (file === undefined) return;
    shipment.sent = shipment.acknowledged;
    // It also asks how far the follower is, should its answer be what was lost.
    this.#offer(shipment, file);
  }

  #offer(shipment: Shipment, { id, bytes, meta }: OutgoingFile): void {
    const install = this.#hands.install(shipment.to, meta);
    if (install === undefined) return this.#end(shipment, false);
    this.#hands.send(shipment.to, [{ type: 'offer', shipment: id, bytes, install }]);
  }

  /** Sends what the window lets. One read at a time, so that no more is in memory than is on its way. */
  async #pump(shipment: Shipment): Promise<void> {
    const { file } = shipment;
    if (file === undefined || shipment.isReading) return;
    shipment.isReading = true;
    try {
      while (this.#mayGo(shipment, file)) {
        const offset = shipment.sent;
        const bytes = await file.read(offset, Math.min(CHUNK_BYTES, file.bytes - offset));
        // Meanwhile the follower may have said that it is somewhere else.
        if (!this.#isCurrent(shipment) || shipment.sent !== offset) continue;
        shipment.sent += bytes.length;
        this.#hands.send(shipment.to, [{ type: 'chunk', shipment: file.id, offset, bytes }]);
      }
    } catch {
      this.#end(shipment, false);
    }
    shipment.isReading = false;
  }

  #mayGo(shipment: Shipment, { bytes }: OutgoingFile): boolean {
    const { sent, acknowledged } = shipment;
    return this.#isCurrent(shipment) && sent < bytes && sent - acknowledged < WINDOW_BYTES;
  }

  #isCurrent(shipment: Shipment): boolean {
    return this.#shipmentById.get(shipment.to) === shipment;
  }

  #end(shipment: Shipment, isDone: boolean): void {
    if (!this.#isCurrent(shipment)) return;
    this.#shipmentById.delete(shipment.to);
    this.#hands.shipped(shipment.to, isDone);
  }
}
