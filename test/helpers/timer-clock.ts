// A clock whose timers fire when a test advances it.
import { millis, type Clock, type Millis } from '#sdk/clock.ts';

interface Timer {
  readonly due: number;
  readonly action: () => void;
}

export class TimerClock implements Clock {
  #now = Date.parse('2024-05-06T07:08:09.120Z');
  readonly #timers = new Set<Timer>();

  now(): Millis {
    return millis(this.#now);
  }

  after(delay: Millis, action: () => void): () => void {
    const timer = { due: this.#now + delay, action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many timers have neither fired nor been cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  advance(byMillis: number): void {
    this.#now += byMillis;
    for (const timer of this.#timers) {
      if (timer.due > this.#now) continue;
      this.#timers.delete(timer);
      timer.action();
    }
  }
}
