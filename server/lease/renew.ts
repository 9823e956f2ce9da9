// A lease made to last longer: the engine prolongs the secret, then the record says so.
import type { Seconds } from '#sdk/duration.ts';
import { seconds } from '#sdk/duration.ts';
import { badRequest, ClientError } from '#sdk/errors.ts';
import { ConflictError } from '#storage/physical.ts';
import type { Transaction } from '#storage/transaction.ts';
import { viewOf } from '#storage/view.ts';
import { calculateTtl, PAST_MAXIMUM } from '../token/ttl.ts';
import { isIrrevocable, isOver, readLease, updateLease, type SecretLease } from './entry.ts';
import { engineOf, type LeaseServices } from './revoker.ts';
import { endWithin, reasonOf } from './terms.ts';

export interface Renewed {
  readonly id: string;
  readonly duration: Seconds;
  readonly isRenewable: boolean;
  readonly warnings: readonly string[];
}

/** @throws ClientError 400 */
export async function renewLease(
  services: LeaseServices,
  transaction: Transaction,
  id: string,
  increment: Seconds,
): Promise<Renewed> {
  const now = services.clock.now();
  const lease = readLease(transaction, id);
  if (lease === undefined) throw badRequest('lease not found');
  if (lease.kind === 'token') throw badRequest('tokens cannot be renewed through this endpoint');
  checkRenewable(lease, isOver(transaction, lease, now));
  const { mount, secret } = findEngine(services, transaction, lease);
  const none = seconds(0);
  const { ttl, maxTtl, issuedAt: start } = lease;
  const request = { increment, ttl, maxTtl, explicitMaxTtl: none, period: none, start, now };
  const result = calculateTtl(request, mount.facts);
  if (result === undefined) throw badRequest(PAST_MAXIMUM);
  const { expiresAt, duration } = endWithin(now, result.ttl, lease.notAfter);
  await carefully(() =>
    secret.renew({
      engine: mount.instance,
      storage: viewOf(transaction, mount.storagePrefix),
      mount: mount.facts,
      clock: services.clock,
      internal: lease.internal,
      ttl: duration,
    }),
  );
  updateLease(transaction, { ...lease, renewedAt: now, expiresAt });
  return { id, duration, isRenewable: lease.isRenewable, warnings: result.warnings };
}

function checkRenewable(lease: SecretLease, isEnded: boolean): void {
  if (isIrrevocable(lease)) {
    throw badRequest('lease is expired and has failed previous revocation attempts');
  }
  if (isEnded) throw badRequest('lease expired');
  if (!lease.isRenewable) throw badRequest('lease is not renewable');
}

function findEngine(
  { mounts }: LeaseServices,
  transaction: Transaction,
  lease: SecretLease,
): ReturnType<typeof engineOf> {
  try {
    return engineOf(mounts, transaction, lease);
  } catch (error) {
    throw failed(error);
  }
}

async function carefully(renew: () => Promise<void>): Promise<void> {
  try {
    await renew();
  } catch (error) {
    if (error instanceof ConflictError) throw error; // the whole request runs again
    throw failed(error);
  }
}

const failed = (cause: unknown): ClientError =>
  new ClientError(400, `failed to renew entry: ${reasonOf(cause)}`, { cause });
