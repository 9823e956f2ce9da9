// Virtual time: one heap of events for the whole world, and for each node a clock that runs at its own rate. Nothing
// happens in between; the world's time jumps from event to event.
import type { Timer } from '#raft/driver/ports.ts';

interface Event {
  readonly at: number;
  /** Events of one moment happen in the order in which they were planned. */
  readonly order: number;
  /** `undefined` once it is cancelled. */
  action: (() => void) | undefined;
}

/** All that is going to happen. Times are milliseconds since the world began. */
export class Events {
  readonly #heap: Event[] = [];
  #planned = 0;
  #now = 0;
  #happened = 0;

  get now(): number {
    return this.#now;
  }

  /** How many events there have been. */
  get happened(): number {
    return this.#happened;
  }

  after(delay: number, action: () => void): () => void {
    this.#planned += 1;
    const event: Event = { at: this.#now + Math.max(0, delay), order: this.#planned, action };
    this.#push(event);
    return () => {
      event.action = undefined;
    };
  }

  /** Lets the next event up to `until` happen; false when there is none, and it is `until` then. */
  next(until: number): boolean {
    for (;;) {
      const event = this.#heap[0];
      if (event === undefined || event.at > until) {
        this.#now = Math.max(this.#now, until);
        return false;
      }
      this.#pop();
      if (event.action === undefined) continue;
      this.#now = event.at;
      this.#happened += 1;
      event.action();
      return true;
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, event)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [one, other] = [heap[left], heap[left + 1]];
      if (one === undefined) break;
      const isRight = other !== undefined && isBefore(other, one);
      const child = isRight ? other : one;
      if (isBefore(last, child)) break;
      heap[at] = child;
      at = isRight ? left + 1 : left;
    }
    heap[at] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/**
 * One life of a node's process: what happens to it goes through here, so that a process that is paused does nothing and
 * finds everything waiting when it goes on, and one that has ended is never heard of again.
 */
export class Process implements Timer {
  readonly #events: Events;
  readonly #bornAt: number;
  /** Called after whatever the process does. */
  readonly #moved: () => void;
  readonly #waiting: (() => void)[] = [];
  /** Seconds of this clock in a second of the world. */
  #rate: number;
  #rateSince: number;
  #timeThen = 0;
  #isPaused = false;
  #hasEnded = false;

  constructor(events: Events, rate: number, moved: () => void) {
    this.#events = events;
    this.#bornAt = events.now;
    this.#rateSince = this.#bornAt;
    this.#rate = rate;
    this.#moved = moved;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  now(): number {
    return this.#timeThen + (this.#events.now - this.#rateSince) * this.#rate;
  }

  /** When the world will be at a moment of this clock, if that goes on as it does. */
  worldTimeOf(moment: number): number {
    return this.#events.now + (moment - this.now()) / this.#rate;
  }

  after(delay: number, action: () => void): () => void {
    return this.#events.after(Math.max(0, delay) / this.#rate, () => this.run(action));
  }

  /** Has the process do something now, or when it goes on. */
  run(action: () => void): void {
    if (this.#hasEnded) return;
    if (this.#isPaused) {
      this.#waiting.push(action);
      return;
    }
    action();
    this.#moved();
  }

  /** The clock goes at another rate from now on; it never goes back. */
  drift(rate: number): void {
    this.#timeThen = this.now();
    this.#rateSince = this.#events.now;
    this.#rate = rate;
  }

  pause(): void {
    this.#isPaused = true;
  }

  /** What has waited happens in the order that `arrange` gives it. */
  resume(arrange: <T>(waiting: readonly T[]) => readonly T[]): void {
    this.#isPaused = false;
    for (const action of arrange(this.#waiting.splice(0))) this.run(action);
  }

  end(): void {
    this.#hasEnded = true;
    this.#waiting.length = 0;
  }
}
