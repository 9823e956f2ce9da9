// The timer that a driver is given, advanced by a test.
import type { Timer } from '#raft/driver/ports.ts';

export class RaftTimer implements Timer {
  #now = 1_000_000;
  readonly #waiting = new Set<{ readonly due: number; readonly action: () => void }>();

  now(): number {
    return this.#now;
  }

  after(delay: number, action: () => void): () => void {
    const one = { due: this.#now + delay, action };
    this.#waiting.add(one);
    return () => this.#waiting.delete(one);
  }

  get pending(): number {
    return this.#waiting.size;
  }

  advance(by: number): void {
    this.#now += by;
    for (const one of this.#waiting) {
      if (one.due > this.#now) continue;
      this.#waiting.delete(one);
      one.action();
    }
  }
}
