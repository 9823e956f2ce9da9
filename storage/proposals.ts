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

/** What is needed of a driver. */
type Proposer = Pick<Driver, 'propose' | 'close'>;

interface Pending {
  readonly end: PromiseWithResolvers<Index>;
  /** Where it stands in the log. */
  index: Index | undefined;
  ticket: Ticket | undefined;
  /** Too much waits already for this to wait too. */
  isCrowdedOut: boolean;
}

export class Proposals {
  readonly #machine: Machine;
  readonly #forecast: Forecast;
  /** In the order of the log. */
  readonly #pending = new Set<Pending>();

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#forecast = new Forecast(machine);
  }

  /**
   * What a batch writes was encrypted for the state that was there. Where another takes its place meanwhile, and be it
   * that the batch has read nothing, whoever wants it runs again.
   *
   * @param state since when the state is there that the batch is for
   * @throws see `ClusterStorage.commit`
   */
  commit(
    driver: Proposer,
    batch: Batch,
    data: Uint8Array,
    state = this.#machine.replacedAt,
  ): Promise<Index> {
    const isForAnother = this.#forecast.isReplaced || state !== this.#machine.replacedAt;
    const moved = isForAnother ? 'everything' : findMoved(batch, this.#forecast);
    if (moved !== undefined) return this.#refuse(moved);
    const expect = (index: Index): void => this.#forecast.expect(index, batch.writes);
    return (
      this.#propose(driver, data, expect) ??
      this.#whenRoom(() => this.commit(driver, batch, data, state))
    );
  }

  /** A batch that changes nothing takes place now, before all that waits. */
  commitNothing(batch: Batch): Promise<Index> {
    const moved = findMoved(batch, this.#machine);
    return moved === undefined ? Promise.resolve(this.#machine.index) : this.#refuse(moved);
  }

  /** Proposes what is not a batch. */
  propose(driver: Proposer, entry: EntryData): Promise<Index> {
    const expect = (index: Index): void => {
      if (entry.type === 'restore-commit') this.#forecast.expectAll(index);
    };
    const data = encodeEntry(entry);
    return this.#propose(driver, data, expect) ?? this.#whenRoom(() => this.propose(driver, entry));
  }

  applied(driver: Proposer, through: Index): void {
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
    // Those that come meanwhile are visited too.
    for (const { end } of this.#pending) await end.promise.catch(() => undefined);
  }

  /** `undefined` when there is no room now. */
  #propose(
    driver: Proposer,
    data: Uint8Array,
    expect: (index: Index) => void,
  ): Promise<Index> | undefined {
    const pending: Pending = {
      end: Promise.withResolvers<Index>(),
      index: undefined,
      ticket: undefined,
      isCrowdedOut: false,
    };
    pending.ticket = driver.propose(data, (outcome) => this.#settle(pending, outcome));
    if (pending.isCrowdedOut) return undefined;
    if (pending.index !== undefined) expect(pending.index);
    return pending.end.promise;
  }

  /** Tries again when what waits longest has come to its end, well or badly. */
  async #whenRoom(again: () => Promise<Index>): Promise<Index> {
    const [longest] = this.#pending;
    await longest?.end.promise.catch(() => undefined);
    return again();
  }

  #settle(pending: Pending, outcome: Outcome): void {
    switch (outcome.type) {
      case 'appended':
        pending.index = outcome.index;
        this.#pending.add(pending);
        break;
      case 'refused':
        pending.isCrowdedOut = outcome.reason === CROWDED && this.#pending.size > 0;
        if (!pending.isCrowdedOut) pending.end.reject(refusalOf(outcome));
        break;
      case 'lost':
        this.#pending.delete(pending);
        pending.end.reject(new UncertainError(LOST, pending.index));
        break;
      case 'committed':
      case 'readable':
        break;
    }
  }

  /** Whoever is refused runs again, so it hears of it only when what was in its way can be read. */
  #refuse(moved: string): Promise<Index> {
    const refusal = new ConflictError(`${moved} has changed since it was read`);
    const newest = [...this.#pending].at(-1);
    if (newest === undefined) return Promise.reject(refusal);
    const refuse = (): never => {
      throw refusal;
    };
    return newest.end.promise.then(refuse, refuse);
  }
}

const LOST = 'leadership ended before the batch was applied';
const CROWDED: Refusal = 'too much is waiting to be committed';

/** Who is told these can go to the leader with the same request. */
const NOT_THE_LEADER: ReadonlySet<string> = new Set<Refusal>([
  'not the leader',
  'no leader',
  'leadership is being transferred',
]);

export function refusalOf({ reason, leader }: Extract<Outcome, { type: 'refused' }>): Error {
  return NOT_THE_LEADER.has(reason) ? new NotLeaderError(leader) : new RefusedError(reason);
}
