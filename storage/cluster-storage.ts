// Storage that several nodes share, as the server sees it: a Physical, and the life of this node in its cluster.
import type { Configuration, Index, MembershipChange, NodeId, Server, Term } from '#raft/types.ts';
import type { Network } from '#raft/driver/ports.ts';
import type { LogExtent } from '#raft/driver/persister.ts';
import type { Role } from '#raft/driver/standing.ts';
import type { Physical } from './physical.ts';

export type { Role } from '#raft/driver/standing.ts';

/** What the leader knows of another server. */
export interface PeerStatus {
  readonly id: NodeId;
  /** Milliseconds since it was heard of; `undefined` if it never was in this term. */
  readonly lastContact: number | undefined;
  readonly lastTerm: Term;
  /** The last entry that it is known to hold. */
  readonly lastIndex: Index;
}

export interface ClusterStatus {
  readonly id: NodeId;
  readonly role: Role;
  readonly configuration: Configuration;
  readonly configurationIndex: Index;
  readonly lastIndex: Index;
  readonly lastTerm: Term;
  readonly commitIndex: Index;
  readonly appliedIndex: Index;
  /** Empty but on the leader. */
  readonly peers: readonly PeerStatus[];
  /** Absent while this node takes no part. */
  readonly log?: LogExtent;
}

/**
 * Reads are answered from this node alone, at once; `confirm` makes them linearizable. `commit` works on the leader
 * only.
 */
export interface ClusterStorage extends Physical {
  readonly id: NodeId;
  status(): ClusterStatus;

  /**
   * `undefined` when everything that any node acknowledged before this call can be read here now (the leader's lease
   * holds); otherwise resolves when it can.
   *
   * @throws NoLeaderError when no leader confirms it in time
   */
  confirm(): Promise<void> | undefined;

  /** Makes this node, which is new, the only server of a new cluster, and starts it. */
  bootstrap(address: string): Promise<void>;
  /**
   * Takes part in the cluster from now on. A node that is alone in its cluster needs no network and takes part from the
   * moment that it is opened.
   */
  start(network: Network): Promise<void>;
  /** Goes on answering reads of what is here. Leadership is handed over before, when there is somebody to take it. */
  stop(): Promise<void>;
  /** Has `listener` called for each change of the role; the answer ends that. A leader is told of once it may serve. */
  onRole(listener: (role: Role) => void): () => void;

  /** @throws NotLeaderError, RefusedError */
  change(change: MembershipChange): Promise<void>;
  /** Hands leadership to another voter. @throws NotLeaderError, RefusedError when nobody took it in time */
  transfer(to?: NodeId): Promise<void>;
  /** The other servers that have the same suffrage and address as configured. */
  peers(): readonly Server[];

  /** The state now, as a stream of bytes that `restore` takes; small pieces, at the pace of the reader. */
  save(): SavedState;
  /**
   * Replaces the whole state, on every node, by one that was saved. Nothing changes unless it arrives whole. Who leads
   * when it ends does not matter.
   *
   * @throws NotLeaderError; UncertainError; DamagedError when it is not what `save` gave
   */
  restore(state: AsyncIterable<Uint8Array>): Promise<void>;
}

export interface SavedState {
  readonly index: Index;
  readonly term: Term;
  readonly configuration: Configuration;
  readonly configurationIndex: Index;
  chunks(): AsyncIterable<Uint8Array>;
  release(): void;
}

/** This node does not lead; nothing was done. */
export class NotLeaderError extends Error {
  override readonly name = 'NotLeaderError';
  readonly leader: NodeId | undefined;
  constructor(leader: NodeId | undefined) {
    super(leader === undefined ? 'there is no leader' : `the leader is ${leader}`);
    this.leader = leader;
  }
}

/** No majority answered in time: nothing can be said for sure now. */
export class NoLeaderError extends Error {
  override readonly name = 'NoLeaderError';
}

/** Leadership ended while a batch was on its way: whether it will be applied is not known. */
export class UncertainError extends Error {
  override readonly name = 'UncertainError';
  /** Where it will be applied, if it is. */
  readonly index: Index | undefined;
  constructor(message: string, index?: Index) {
    super(message);
    this.index = index;
  }
}

/** The cluster did not take a change, for the reason in the message. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/** A batch is larger than the storage takes. The words are Vault's. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/** Whether an error says that this node cannot commit, because it does not lead or not any more. */
export const isLostLeadership = (error: unknown): boolean =>
  error instanceof NotLeaderError ||
  error instanceof NoLeaderError ||
  error instanceof UncertainError;
