// One lease, of a secret or of a token, as it is looked at and ended by its id.
import type { Millis } from '#sdk/clock.ts';
import type { Transaction } from '#storage/transaction.ts';
import { expireLease, isOver, readLease, type SecretLease } from './entry.ts';
import type { LeaseServices } from './revoker.ts';

/** What `sys/leases/lookup` tells of a lease. */
export interface LeaseView {
  readonly id: string;
  readonly path: string;
  readonly issuedAt: Millis;
  readonly expiresAt: Millis;
  readonly renewedAt: Millis | undefined;
  readonly isRenewable: boolean;
}

/** @returns `undefined` for a lease that has ended, unless revoking it has failed */
export function viewLease(
  { tokens, clock }: LeaseServices,
  transaction: Transaction,
  id: string,
): LeaseView | undefined {
  const record = readLease(transaction, id);
  if (record === undefined) return undefined;
  if (record.kind === 'secret') {
    const hasEnded = record.failure === undefined && isOver(transaction, record, clock.now());
    return hasEnded ? undefined : { ...record, path: pathOf(record) };
  }
  const entry = tokens.findByKey(transaction, record.token);
  if (entry?.expiresAt === undefined) return undefined;
  const { path, createdAt, renewedAt, expiresAt, isRenewable } = entry;
  return { id, path, issuedAt: createdAt, renewedAt, expiresAt, isRenewable };
}

/** Has a lease end: a token at once, a secret as soon as its engine can. */
export function expireOne(
  { tokens, clock }: LeaseServices,
  transaction: Transaction,
  id: string,
): void {
  const record = readLease(transaction, id);
  if (record === undefined) return;
  if (record.kind === 'secret') {
    expireLease(transaction, record, clock.now());
    return;
  }
  const entry = tokens.record(transaction, record.token);
  if (entry !== undefined) tokens.revokeTree(transaction, entry);
}

const pathOf = ({ id }: SecretLease): string => id.slice(0, id.lastIndexOf('/'));
