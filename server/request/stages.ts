// What is known about a request after each step. A later stage can only be made from the one before it.
import type { IncomingHttpHeaders } from 'node:http';
import type { Verb } from '#sdk/call.ts';
import type { Millis } from '#sdk/clock.ts';
import type { Seconds } from '#sdk/duration.ts';
import type { ClientError } from '#sdk/errors.ts';
import type { AuthBlock, RawReply, StreamReply } from '#sdk/reply.ts';
import type { Mount, Target } from '../mount/mount.ts';
import type { TokenEntry } from '../token/entry.ts';
import type { ClientCertificate } from './client-certificate.ts';
import type { Upload } from './upload.ts';

/** Vault's name of what is asked, as policies and audit entries have it. */
export type OperationName = 'create' | 'read' | 'update' | 'patch' | 'delete' | 'list' | 'help';

/** How the answer is to be wrapped, if it is. */
export interface WrapRequest {
  readonly ttl: Seconds;
  /** A JWT is what a client asks for that hands the token to something that reads its issuer. */
  readonly format: 'token' | 'jwt';
}

/** A request as the listener took it: parsed and bounded, nothing decided. */
export interface Arrived {
  readonly stage: 'arrived';
  readonly id: string;
  readonly at: Millis;
  /** `help` is asked with any verb and reaches no handler. */
  readonly verb: Verb | 'help';
  /** From the root, without `/v1/`: `secret/data/a`. A list ends in a slash. */
  readonly path: string;
  /** The body's fields, or the query's where the verb has no body. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly token: string | undefined;
  readonly wrap: WrapRequest | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly certificate?: ClientCertificate | undefined;
  /** The body, where it is no set of fields; whoever may send it decides whether it is read. */
  readonly upload?: Upload | undefined;
  /** Where paths begin that the listener lets anybody ask for, because shares of the key decide there. */
  readonly openedPaths?: readonly string[];
}

/** Where the request goes: nowhere, to a mount that has no such path, or to a declared path. */
export interface Admitted {
  readonly stage: 'admitted';
  readonly arrived: Arrived;
  readonly mount: Mount | undefined;
  /** Below the mount. */
  readonly relativePath: string;
  readonly target: Target | undefined;
}

/** Who asks. `token` is absent where it was missing or did not hold; `refusal` says why, unless nobody has to have one. */
export interface Known {
  readonly stage: 'known';
  readonly admitted: Admitted;
  readonly token: TokenEntry | undefined;
  /** The token's own policies and those of its entity. */
  readonly policies: readonly string[];
  readonly identityPolicies: readonly string[];
  readonly refusal: ClientError | undefined;
}

interface Judged {
  readonly known: Known;
  readonly operation: OperationName;
  /** The policies that allowed it. */
  readonly grantedBy: readonly string[];
}

export interface Authorized extends Judged {
  readonly stage: 'authorized';
}

export interface Denied extends Judged {
  readonly stage: 'denied';
  readonly reason: ClientError;
}

export type Verdict = Authorized | Denied;

/** A wrapping token in the place of the answer, under its wire names. */
export interface WrapInfo {
  readonly token: string;
  readonly accessor: string;
  readonly ttl: Seconds;
  /** RFC 3339. */
  readonly creation_time: string;
  readonly creation_path: string;
  /** The accessor of the token inside, where the wrapped answer is a login. */
  readonly wrapped_accessor?: string;
}

/** The lease that an answer has. */
export interface LeaseBlock {
  readonly lease_id: string;
  readonly renewable: boolean;
  readonly lease_duration: Seconds;
}

export interface LoginFacts {
  /** The token that was made, which a wrapped answer does not show. */
  readonly auth: AuthBlock;
  /** The token was made without the policy "default". */
  readonly noDefaultPolicy: boolean;
  /** The entity was not known before. */
  readonly isNewEntity: boolean;
}

/** A whole answer in the parts of Vault's envelope, before it is written as JSON. */
export interface Answer {
  readonly status: number;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly lease: LeaseBlock | undefined;
  readonly auth: AuthBlock | undefined;
  /** The display name that `auth` has; audited, not shown. */
  readonly displayName: string;
  /** What a login did besides making `auth`; audited, not shown. */
  readonly login: LoginFacts | undefined;
  readonly wrapInfo: WrapInfo | undefined;
  readonly warnings: readonly string[];
  /** An answer in a form of its own; the rest is empty then. */
  readonly raw: RawReply | undefined;
  /** The same for one that is made while it goes out. */
  readonly stream: StreamReply | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** The data also stands beside the envelope. */
  readonly isFlat: boolean;
}

/** The end of a request, before it is on record. `answer` is `undefined` when there is nothing to say (204, or 404). */
export interface Finished {
  readonly stage: 'finished';
  readonly verdict: Verdict;
  readonly outcome: Outcome;
}

export type Outcome =
  | { readonly type: 'answer'; readonly answer: Answer }
  | { readonly type: 'done' }
  | { readonly type: 'error'; readonly error: unknown };
