// What a handler may return. `undefined` means: nothing there (404) on a read or list, done (204) otherwise.
import type { Seconds } from './duration.ts';
import type { Secret } from './secret.ts';
import type { TokenType } from './token-type.ts';

type Data = Readonly<Record<string, unknown>>;

/** An answer with data and no lifetime. */
export interface DataReply {
  readonly kind: 'data';
  readonly data: Data | null;
  /** 200 unless said otherwise. */
  readonly status?: number;
  /** A hint how long the data holds, without a lease (kv version 1). */
  readonly leaseDuration?: Seconds;
  /** The lease that the answer speaks of, where it was renewed; `leaseDuration` is what is left of it. */
  readonly lease?: { readonly id: string; readonly isRenewable: boolean };
  /** Response headers besides the usual ones. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A credential with a lifetime. */
export interface LeaseReply {
  readonly kind: 'lease';
  readonly data: Data;
  /** The type of the secret, by which the engine finds how to renew and revoke it. */
  readonly secret: string;
  /** What renewing and revoking will need; never shown. */
  readonly internal: object;
  readonly ttl: Seconds | undefined;
  readonly maxTtl: Seconds | undefined;
  readonly isRenewable: boolean;
}

/** A login that succeeded, before there is a token. */
export interface GrantReply {
  readonly kind: 'grant';
  /** The name of the caller at this auth method; the entity is found or made by it. */
  readonly alias: string;
  /** Shown in audit and lookups, behind the name of the mount. */
  readonly displayName: string;
  readonly policies: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** The token_* parameters that hold for this login. */
  readonly token: TokenParameters;
  /** What a renewal will need; never shown. */
  readonly internal: object;
}

/** How the token of a login is made; zero and `undefined` leave it to the mount and the system. */
export interface TokenParameters {
  readonly ttl: Seconds;
  readonly maxTtl: Seconds;
  readonly explicitMaxTtl: Seconds;
  readonly period: Seconds;
  readonly numUses: number;
  readonly boundCidrs: readonly string[];
  readonly noDefaultPolicy: boolean;
  readonly type: TokenType;
}

/** An answer that is not Vault's JSON envelope. */
export interface RawReply {
  readonly kind: 'raw';
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  /** Wraps the answer as another one was wrapped, although the request does not ask for it (rewrap). */
  readonly wrapAs?: { readonly creationPath: string; readonly ttl: Seconds };
}

/** An answer too large for memory: made while it goes out, after it is on record. It is not wrapped. */
export interface StreamReply {
  readonly kind: 'stream';
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Called at most once, when the rest of the request is done. What it throws is still answered with an error. */
  readonly open: () => Promise<OpenStream>;
}

export interface OpenStream {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Called in the end, also when not all was read. */
  readonly close: () => Promise<void>;
}

/** The token that an answer hands out or speaks of, under its wire names. */
export interface AuthBlock {
  readonly client_token: string;
  readonly accessor: string;
  readonly policies: readonly string[];
  readonly token_policies?: readonly string[];
  readonly identity_policies?: readonly string[];
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly lease_duration: Seconds;
  readonly renewable: boolean;
  readonly entity_id: string;
  readonly token_type: 'service' | 'batch';
  readonly orphan: boolean;
  readonly mfa_requirement: null;
  readonly num_uses: number;
}

/** An answer about a token that exists already: made by auth/token, or renewed. */
export interface AuthReply {
  readonly kind: 'auth';
  readonly auth: AuthBlock;
  readonly displayName: string;
}

export type Reply = AuthReply | DataReply | LeaseReply | GrantReply | RawReply | StreamReply;

/** How a reply may differ from the usual one. */
export type ReplyOptions = Omit<DataReply, 'kind' | 'data'>;

export function reply(data: Data | null, options: ReplyOptions = {}): DataReply {
  return { kind: 'data', data, ...options };
}

/** The names of a list; an empty list is not there (404). */
export function listReply(keys: readonly string[], info?: Data): DataReply | undefined {
  if (keys.length === 0) return undefined;
  return reply(info === undefined ? { keys } : { keys, key_info: info });
}

/** How long a credential lives, where it is not the mount's default. */
export interface LeaseTerms {
  readonly ttl?: Seconds;
  readonly maxTtl?: Seconds;
  readonly isRenewable?: boolean;
}

/** A credential with a lifetime: what the caller sees, and what revoking it will need. */
export function lease<E, I extends object>(
  secret: Secret<E, I>,
  data: Data,
  internal: NoInfer<I>,
  { ttl, maxTtl, isRenewable = true }: LeaseTerms = {},
): LeaseReply {
  return { kind: 'lease', data, secret: secret.type, internal, ttl, maxTtl, isRenewable };
}

export function grant(login: Omit<GrantReply, 'kind'>): GrantReply {
  return { kind: 'grant', ...login };
}

export function raw(answer: Omit<RawReply, 'kind'>): RawReply {
  return { kind: 'raw', ...answer };
}

export function stream(answer: Omit<StreamReply, 'kind'>): StreamReply {
  return { kind: 'stream', ...answer };
}
