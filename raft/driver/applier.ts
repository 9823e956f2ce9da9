// Hands committed entries to the state machine, which does one thing at a time: what comes while it is at work waits,
// and work that needs it for itself (a sync, a restore) takes its turn.
import type { Entry, Index } from '../types.ts';
import type { StateMachine } from './ports.ts';

export interface ApplierHands {
  /** Entries are applied now of which the first was committed at `since`. */
  applying(since: number): void;
  applied(entries: readonly Entry[], through: Index): void;
  failed(error: unknown): void;
}

/** Where the state of every node is compared with the leader's: at each index that this divides. */
export const CHECK_EVERY = 1000;

export class Applier {
  readonly #machine: StateMachine;
  readonly #hands: ApplierHands;
  readonly #turns: (() => Promise<void>)[] = [];
  #waiting: readonly Entry[] = [];
  /** When the first of those that wait was taken. */
  #since = 0;
  #running: Promise<void> | undefined;
  #hasEnded = false;

  constructor(machine: StateMachine, hands: ApplierHands) {
    this.#machine = machine;
    this.#hands = hands;
  }

  take(entries: readonly Entry[], now: number): void {
    if (this.#waiting.length === 0) this.#since = now;
    this.#waiting = this.#waiting.length === 0 ? entries : [...this.#waiting, ...entries];
    this.#run();
  }

  /** Does `work` between two entries, with nothing else asked of the state machine meanwhile. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#turns.push(() => work().then(resolve, reject));
      this.#run();
    });
  }

  /** A snapshot has taken the place of what waits up to there. */
  skipTo(index: Index): void {
    this.#waiting = this.#waiting.filter((entry) => entry.index > index);
  }

  /** Resolves when the state machine is at rest. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    this.#waiting = [];
    await this.#running;
  }

  #run(): void {
    try {
      while (this.#running === undefined && !this.#hasEnded) {
        const turn = this.#turns.shift();
        if (turn !== undefined) this.#await(turn());
        else if (this.#waiting.length > 0) this.#apply();
        else return;
      }
    } catch (error) {
      this.#hands.failed(error);
    }
  }

  #apply(): void {
    const entries = this.#next();
    const through = entries.at(-1)?.index as Index;
    this.#hands.applying(this.#since);
    const slow = this.#machine.apply(entries);
    if (slow === undefined) this.#hands.applied(entries, through);
    else this.#await(slow.then(() => this.#hands.applied(entries, through)));
  }

  /** All that waits, or what stands before an index at which states are compared. */
  #next(): readonly Entry[] {
    const waiting = this.#waiting;
    const check = waiting.findIndex(({ index }) => index % CHECK_EVERY === 0);
    const count = check === -1 ? waiting.length : check + 1;
    this.#waiting = waiting.slice(count);
    return count === waiting.length ? waiting : waiting.slice(0, count);
  }

  #await(work: Promise<void>): void {
    this.#running = this.#settle(work);
  }

  async #settle(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#hands.failed(error);
    }
    this.#running = undefined;
    this.#run();
  }
}
