// When what is due: a hierarchical timer wheel. Scheduling and cancelling cost the same however many wait, and time
// that passes costs what becomes due in it. It has no clock and no timer of its own.
import { millis, type Millis } from '#sdk/clock.ts';

/** Nothing is due early; it may be late by this much. */
export const TICK_MS = 100;
const SLOTS = 64;
/** A slot of the last level is as wide as all of the level below: together they span 217 years. */
const LEVELS = 6;
const WIDTHS: readonly number[] = Array.from({ length: LEVELS }, (_, level) => SLOTS ** level);
const NOWHERE = -1;

/** One thing that waits, in the ring of its slot. */
interface Waiting {
  readonly key: string;
  /** The first tick at which it is due. */
  readonly tick: number;
  slot: Slot;
  before: Waiting | Slot;
  after: Waiting | Slot;
}

/** The head of a ring of things that wait. */
interface Slot {
  readonly level: number;
  size: number;
  before: Waiting | Slot;
  after: Waiting | Slot;
}

export class LeaseQueue {
  readonly #waiting = new Map<string, Waiting>();
  readonly #levels: readonly (readonly Slot[])[] = WIDTHS.map((_, level) =>
    Array.from({ length: SLOTS }, () => newSlot(level)),
  );
  /** How many wait in each level, so that empty ones are passed over. */
  readonly #sizes = WIDTHS.map(() => 0);
  /** All ticks before it have passed. */
  #tick: number;

  constructor(now: Millis) {
    this.#tick = Math.floor(now / TICK_MS);
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Has `key` become due at a moment, and no longer at the one that was named before. */
  schedule(key: string, at: Millis): void {
    this.cancel(key);
    const tick = Math.ceil(at / TICK_MS);
    this.#insert(key, Math.max(tick, this.#tick));
  }

  cancel(key: string): void {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) this.#remove(waiting);
  }

  /** The earliest moment at which `advance` has something to do, `undefined` when nothing waits. */
  next(): Millis | undefined {
    const tick = this.#nextTick();
    return tick === undefined ? undefined : millis(tick * TICK_MS);
  }

  /** Lets time pass up to `now`; what has become due is returned, the earliest first, and waits no more. */
  advance(now: Millis): readonly string[] {
    const last = Math.floor(now / TICK_MS);
    const due: string[] = [];
    for (;;) {
      const tick = this.#nextTick();
      if (tick === undefined || tick > last) break;
      this.#tick = tick;
      this.#spread();
      this.#collect(due);
    }
    this.#tick = Math.max(this.#tick, last);
    return due;
  }

  /** The next tick at which a slot is due or, in a higher level, begins. */
  #nextTick(): number | undefined {
    let next: number | undefined;
    for (const [level, width] of WIDTHS.entries()) {
      if (this.#sizes[level] === 0) continue;
      const begins = this.#nextOf(level) * width;
      if (next === undefined || begins < next) next = begins;
    }
    return next;
  }

  /** The number of the first slot of a level, counted since the epoch, that is not empty. */
  #nextOf(level: number): number {
    const current = Math.floor(this.#tick / (WIDTHS[level] ?? 1));
    const first = level === 0 ? 0 : 1;
    for (let ahead = first; ahead < SLOTS + first; ahead++) {
      if (this.#slot(level, current + ahead).size > 0) return current + ahead;
    }
    return Infinity;
  }

  /** Takes the slots apart that begin at this tick, from the widest down. */
  #spread(): void {
    for (let level = LEVELS - 1; level > 0; level--) {
      const width = WIDTHS[level] ?? 1;
      if (this.#tick % width !== 0 || this.#sizes[level] === 0) continue;
      for (const { key, tick } of this.#empty(this.#slot(level, this.#tick / width))) {
        this.#insert(key, Math.max(tick, this.#tick));
      }
    }
  }

  #collect(due: string[]): void {
    for (const { key } of this.#empty(this.#slot(0, this.#tick))) due.push(key);
  }

  /** Into the lowest level that reaches far enough; what lies beyond them all waits at the far end of the last. */
  #insert(key: string, tick: number): void {
    let level = 0;
    while (level < LEVELS - 1 && this.#distance(level, tick) >= SLOTS) level++;
    const width = WIDTHS[level] ?? 1;
    const current = Math.floor(this.#tick / width);
    const ahead = Math.min(this.#distance(level, tick), SLOTS - 1);
    const slot = this.#slot(level, current + ahead);
    const waiting: Waiting = { key, tick, slot, before: slot.before, after: slot };
    slot.before.after = waiting;
    slot.before = waiting;
    slot.size++;
    this.#sizes[level] = (this.#sizes[level] ?? 0) + 1;
    this.#waiting.set(key, waiting);
  }

  #distance(level: number, tick: number): number {
    const width = WIDTHS[level] ?? 1;
    return Math.floor(tick / width) - Math.floor(this.#tick / width);
  }

  #slot(level: number, number: number): Slot {
    return this.#levels[level]?.[number % SLOTS] ?? newSlot(NOWHERE);
  }

  #empty(slot: Slot): readonly Waiting[] {
    const all: Waiting[] = [];
    for (let at = slot.after; 'key' in at; at = at.after) all.push(at);
    for (const waiting of all) this.#remove(waiting);
    return all;
  }

  #remove(waiting: Waiting): void {
    const { key, slot, before, after } = waiting;
    before.after = after;
    after.before = before;
    slot.size--;
    this.#sizes[slot.level] = (this.#sizes[slot.level] ?? 0) - 1;
    this.#waiting.delete(key);
  }
}

function newSlot(level: number): Slot {
  const slot = { level, size: 0 } as Slot; // a ring of itself, which no literal can say
  slot.before = slot;
  slot.after = slot;
  return slot;
}
