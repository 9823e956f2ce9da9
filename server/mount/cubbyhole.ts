// Where the storage of each token lies, and how it goes with the token.
import { assert } from '#sdk/errors.ts';
import { cubbyholePrefix } from '#engines/cubbyhole.ts';
import type { Transaction } from '#storage/transaction.ts';
import { storagePrefix, type MountTable } from './table.ts';

type Owner = { readonly key: string };

/** The prefix of a token's own storage. */
export function cubbyholeOf(mounts: MountTable, transaction: Transaction, owner: string): string {
  const entry = mounts.entries(transaction).find(({ type }) => type === 'cubbyhole');
  assert(entry !== undefined, 'there is always a cubbyhole');
  return storagePrefix(entry) + cubbyholePrefix(owner);
}

/** Removes the storage of tokens that end. */
export function emptyCubbyholes(
  mounts: MountTable,
  transaction: Transaction,
  owners: readonly Owner[],
): void {
  // All is listed before anything is deleted: a list costs more the more its transaction has written.
  const keys = owners.flatMap(({ key }) =>
    keysBelow(transaction, cubbyholeOf(mounts, transaction, key)),
  );
  for (const key of keys) transaction.delete(key);
}

function keysBelow(transaction: Transaction, prefix: string): readonly string[] {
  return transaction
    .list(prefix)
    .flatMap((name) =>
      name.endsWith('/') ? keysBelow(transaction, prefix + name) : [prefix + name],
    );
}
