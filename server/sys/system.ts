// What the handlers of the server's own mounts (sys, auth/token, identity) receive as `engine`: the services of an
// unsealed node, and the transaction of the request, which other engines see only below their own prefix.
import type { Transaction } from '#storage/transaction.ts';
import type { Known } from '../request/stages.ts';
import type { Unsealed } from '../unsealed.ts';

export interface System {
  readonly services: Unsealed;
  readonly transaction: Transaction;
  readonly known: Known;
  /** Has `action` done once the answer is on record; the answer leaves when it is. */
  readonly afterwards: (action: () => void | Promise<void>) => void;
}
