// Leases: registered with the answer that hands them out, renewed, and revoked in time or when their token ends.
import type { Clock } from '#sdk/clock.ts';
import type { LeaseReply } from '#sdk/reply.ts';
import type { Barrier } from '#storage/barrier/barrier.ts';
import type { Transaction } from '#storage/transaction.ts';
import type { Log } from '../log.ts';
import type { MountTable } from '../mount/table.ts';
import type { Authorized, LeaseBlock } from '../request/stages.ts';
import type { TokenEntry } from '../token/entry.ts';
import type { TokenStore } from '../token/store.ts';

export interface LeaseManagerOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly barrier: Barrier;
  readonly mounts: MountTable;
}

export class LeaseManager {
  readonly #options: LeaseManagerOptions;

  constructor(options: LeaseManagerOptions) {
    this.#options = options;
  }

  start(_tokens: TokenStore): void {
    void this.#options;
  }

  async stop(): Promise<void> {}

  /** What must go when a token ends: its own storage, and the leases that were made for it. */
  endOfToken(_transaction: Transaction, _entry: TokenEntry): void {}

  /** Ends all that was leased from paths below a mount that goes away. */
  revokeBelow(_transaction: Transaction, _prefix: string): void {}

  register(
    _transaction: Transaction,
    _verdict: Authorized,
    _reply: LeaseReply,
    _warnings: string[],
  ): LeaseBlock {
    throw new Error('not yet');
  }
}
