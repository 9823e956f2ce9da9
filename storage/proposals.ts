// Batches on their way through the log, on the leader: each is judged when it arrives, by what will be so once all before
// it have been applied, and ends when it has been applied itself. The order of the log is the order in which they came.
import type { Driver } from '#raft/driver/driver.ts';
import type { Outcome, Refusal, Ticket } from '#raft/types.ts';
import { NotLeaderError, RefusedError, UncertainError } from './cluster-storage.ts';
import { encodeEntry, type EntryData } from './entry.ts';
import { Forecast } from './forecast.ts';
import { findMoved } from './judge.ts';
import { ConflictError, type Batch, type Index } from './physical.ts';
import type { Machine } from './state-machine.ts';

interface Pending {
  readonly end: PromiseWithResolvers<Index>;
  /** Where it stands in the log. */
  index: Index | undefined;
  ticket: Ticket | undefined;
}

export class Proposals {
  readonly #machine: Machine;
  readonly #forecast: Forecast;
  /** In the order of the log. */
  readonly #pending = new Set<Pending>();
  #last: Pending | undefined;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#forecast = new Forecast(machine);
  }

  /** @throws see `ClusterStorage.commit` */
  commit(driver: Driver, batch: Batch, data: Uint8Array): Promise<Index> {
    const moved = findMoved(batch, this.#forecast);
    if (moved !== undefined) return this.#refuse(moved);
    return this.#propose(driver, data, (index) => this.#forecast.expect(index, batch.writes));
  }

  /** A batch that changes nothing takes place now, before all that waits. */
  commitNothing(batch: Batch): Promise<Index> {
    const moved = findMoved(batch, this.#machine);
    return moved === undefined ? Promise.resolve(this.#machine.index) : this.#refuse(moved);
  }

  /** Proposes what is not a batch. */
  propose(driver: Driver, entry: EntryData): Promise<Index> {
    const expect = (index: Index): void => {
      if (entry.type === 'restore-commit') this.#forecast.expectAll(index);
    };
    return this.#propose(driver, encodeEntry(entry), expect);
  }

  applied(driver: Driver, through: Index): void {
    this.#forecast.settle(through);
    for (const pending of this.#pending) {
      if (pending.index === undefined || pending.index > through) return;
      this.#pending.delete(pending);
      if (pending.ticket !== undefined) driver.close(pending.ticket);
      pending.end.resolve(pending.index);
    }
  }

  /** A new term begins on this node: nothing of an earlier one is to be counted on. */
  restart(): void {
    this.#forecast.clear();
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.#pending.size > 0) await this.#last?.end.promise.catch(() => undefined);
  }

  #propose(driver: Driver, data: Uint8Array, expect: (index: Index) => void): Promise<Index> {
    const pending: Pending = {
      end: Promise.withResolvers<Index>(),
      index: undefined,
      ticket: undefined,
    };
    pending.ticket = driver.propose(data, (outcome) => this.#settle(pending, outcome));
    if (pending.index !== undefined) {
      expect(pending.index);
      this.#last = pending;
    }
    return pending.end.promise;
  }

  #settle(pending: Pending, outcome: Outcome): void {
    switch (outcome.type) {
      case 'appended':
        pending.index = outcome.index;
        this.#pending.add(pending);
        break;
      case 'refused':
        pending.end.reject(refusalOf(outcome));
        break;
      case 'lost':
        this.#pending.delete(pending);
        pending.end.reject(new UncertainError('leadership ended before the batch was applied'));
        break;
      case 'committed':
      case 'readable':
        break;
    }
  }

  /** Whoever is refused runs again, so it hears of it only when what was in its way can be read. */
  #refuse(moved: string): Promise<Index> {
    const refusal = new ConflictError(`${moved} has changed since it was read`);
    if (this.#pending.size === 0 || this.#last === undefined) return Promise.reject(refusal);
    const refuse = (): never => {
      throw refusal;
    };
    return this.#last.end.promise.then(refuse, refuse);
  }
}

/** Who is told these can go to the leader with the same request. */
const NOT_THE_LEADER: ReadonlySet<string> = new Set<Refusal>([
  'not the leader',
  'no leader',
  'leadership is being transferred',
]);

export function refusalOf({ reason, leader }: Extract<Outcome, { type: 'refused' }>): Error {
  return NOT_THE_LEADER.has(reason) ? new NotLeaderError(leader) : new RefusedError(reason);
}
