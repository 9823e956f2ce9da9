// How long requests may take: one timer for all of a listener, because all have the same time and so end in order.
import { millis, type Clock, type Millis } from '#sdk/clock.ts';

interface Deadline {
  readonly at: number;
  readonly expire: () => void;
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #limit: Millis;
  /** The oldest first. */
  readonly #open = new Set<Deadline>();
  #isWatching = false;

  constructor(clock: Clock, limit: Millis) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** When the time is up of work that began at `start`. */
  endOf(start: Millis): Millis {
    return millis(start + this.#limit);
  }

  /**
   * The outcome of `work`, or of `tooLate` when its time is up first.
   *
   * @param start when the time of the work began
   */
  hold<T>(start: Millis, work: Promise<T>, tooLate: () => Error): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const deadline: Deadline = { at: start + this.#limit, expire: () => reject(tooLate()) };
    this.#open.add(deadline);
    if (!this.#isWatching) this.#watch(this.#limit);
    void work.then(resolve, reject).finally(() => this.#open.delete(deadline));
    return promise;
  }

  #watch(delay: number): void {
    this.#isWatching = true;
    this.#clock.after(millis(delay), () => this.#expire());
  }

  #expire(): void {
    this.#isWatching = false;
    const now = this.#clock.now();
    for (const deadline of this.#open) {
      if (deadline.at > now) {
        this.#watch(deadline.at - now);
        return;
      }
      this.#open.delete(deadline);
      deadline.expire();
    }
  }
}
