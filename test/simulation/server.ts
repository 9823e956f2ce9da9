// A server as the world sees it, whatever it is made of: what clients and operators ask of it, and what can be looked at.
import type { MembershipChange, NodeId } from '#raft/types.ts';
import type { Value } from './keys-model.ts';
import type { NodeView } from './invariants.ts';
import type { Transaction } from './light-machine.ts';

export type Request =
  | { readonly type: 'read'; readonly key: string }
  | { readonly type: 'list'; readonly folder: string }
  | { readonly type: 'transaction'; readonly transaction: Transaction }
  | RestoreRequest;

/** Saves the whole state and puts it back some time later. */
export interface RestoreRequest {
  readonly type: 'restore';
  /** Those that anybody writes. */
  readonly keys: readonly string[];
  /**
   * Asked before anything is put back, since whoever does it may die and others go on: whether anybody still wants it.
   */
  readonly onSave: (values: ReadonlyMap<string, Value>) => boolean;
}

export type Reply =
  | { readonly type: 'read'; readonly value: Value }
  | { readonly type: 'listed'; readonly names: readonly string[] }
  /** Everything was written, or put back. */
  | { readonly type: 'done' }
  /** The transaction did not find what it wanted, and wrote nothing. */
  | { readonly type: 'mismatch' }
  /** Surely nothing was done. */
  | { readonly type: 'failed' }
  | { readonly type: 'unknown' };

/** One life of a server. */
export interface Server {
  readonly view: NodeView;
  /** Leads, and answers as the leader. */
  readonly isServing: boolean;
  /** How many questions have had no answer yet. */
  readonly waiting: number;
  /** The same as on every node that has applied as much. */
  readonly checksum: string;
  ask(request: Request, answer: (reply: Reply) => void): void;
  change(change: MembershipChange, answer: (isDone: boolean) => void): void;
  transfer(to: NodeId | undefined): void;
  /** Ends in good order; `done` when the process may end. */
  stop(done: () => void): void;
  /** Makes a new node the only one of a new cluster. */
  bootstrap(): void;
  /** Forgets the log up to a little before what it has applied. */
  compact(): void;
}
