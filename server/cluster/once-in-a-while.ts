// Things that go on failing are told of now and then, with how often they did, and not each time.
import type { Clock } from '#sdk/clock.ts';

const WHILE_MS = 60_000;

/** Subjects that are remembered; beyond that the oldest is forgotten, and told of anew. */
const MAX_SUBJECTS = 100;

export class OnceInAWhile {
  readonly #clock: Clock;
  readonly #tell: (subject: string, what: string, times: number) => void;
  readonly #told = new Map<string, { readonly at: number; times: number }>();

  constructor(clock: Clock, tell: (subject: string, what: string, times: number) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  say(subject: string, what: string): void {
    const now = this.#clock.now();
    const last = this.#told.get(subject);
    if (last !== undefined && Math.abs(now - last.at) < WHILE_MS) {
      last.times += 1;
      return;
    }
    this.#tell(subject, what, (last?.times ?? 0) + 1);
    this.#told.delete(subject);
    this.#told.set(subject, { at: now, times: 0 });
    const [oldest] = this.#told.keys();
    if (this.#told.size > MAX_SUBJECTS && oldest !== undefined) this.#told.delete(oldest);
  }
}
