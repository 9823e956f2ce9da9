// A mount is disabled: its line, its storage and all that was leased from it go in one transaction.
import { badRequest } from '#sdk/errors.ts';
import type { Transaction } from '#storage/transaction.ts';
import type { LeaseManager } from '../lease/manager.ts';
import type { Known } from '../request/stages.ts';
import { isProtected, TOKEN_PATH } from './protected.ts';
import type { MountEntry } from './entry.ts';
import { storagePrefix, type MountTable } from './table.ts';

interface Surroundings {
  readonly mounts: MountTable;
  readonly leases: LeaseManager;
  readonly transaction: Transaction;
  /** Who asks: a token that goes with the mount goes last. */
  readonly known: Known;
}

/**
 * Nothing happens where nothing is mounted.
 *
 * @param path from the root, with a slash at the end
 * @throws ClientError 400 for a mount that is always there, and when a lease of it cannot be revoked
 */
export async function disableMount(
  { mounts, leases, transaction, known }: Surroundings,
  kind: MountEntry['kind'],
  path: string,
): Promise<void> {
  if (path === TOKEN_PATH) throw badRequest('token credential backend cannot be disabled');
  if (kind === 'secret' && isProtected(path)) throw badRequest(`cannot unmount "${path}"`);
  const entries = mounts.entries(transaction);
  const entry = entries.find((one) => one.path === path);
  if (entry === undefined) return;
  await leases.revokeMount(transaction, path, known);
  deleteBelow(transaction, storagePrefix(entry));
  mounts.put(
    transaction,
    entries.filter((one) => one !== entry),
  );
}

function deleteBelow(transaction: Transaction, prefix: string): void {
  const folders = [prefix];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const name of transaction.list(folder)) {
      if (name.endsWith('/')) folders.push(folder + name);
      else transaction.delete(folder + name);
    }
  }
}
