// A Timer that the test moves: what is due happens in order, and nothing happens by itself.
import type { Timer } from '#raft/driver/ports.ts';

interface Due {
  readonly at: number;
  readonly number: number;
  readonly action: () => void;
}

export class ManualTimer implements Timer {
  #now = 1000;
  #number = 0;
  #due: Due[] = [];

  now(): number {
    return this.#now;
  }

  after(delay: number, action: () => void): () => void {
    const due = { at: this.#now + Math.max(0, delay), number: this.#number++, action };
    this.#due.push(due);
    return () => {
      this.#due = this.#due.filter((other) => other !== due);
    };
  }

  /** Lets time pass, and what is due in it happen. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let next = this.#take(end); next !== undefined; next = this.#take(end)) {
      this.#now = Math.max(this.#now, next.at);
      next.action();
    }
    this.#now = end;
  }

  /** The process was paused: time has passed, and nobody has noticed. */
  pause(milliseconds: number): void {
    this.#now += milliseconds;
  }

  #take(until: number): Due | undefined {
    const next = this.#due
      .filter(({ at }) => at <= until)
      .toSorted((one, other) => one.at - other.at || one.number - other.number)[0];
    if (next !== undefined) this.#due = this.#due.filter((other) => other !== next);
    return next;
  }
}
