// All leases below a path, ended one by one and many at once, beside the request that asks for it.
import { badRequest } from '#sdk/errors.ts';
import { SealedError } from '#storage/barrier/barrier.ts';
import { ConflictError } from '#storage/physical.ts';
import type { Transaction } from '#storage/transaction.ts';
import type { Known } from '../request/stages.ts';
import { leaseIdOf } from '../token/store.ts';
import { idsBelow, readLease } from './entry.ts';
import { RevocationPool } from './pool.ts';
import type { LeaseServices } from './revoker.ts';
import { reasonOf } from './terms.ts';
import { expireOne } from './view.ts';

export interface Below {
  readonly services: LeaseServices;
  /** That of the request. */
  readonly transaction: Transaction;
  readonly path: string;
  /** Who asks: the request must not lose its own token before it is done. */
  readonly known: Known;
}

/**
 * Ends the leases that there are now. Those that are made meanwhile are not waited for.
 *
 * @param end ends one lease in a transaction of its own
 * @throws ClientError 400 that names the first which could not be ended
 */
export async function endBelow(below: Below, end: (id: string) => Promise<void>): Promise<void> {
  const { services, transaction, path } = below;
  const own = ownLeases(below);
  const ids = idsOf(services.barrier.begin(), path);
  await endAll(
    ids.filter((id) => !own.has(id)),
    end,
  );
  for (const id of ids) if (own.has(id)) expireOne(services, transaction, id);
}

/**
 * Fails the transaction of the request when there are leases below the path still, so that the request runs again and
 * ends them too: none is made between this and the end of their mount.
 */
export function requireNone({ transaction, path }: Pick<Below, 'transaction' | 'path'>): void {
  const [left] = idsBelow(transaction, path);
  if (left !== undefined) throw new ConflictError(`a lease below ${path} was made meanwhile`);
}

/** The lease that has this very id, or those below. */
function idsOf(transaction: Transaction, path: string): readonly string[] {
  const isOne = readLease(transaction, path) !== undefined;
  return isOne ? [path] : [...idsBelow(transaction, path)];
}

async function endAll(ids: readonly string[], end: (id: string) => Promise<void>): Promise<void> {
  const failures: { readonly id: string; readonly error: unknown }[] = [];
  const pool = new RevocationPool((id) =>
    end(id).catch((error: unknown) => void failures.push({ id, error })),
  );
  for (const id of ids) pool.add(id);
  await pool.done();
  const [first] = failures;
  if (first === undefined) return;
  if (first.error instanceof SealedError) throw first.error;
  const { id, error } = first;
  throw badRequest(
    `failed to revoke "${id}" (${failures.length} / ${ids.length}): ${reasonOf(error)}`,
  );
}

/** The leases of the token that asks and of those above it, with which it would end. */
function ownLeases({ services, transaction, known }: Below): ReadonlySet<string> {
  const ids = new Set<string>();
  for (let at = known.token; at !== undefined;) {
    if (at.key !== '') ids.add(leaseIdOf(at));
    at = at.parent === '' ? undefined : services.tokens.record(transaction, at.parent);
  }
  return ids;
}
