// One token as it is stored: service tokens in storage, batch tokens sealed into themselves.
import type { Millis } from '#sdk/clock.ts';
import type { Seconds } from '#sdk/duration.ts';

export interface TokenEntry {
  readonly type: 'service' | 'batch';
  /** The name of the record: a salted hash of the token, so that storage never holds a token. */
  readonly key: string;
  /** '' for a batch token. */
  readonly accessor: string;
  /** The parent's `key`; '' for an orphan. */
  readonly parent: string;
  /** The policies that were given to the token itself, not those of its entity. */
  readonly policies: readonly string[];
  /** The path that made it: `auth/token/create`, `auth/userpass/login/ann`. */
  readonly path: string;
  readonly displayName: string;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly entityId: string;
  /** Uses that are left; 0 means without limit, USES_SPENT that the last one is being used. */
  readonly numUses: number;
  readonly createdAt: Millis;
  /** The lifetime that it was given at first; 0 means without end. */
  readonly creationTtl: Seconds;
  /** When it was last made to live longer, if ever. */
  readonly renewedAt: Millis | undefined;
  /** When it ends; `undefined` for a token without end. */
  readonly expiresAt: Millis | undefined;
  readonly explicitMaxTtl: Seconds;
  readonly period: Seconds;
  readonly isRenewable: boolean;
  readonly boundCidrs: readonly string[];
  /** The token role that it was made with, or ''. */
  readonly role: string;
  /** The policies are only these, without the entity's. */
  readonly noIdentityPolicies: boolean;
  /** What the auth method will need for a renewal; `undefined` for tokens made by auth/token. */
  readonly internal: object | undefined;
  /** The wrapping that this token opens, and nothing else. */
  readonly wrapping: WrappedBy | undefined;
}

/** What a wrapping token remembers of the request whose answer it holds. */
export interface WrappedBy {
  readonly creationPath: string;
  readonly ttl: Seconds;
}

/** What `num_uses` says while the last use is being made. */
export const USES_SPENT = -1;

/** A token before it has a name. */
export type NewToken = Omit<TokenEntry, 'key' | 'accessor'>;
