// Where a request goes. Nothing is refused here: whoever may not ask must not learn what is mounted.
import type { Transaction } from '#storage/transaction.ts';
import type { Unsealed } from '../unsealed.ts';
import type { Admitted, Arrived } from './stages.ts';

export function admit(node: Unsealed, transaction: Transaction, arrived: Arrived): Admitted {
  const found = node.mounts.in(transaction).route(arrived.path);
  if (found === undefined) {
    return { stage: 'admitted', arrived, mount: undefined, relativePath: '', target: undefined };
  }
  const { mount, relativePath } = found;
  return { stage: 'admitted', arrived, mount, relativePath, target: mount.find(relativePath) };
}
