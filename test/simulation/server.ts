// A server as the world sees it, whatever it is made of: what clients and operators ask of it, and what can be looked at.
import type { MembershipChange, NodeId } from '#raft/types.ts';
import type { Value } from './keys-model.ts';
import type { NodeView } from './invariants.ts';
import type { Transaction } from './light-machine.ts';

export type Request =
  | { readonly type: 'read'; readonly key: string }
  | { readonly type: 'list'; readonly folder: string }
  | { readonly type: 'transaction'; readonly transaction: Transaction }
  /** Saves the whole state and puts it back some time later; `keys` are those that anybody writes. */
  | { readonly type: 'restore'; readonly keys: readonly string[] };

export type Reply =
  | { readonly type: 'read'; readonly value: Value }
  | { readonly type: 'listed'; readonly names: readonly string[] }
  | { readonly type: 'done' }
  /** The whole state is what it was when it was saved, or may be at some time. */
  | {
      readonly type: 'restored';
      readonly values: ReadonlyMap<string, Value>;
      readonly isSure: boolean;
    }
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
