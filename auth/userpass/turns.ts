// Turns at work that occupies a thread: few at once, few waiting. Anybody may ask for a login, and the thread pool is
// also what makes writes durable, so a flood of logins must not fill it, nor memory.
import { ClientError } from '#sdk/errors.ts';

export interface TurnLimits {
  readonly atOnce: number;
  readonly waiting: number;
}

export class Turns {
  readonly #limits: TurnLimits;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /**
   * Does `work` when it is its turn.
   *
   * @throws ClientError 429 when too many wait already
   */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#limits.atOnce) this.#running++;
    else await this.#wait();
    try {
      return await work();
    } finally {
      this.#pass();
    }
  }

  async #wait(): Promise<void> {
    if (this.#waiting.length >= this.#limits.waiting) {
      throw new ClientError(429, 'too many logins at once');
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    await promise;
  }

  /** The turn goes to the one who has waited longest; it is free when there is none. */
  #pass(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}
