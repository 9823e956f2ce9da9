// What the driver itself tells the meter, if there is one.
import { roleOf } from '../status.ts';
import type { State } from '../state.ts';
import type { Status } from '../types.ts';
import { timed } from './metered.ts';
import type { Chore, Meter, Timer } from './ports.ts';

export class Report {
  readonly #meter: Meter | undefined;
  readonly #timer: Pick<Timer, 'now'>;
  #role: Status['role'] | undefined;
  /** Of what is being applied. */
  #committed = 0;
  #began = 0;

  constructor(meter: Meter | undefined, timer: Pick<Timer, 'now'>) {
    this.#meter = meter;
    this.#timer = timer;
  }

  /** What was committed at `committed` is about to be applied. */
  applying(committed: number): void {
    if (this.#meter === undefined) return;
    this.#committed = committed;
    this.#began = this.#timer.now();
  }

  applied(count: number, now: number): void {
    const began = this.#began;
    this.#meter?.applied(count, began - this.#committed, now - began, now);
  }

  /** @param began when the round did; `undefined` when that does not matter any more */
  confirmed(began: number | undefined, now: number): void {
    if (began !== undefined) this.#meter?.confirmed(now - began, now);
  }

  timed<T>(chore: Chore, work: () => Promise<T>): Promise<T> {
    if (this.#meter === undefined) return work();
    return timed(chore, { meter: this.#meter, timer: this.#timer }, work);
  }

  stepped(state: Pick<State, 'role' | 'term'>): void {
    this.#turn(roleOf(state), state);
  }

  ended(state: Pick<State, 'term'>): void {
    this.#turn(undefined, state);
  }

  #turn(role: Status['role'] | undefined, { term }: Pick<State, 'term'>): void {
    if (role === this.#role) return;
    this.#role = role;
    this.#meter?.turned(role, term);
  }
}
