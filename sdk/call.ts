// What a handler is given: who asks, for what, with which storage and clock.
import type { Clock } from './clock.ts';
import type { Seconds } from './duration.ts';
import type { Storage } from './storage.ts';

/** The five things a handler can be asked to do. `write` answers both create and update. */
export type Verb = 'read' | 'list' | 'write' | 'patch' | 'delete';

/** Who asks. A login, and every other public path, has no token. */
export interface Caller {
  readonly displayName: string;
  readonly entityId: string;
  readonly policies: readonly string[];
  /** The name of this token's own storage in the cubbyhole; `undefined` for a caller without one. */
  readonly cubbyhole: string | undefined;
}

/** What a handler may know of the mount that it serves. */
export interface MountFacts {
  /** With a slash at the end: `secret/`, `auth/userpass/`. */
  readonly path: string;
  readonly type: string;
  readonly accessor: string;
  readonly uuid: string;
  readonly options: Readonly<Record<string, string>>;
  /** What applies to leases of this mount: its own setting or the system's. */
  readonly defaultLeaseTtl: Seconds;
  readonly maxLeaseTtl: Seconds;
}

export interface RequestFacts {
  readonly id: string;
  /** Below the mount, as it was asked. */
  readonly path: string;
  readonly verb: Verb;
  /** The address of the client, or '' where there is none. */
  readonly remoteAddress: string;
}

/** What every handler of a mount is given, besides the decoded data. */
export interface CallContext<E> {
  readonly engine: E;
  readonly storage: Storage;
  readonly mount: MountFacts;
  readonly caller: Caller;
  readonly request: RequestFacts;
  readonly clock: Clock;
  /** Adds a warning to the answer; an answer without a body has none. */
  readonly warn: (message: string) => void;
}

export interface Call<E, D> extends CallContext<E> {
  /** The fields, decoded. */
  readonly data: D;
  /** The parameters as they were sent, for paths that store whatever comes. */
  readonly parameters: Readonly<Record<string, unknown>>;
}
