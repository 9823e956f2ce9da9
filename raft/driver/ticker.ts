// Ticks for the core. Two ticks are never closer than a tick's length, since a lease counts on a follower that takes at
// least so long; a process that was paused ticks once and goes on from there, so it hears its leader before it campaigns.
import type { Timer } from './ports.ts';

export class Ticker {
  readonly #timer: Timer;
  readonly #length: number;
  readonly #tick: () => void;
  #cancel: (() => void) | undefined;

  constructor(timer: Timer, length: number, tick: () => void) {
    this.#timer = timer;
    this.#length = length;
    this.#tick = tick;
  }

  start(): void {
    this.#cancel ??= this.#timer.after(this.#length, () => {
      this.#cancel = undefined;
      this.start();
      this.#tick();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
