// The end of one lease: the engine ends the secret, and then the record goes, in a transaction of its own. A token ends
// with its tree.
import type { Clock, Millis } from '#sdk/clock.ts';
import type { Secret } from '#sdk/secret.ts';
import type { Barrier } from '#storage/barrier/barrier.ts';
import { ConflictError } from '#storage/physical.ts';
import type { Transaction } from '#storage/transaction.ts';
import { viewOf } from '#storage/view.ts';
import type { Mount } from '../mount/mount.ts';
import type { MountTable } from '../mount/table.ts';
import type { TokenEntry } from '../token/entry.ts';
import type { TokenStore } from '../token/store.ts';
import { readLease, readSecretLease, removeLease, type SecretLease } from './entry.ts';

export interface LeaseServices {
  readonly clock: Clock;
  readonly barrier: Barrier;
  readonly mounts: MountTable;
  readonly tokens: TokenStore;
}

/** As long as a request may take; an engine that is silent for longer has failed. */
const REVOCATION_LIMIT = 90_000 as Millis;
/** Others that write what a revocation has read are done after a few. */
const ATTEMPTS_MAX = 100;

/**
 * Ends the lease of a secret or of a token; one that is not there has ended.
 *
 * @throws what the engine throws, or that there is none; the lease is kept then
 */
export async function revokeLease(services: LeaseServices, id: string): Promise<void> {
  const record = readLease(services.barrier.begin(), id);
  if (record?.kind === 'token') await revokeToken(services, record.token, () => true);
  else if (record !== undefined) await revokeSecret(services, id, () => true);
}

/** Ends a token with its tree, if it is there and `ends` says so. */
export function revokeToken(
  { barrier, tokens }: LeaseServices,
  key: string,
  ends: (entry: TokenEntry) => boolean,
): Promise<void> {
  return atomically(barrier, (transaction) => {
    const entry = tokens.record(transaction, key);
    if (entry !== undefined && ends(entry)) tokens.revokeTree(transaction, entry);
  });
}

/** Ends a secret with its lease, if it is there and `ends` says so: it may have been renewed meanwhile. */
export function revokeSecret(
  services: LeaseServices,
  id: string,
  ends: (lease: SecretLease, transaction: Transaction) => boolean,
): Promise<void> {
  // What the engine has ended once stays ended, even if a renewal comes in between that and the record.
  let hasEnded = false;
  return withinLimit(services.clock, (isLate) =>
    atomically(services.barrier, async (transaction) => {
      const lease = readSecretLease(transaction, id);
      if (lease === undefined || isLate()) return;
      if (!hasEnded && !ends(lease, transaction)) return;
      const { mount, secret } = engineOf(services.mounts, transaction, lease);
      await secret.revoke({
        engine: mount.instance,
        storage: viewOf(transaction, mount.storagePrefix),
        mount: mount.facts,
        clock: services.clock,
        internal: lease.internal,
      });
      hasEnded = true;
      removeLease(transaction, lease);
    }),
  );
}

/** @throws when nobody can renew or revoke the lease any more */
export function engineOf(
  mounts: MountTable,
  transaction: Transaction,
  lease: SecretLease,
): { readonly mount: Mount; readonly secret: Secret<unknown, object> } {
  const mount = mounts.in(transaction).all.find(({ entry }) => entry.uuid === lease.mount);
  if (mount === undefined) throw new Error(`the mount of the lease ${lease.id} is gone`);
  const secret = mount.engine.secrets.get(lease.secret);
  if (secret === undefined) {
    throw new Error(`the engine of the lease ${lease.id} knows no secret of type ${lease.secret}`);
  }
  return { mount, secret };
}

/** Runs `action` in a transaction of its own, again when another has changed what it had read. */
export async function atomically(
  barrier: Barrier,
  action: (transaction: Transaction) => void | Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const transaction = barrier.begin();
      await action(transaction);
      await transaction.commit();
      return;
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

/** Fails when `action` takes too long; whatever it does later, it is told that nobody waits for it. */
async function withinLimit(
  clock: Clock,
  action: (isLate: () => boolean) => Promise<void>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let late = false;
  const cancel = clock.after(REVOCATION_LIMIT, () => {
    late = true;
    reject(new Error('the engine did not answer in time'));
  });
  action(() => late).then(resolve, reject);
  try {
    await promise;
  } finally {
    cancel();
  }
}
