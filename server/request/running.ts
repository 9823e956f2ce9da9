// A request that was allowed, while it runs: what decided about it, and the transaction of all its effects.
import type { Transaction } from '#storage/transaction.ts';
import type { Unsealed } from '../unsealed.ts';
import type { Authorized } from './stages.ts';

export interface Running {
  readonly node: Unsealed;
  readonly transaction: Transaction;
  readonly verdict: Authorized;
}
