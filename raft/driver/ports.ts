// What the driver needs of the world: a disk, a network, a clock, a state machine. The real ones are beside this file and
// in storage/; the simulator brings its own.
import type { Configuration, Entry, Index, NodeId, SnapshotMeta, Status, Term } from '../types.ts';

/** Monotonic time in milliseconds since some moment of this process; never set back or forward by anybody. */
export interface Timer {
  now(): number;
  /** Calls `action` once after `delay` milliseconds; the answer cancels it. */
  after(delay: number, action: () => void): () => void;
}

/** A folder of files. Names are relative to it, without slashes. */
export interface Disk {
  list(): Promise<readonly string[]>;
  /** Opens a file that is there. */
  open(name: string): Promise<DiskFile>;
  /** Makes a file that is not there; durable only after `syncFolder`. */
  create(name: string): Promise<DiskFile>;
  /** Replaces `to` if it is there; durable only after `syncFolder`. */
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  syncFolder(): Promise<void>;
}

/** @throws DiskFullError when there is no room, DiskError for everything else that a disk may answer */
export interface DiskFile {
  readonly size: number;
  /** Fewer bytes only where the file ends. */
  read(offset: number, length: number): Promise<Buffer>;
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Writes and has these bytes durable when it resolves, in one call to the system. */
  writeDurably(offset: number, bytes: Uint8Array): Promise<void>;
  /** Makes room for the file to grow to `size`, filled with zeroes. */
  allocate(size: number): Promise<void>;
  truncate(size: number): Promise<void>;
  /** fdatasync: contents and size. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export class DiskError extends Error {
  override readonly name: string = 'DiskError';
}

export class DiskFullError extends DiskError {
  override readonly name: string = 'DiskFullError';
}

/** What lies on the disk is not what was written, and no crash explains it. */
export class CorruptionError extends Error {
  override readonly name = 'CorruptionError';
}

/** Datagrams between nodes: each may be lost, delayed, repeated, overtaken. Who sent it is known for sure. */
export interface Network {
  /**
   * The sender leaves `packet` alone from then on.
   *
   * @param isBulk it is one of many large ones (a snapshot), behind which nothing else is to wait
   */
  send(to: NodeId, address: string, packet: Uint8Array, isBulk?: boolean): void;
  /** Has `receive` called for every packet that comes from now on; the answer ends that. */
  listen(receive: (from: NodeId, packet: Uint8Array) => void): () => void;
}

/** Where the state machine stands. */
export interface Position {
  readonly index: Index;
  readonly term: Term;
  readonly configuration: Configuration;
  readonly configurationIndex: Index;
}

/** What the entries are applied to. One call at a time. */
export interface StateMachine {
  readonly position: Position;
  /**
   * Applies committed entries in order; visible when the answer is `undefined` or has resolved. Not durable until
   * `sync`, but durable in order: after a crash it stands as after some earlier entry.
   */
  apply(entries: readonly Entry[]): Promise<void> | undefined;
  /** Everything applied so far is durable when it resolves, and the position it then has is the answer. */
  sync(): Promise<Position>;
  /** The state as it is now, while it goes on changing. */
  snapshot(): Snapshot;
  /** Replaces the state by a snapshot; after a crash it is either the old one or the new one. */
  restore(snapshot: Snapshot): Promise<void>;
  /** A number of bytes that is the same on every node with the same state. */
  checksum(): Uint8Array;
}

/** A state in chunks of bounded size, each asked for once and in order. */
export interface Snapshot {
  readonly meta: SnapshotMeta;
  chunks(): AsyncIterable<Uint8Array>;
  /** To be called in the end, also when not all was read. */
  release(): void;
}

/**
 * What `Meter.did` tells of: the state is durable up to an entry, the log was cut, a snapshot of the state was begun, the
 * state was replaced, a snapshot that came from the leader has been installed.
 */
export type Chore = 'sync' | 'compact' | 'snapshot' | 'restore' | 'install';

/**
 * Is told what the driver does, for whoever keeps figures of it. All times are in milliseconds; `now` is what the driver's
 * timer said last, so that nobody has to ask a clock again. A call comes in the middle of the work, so it may do no more
 * than note a few numbers.
 */
export interface Meter {
  /** These entries have become durable in the log. */
  logged(entries: readonly Entry[], took: number, now: number): void;
  /** So many committed entries were applied together, after they had waited for others. */
  applied(count: number, waited: number, took: number, now: number): void;
  /** A majority has answered a round of this leader that began so long ago. */
  confirmed(ago: number, now: number): void;
  did(chore: Chore, took: number, now: number): void;
  /** What the node is to Raft now; `undefined` when it takes no part any more. */
  turned(role: Status['role'] | undefined, term: Term): void;
}
