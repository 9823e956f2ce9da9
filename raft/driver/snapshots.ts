// The snapshot files of a node: the one that goes to followers, and the one that comes from the leader until it has become
// the state. Both lie beside the log.
import type { Index, Message, NodeId, SnapshotMeta } from '../types.ts';
import type { Part, ShipmentId } from './packet.ts';
import type { Disk, Snapshot } from './ports.ts';
import { Receive } from './receive.ts';
import { Ship } from './ship.ts';
import {
  openSnapshot,
  receiveSnapshot,
  removeSnapshots,
  writeSnapshot,
  type IncomingSnapshot,
  type SnapshotFile,
} from './snapshot-file.ts';

type Install = Message & { readonly type: 'install' };

export interface SnapshotHands {
  readonly disk: Disk;
  /** The state as it is now. */
  snapshot(): Promise<Snapshot>;
  /** The log holds what comes after this. */
  logStart(): Index;
  /** The install of a follower in the name of this leader. `undefined` when it leads no more. */
  installFor(to: NodeId, snapshot: SnapshotMeta): Install | undefined;
  wants(install: Install): 'yes' | 'not now' | 'never';
  send(to: NodeId, parts: readonly Part[]): void;
  shipped(to: NodeId, isDone: boolean): void;
  arrived(install: Install): void;
}

/** A state is in memory by its keys, which take less than this long before. */
const MAX_SNAPSHOT_BYTES = 256 * 1024 * 1024 * 1024;

export class Snapshots {
  readonly #hands: SnapshotHands;
  readonly #ship: Ship;
  readonly #receive: Receive;
  #outgoing: SnapshotFile | undefined;
  /** While one is being written. */
  #writing: Promise<SnapshotFile> | undefined;
  #incoming: ShipmentId | undefined;

  constructor(hands: SnapshotHands) {
    this.#hands = hands;
    this.#ship = new Ship({
      file: () => this.#file(),
      install: (to, snapshot) => hands.installFor(to, snapshot),
      send: (to, parts) => hands.send(to, parts),
      shipped: (to, isDone) => hands.shipped(to, isDone),
    });
    this.#receive = new Receive({
      open: ({ shipment, bytes }) => this.#open(shipment, bytes),
      wants: (install) => hands.wants(install),
      send: (to, parts) => hands.send(to, parts),
      arrived: (install) => hands.arrived(install),
    });
  }

  ship(to: NodeId): void {
    this.#ship.begin(to);
  }

  take(from: NodeId, part: Part): void {
    if (part.type === 'offer') this.#receive.offer(from, part);
    if (part.type === 'chunk') this.#receive.chunk(from, part);
    if (part.type === 'progress') this.#ship.progress(from, part);
  }

  tick(): void {
    this.#ship.tick();
  }

  /** While followers are sent a snapshot, the log has to go on where that ends. */
  get heldAt(): Index | undefined {
    if (!this.#ship.isActive) return undefined;
    return this.#outgoing?.meta.index ?? this.#hands.logStart();
  }

  /** This node leads no more. */
  cancel(): void {
    this.#ship.cancel();
  }

  /** What has arrived, to become the state. */
  async arrived(meta: SnapshotMeta): Promise<SnapshotFile> {
    if (this.#incoming === undefined) throw new Error('no snapshot has arrived');
    const file = await openSnapshot(this.#hands.disk, this.#incoming);
    if (file.meta.index === meta.index && file.meta.term === meta.term) return file;
    file.release();
    throw new Error(`the snapshot that has arrived is not the one of ${meta.index}`);
  }

  /** What had arrived has become the state. */
  async installed(): Promise<void> {
    this.#incoming = undefined;
    await this.#receive.forget();
    await this.#tidy();
  }

  /** Lets go of files; what is there of one that was coming stays for another time. */
  async end(): Promise<void> {
    this.#ship.cancel();
    await this.#receive.forget();
    await this.#writing?.catch(() => undefined);
    this.#outgoing?.release();
    this.#outgoing = undefined;
  }

  /** Followers share one as long as the log goes on where it ends. */
  #file(): Promise<SnapshotFile> {
    const known = this.#outgoing;
    if (known !== undefined && known.meta.index >= this.#hands.logStart()) {
      return Promise.resolve(known);
    }
    return (this.#writing ??= this.#write().finally(() => (this.#writing = undefined)));
  }

  async #write(): Promise<SnapshotFile> {
    const file = await writeSnapshot(this.#hands.disk, await this.#hands.snapshot());
    this.#outgoing?.release();
    this.#outgoing = file;
    await this.#tidy();
    return file;
  }

  async #open(id: ShipmentId, bytes: number): Promise<IncomingSnapshot> {
    this.#incoming = id;
    await this.#tidy();
    return receiveSnapshot(this.#hands.disk, { id, bytes, maxBytes: MAX_SNAPSHOT_BYTES });
  }

  #tidy(): Promise<void> {
    const kept = [this.#outgoing?.id, this.#incoming].filter((id) => id !== undefined);
    return removeSnapshots(this.#hands.disk, kept);
  }
}
