// One lease of a secret as it is stored, and where it lies. The leases of tokens are beside them, in the tokens' own
// terms: see token/store.ts.
import type { Millis } from '#sdk/clock.ts';
import type { Seconds } from '#sdk/duration.ts';
import { NEVER } from '#storage/physical.ts';
import type { Transaction } from '#storage/transaction.ts';
import { LEASE_PREFIX, recordKey, type TokenLease } from '../token/store.ts';

/** The leases that end with a token, in 256 folders by the first two digits of its name. */
export const BY_TOKEN_PREFIX = 'sys/expire/token/';
const IRREVOCABLE_PREFIX = 'sys/expire/irrevocable/';
/** In the place of a token's key, for leases that end by their time alone. */
const NO_TOKEN = 'h00';

export interface SecretLease {
  readonly kind: 'secret';
  /** The path that made it, then a name: `database/creds/app/2f6a614c4aa2...`. */
  readonly id: string;
  /** The mount that can renew and revoke it, wherever that is mounted by now. */
  readonly mount: string;
  /** The type of the secret, by which the engine knows it. */
  readonly secret: string;
  /** What renewing and revoking need; never shown. */
  readonly internal: object;
  /** The key of the token that it ends with, or '' when only its time ends it. */
  readonly token: string;
  /** What the engine gave it at first; 0 for the mount's default. */
  readonly ttl: Seconds;
  readonly maxTtl: Seconds;
  readonly isRenewable: boolean;
  readonly issuedAt: Millis;
  readonly renewedAt: Millis | undefined;
  readonly expiresAt: Millis;
  /** What no renewal exceeds: the end of the batch token that asked for it. */
  readonly notAfter: Millis | undefined;
  readonly failure: LeaseFailure | undefined;
}

/** That revoking it did not work, so far or for good. */
export interface LeaseFailure {
  readonly attempts: number;
  /** `undefined`: given up, so that somebody must do it by hand. */
  readonly retryAt: Millis | undefined;
  readonly reason: string;
}

export type LeaseRecord = SecretLease | TokenLease;

/** Points at a lease from another place. */
export interface LeasePointer {
  readonly lease: string;
}

export function readLease(transaction: Transaction, id: string): LeaseRecord | undefined {
  return isId(id) ? transaction.get<LeaseRecord>(LEASE_PREFIX + id) : undefined;
}

/** The lease of a secret under an id, if there is one and it is that. */
export function readSecretLease(transaction: Transaction, id: string): SecretLease | undefined {
  const record = readLease(transaction, id);
  return record?.kind === 'secret' ? record : undefined;
}

/** Puts a new lease, with the pointer by which it is found when its token ends. */
export function addLease(transaction: Transaction, lease: SecretLease): void {
  updateLease(transaction, lease);
  transaction.put(byTokenKey(lease), { lease: lease.id } satisfies LeasePointer);
}

export function updateLease(transaction: Transaction, lease: SecretLease): void {
  transaction.put(LEASE_PREFIX + lease.id, lease);
  if (isIrrevocable(lease)) {
    transaction.put(IRREVOCABLE_PREFIX + nameOf(lease), {
      lease: lease.id,
    } satisfies LeasePointer);
  }
}

export function removeLease(transaction: Transaction, lease: SecretLease): void {
  transaction.delete(LEASE_PREFIX + lease.id);
  transaction.delete(byTokenKey(lease));
  if (isIrrevocable(lease)) transaction.delete(IRREVOCABLE_PREFIX + nameOf(lease));
}

/** Has a lease end now; attempts to revoke it begin anew. */
export function expireLease(transaction: Transaction, lease: SecretLease, now: Millis): void {
  if (isIrrevocable(lease)) transaction.delete(IRREVOCABLE_PREFIX + nameOf(lease));
  updateLease(transaction, { ...lease, expiresAt: now, failure: undefined });
}

/** Whether the time of a lease has come, or its token has ended. */
export function isOver(transaction: Transaction, lease: SecretLease, now: Millis): boolean {
  if (lease.expiresAt <= now) return true;
  return lease.token !== '' && transaction.version(recordKey(lease.token)) === NEVER;
}

/** Whether the lease is to be revoked now. */
export function isDue(transaction: Transaction, lease: SecretLease, now: Millis): boolean {
  const { failure } = lease;
  if (failure === undefined) return isOver(transaction, lease, now);
  return failure.retryAt !== undefined && failure.retryAt <= now;
}

export const isIrrevocable = ({ failure }: Pick<SecretLease, 'failure'>): boolean =>
  failure !== undefined && failure.retryAt === undefined;

/** All leases whose revocation was given up. */
export function irrevocableLeases(transaction: Transaction): readonly SecretLease[] {
  return transaction
    .list(IRREVOCABLE_PREFIX)
    .map((name) => transaction.get<LeasePointer>(IRREVOCABLE_PREFIX + name)?.lease ?? '')
    .map((id) => readSecretLease(transaction, id))
    .filter((lease) => lease !== undefined);
}

/** The names of leases directly below a prefix of their ids. */
export function leaseNames(transaction: Transaction, prefix: string): readonly string[] {
  return transaction.list(LEASE_PREFIX + folder(prefix));
}

/** The ids of all leases below a path, which is a whole segment: `a/b` has those of `a/b/c`, not those of `a/bc`. */
export function* idsBelow(transaction: Transaction, path: string): Generator<string> {
  for (const name of leaseNames(transaction, path)) {
    const id = folder(path) + name;
    if (name.endsWith('/')) yield* idsBelow(transaction, id);
    else yield id;
  }
}

/** Where the pointers to the leases of a token lie. */
export const byTokenFolder = (token: string): string => {
  const owner = token === '' ? NO_TOKEN : token;
  return `${BY_TOKEN_PREFIX}${owner.slice(1, 3)}/${owner}/`;
};

const byTokenKey = (lease: SecretLease): string => byTokenFolder(lease.token) + nameOf(lease);

/** The last part of an id, which no other lease has. */
const nameOf = ({ id }: SecretLease): string => id.slice(id.lastIndexOf('/') + 1);

const folder = (path: string): string => (path === '' || path.endsWith('/') ? path : `${path}/`);

/** What a client names as a lease may be any text: only what can be a key is looked for. */
const isId = (id: string): boolean =>
  id !== '' && !id.startsWith('/') && !id.endsWith('/') && !id.includes('//');
