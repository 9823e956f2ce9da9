// The leader's lease: until when no other server can have been elected. A majority that has answered a round of
// heartbeats elects nobody else for an election time-out from when it heard of the round, which is after the round began.
import type { Round } from '../types.ts';

/** What is left of the election time-out when it is taken for granted: clocks run at different rates, ticks come early. */
const SHARE_OF_ELECTION_TIME = 0.8;

/** Rounds that nobody answers are forgotten: only the newest ones can still give a lease that matters. */
const ROUNDS_KEPT = 64;

export class Lease {
  readonly #length: number;
  readonly #beganByRound = new Map<Round, number>();
  #until = Number.NEGATIVE_INFINITY;

  /** `electionTime`: the shortest election time-out, in milliseconds. */
  constructor(electionTime: number) {
    this.#length = electionTime * SHARE_OF_ELECTION_TIME;
  }

  /** `at` is a moment before the round's first message left. */
  begin(round: Round, at: number): void {
    this.#beganByRound.set(round, at);
    if (this.#beganByRound.size <= ROUNDS_KEPT) return;
    const [oldest] = this.#beganByRound.keys();
    if (oldest !== undefined) this.#beganByRound.delete(oldest);
  }

  /** The answer is when the round began; `undefined` when that does not matter any more. */
  confirm(round: Round): number | undefined {
    const began = this.#beganByRound.get(round);
    if (began === undefined) return undefined;
    this.#until = Math.max(this.#until, began + this.#length);
    for (const earlier of this.#beganByRound.keys()) {
      if (earlier > round) break;
      this.#beganByRound.delete(earlier);
    }
    return began;
  }

  /** No round counts any more: of those that have begun, none will give a lease either. */
  end(): void {
    this.#beganByRound.clear();
    this.#until = Number.NEGATIVE_INFINITY;
  }

  get until(): number {
    return this.#until;
  }

  holds(now: number): boolean {
    return now < this.#until;
  }
}
