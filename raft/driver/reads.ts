// Linearizable reads: calls that wait share a question to the core, and each ends once this node has applied what the
// answer names, or after a bounded time.
import type { Index, Outcome } from '../types.ts';
import type { Timer } from './ports.ts';

export interface ReadHands {
  /** Asks the core for an index; `begin` is called just before it is asked. */
  ask(begin: () => void, settle: (outcome: Outcome) => void): void;
  applied(): Index;
}

/** No leader has confirmed in time that this node may be read. */
export class UnconfirmedError extends Error {
  override readonly name = 'UnconfirmedError';
}

/** Calls that share a question. */
interface Batch {
  readonly end: PromiseWithResolvers<void>;
  readonly cancel: () => void;
  /** Once the core has answered. */
  index: Index | undefined;
}

/** How many questions may be on their way at once, so that one that is lost does not hold up all others. */
const QUESTIONS_AT_ONCE = 4;

export class Reads {
  readonly #hands: ReadHands;
  readonly #timer: Timer;
  readonly #patience: number;
  /** Asked, and not yet ended. */
  readonly #asked = new Set<Batch>();
  /** Refused, to be asked again: an election may be under way. */
  readonly #refused = new Set<Batch>();
  /** Takes the calls that come. */
  #gathering: Batch | undefined;
  #questions = 0;
  #lastReason = 'timed out';

  /** `patience`: how long a call waits at most, in milliseconds. */
  constructor(hands: ReadHands, timer: Timer, patience: number) {
    this.#hands = hands;
    this.#timer = timer;
    this.#patience = patience;
  }

  /**
   * Resolves when what any node has acknowledged before can be read here.
   *
   * @throws UnconfirmedError when no leader says so in time
   */
  confirm(): Promise<void> {
    const isFirst = this.#gathering === undefined;
    const batch = (this.#gathering ??= this.#begin());
    if (isFirst) this.#launch();
    return batch.end.promise;
  }

  applied(through: Index): void {
    for (const batch of this.#asked) {
      if (batch.index !== undefined && batch.index <= through) this.#end(batch);
    }
  }

  /** Asks again what was refused. */
  tick(): void {
    for (const batch of this.#refused) {
      this.#refused.delete(batch);
      this.#ask(batch);
    }
  }

  /** The node stops. */
  end(): void {
    this.#lastReason = 'the node has stopped';
    const waiting = [...this.#asked, ...this.#refused];
    if (this.#gathering !== undefined) waiting.push(this.#gathering);
    for (const batch of waiting) this.#give(batch);
  }

  #begin(): Batch {
    const cancel = this.#timer.after(this.#patience, () => this.#give(batch));
    const batch: Batch = { end: Promise.withResolvers<void>(), cancel, index: undefined };
    return batch;
  }

  #launch(): void {
    const next = this.#gathering;
    if (next === undefined || this.#asked.has(next) || this.#refused.has(next)) return;
    if (this.#questions < QUESTIONS_AT_ONCE) this.#ask(next);
  }

  #ask(batch: Batch): void {
    this.#questions += 1;
    this.#asked.add(batch);
    const begin = (): void => {
      // Who calls from now on may have seen something that the answer does not cover.
      if (this.#gathering === batch) this.#gathering = undefined;
    };
    this.#hands.ask(begin, (outcome) => {
      this.#questions -= 1;
      this.#answered(batch, outcome);
      this.#launch();
    });
  }

  #answered(batch: Batch, outcome: Outcome): void {
    if (!this.#asked.has(batch)) return;
    if (outcome.type === 'readable') {
      batch.index = outcome.index;
      if (outcome.index <= this.#hands.applied()) this.#end(batch);
    } else {
      if (outcome.type === 'refused') this.#lastReason = outcome.reason;
      this.#asked.delete(batch);
      this.#refused.add(batch);
    }
  }

  #end(batch: Batch): void {
    this.#forget(batch);
    batch.end.resolve();
  }

  #give(batch: Batch): void {
    this.#forget(batch);
    batch.end.reject(new UnconfirmedError(`no leader confirms a read: ${this.#lastReason}`));
  }

  #forget(batch: Batch): void {
    batch.cancel();
    this.#asked.delete(batch);
    this.#refused.delete(batch);
    if (this.#gathering === batch) this.#gathering = undefined;
  }
}
