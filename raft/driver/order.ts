// The order in which effects are carried out. What tells others of something durable waits until it is; what does not
// goes at once, so that a slow disk holds up neither heartbeats nor the news of a new leader. All that waits for the disk
// is made durable together.
import type { Effect, Entry, Message } from '../types.ts';

export type Persist = Extract<Effect, { type: 'persist' }>;
export type Install = Extract<Effect, { type: 'install' }>;
type Send = Extract<Effect, { type: 'send' }>;
type Waiting = Persist | Install | Send;
/** What is between the core and its own node, about which nobody else hears. */
export type News = Exclude<Effect, Waiting | { type: 'apply' }>;

/** Those who carry out what is due. */
export interface Hands {
  /** Makes all of them durable, as if one after the other. */
  persist(group: readonly Persist[]): Promise<void>;
  /** Everything up to `last` is durable; the sends behind it have not gone yet. */
  persisted(last: Persist): void;
  install(install: Install): Promise<void>;
  send(message: Message): void;
  /** Entries that are durable here. */
  apply(entries: readonly Entry[]): void;
  tell(news: News): void;
  /** After this nothing is carried out any more. */
  fail(error: unknown): void;
  /** A wait has ended; `run` is to be called again soon. */
  wake(): void;
}

export class Order {
  readonly #hands: Hands;
  readonly #waiting: Waiting[] = [];
  #isBusy = false;
  #hasEnded = false;

  constructor(hands: Hands) {
    this.#hands = hands;
  }

  /** Takes the effects of one step. */
  take(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type === 'persist' || effect.type === 'install') this.#waiting.push(effect);
      else if (effect.type === 'send') this.#takeSend(effect);
      else if (effect.type === 'apply') this.#hands.apply(effect.entries);
      else this.#hands.tell(effect);
    }
  }

  /** Begins with what waits for the disk. */
  run(): void {
    if (this.#isBusy || this.#hasEnded) return;
    const [next] = this.#waiting;
    if (next?.type === 'persist') this.#persist();
    if (next?.type === 'install') this.#install(next);
  }

  end(): void {
    this.#hasEnded = true;
    this.#waiting.length = 0;
  }

  #takeSend(send: Send): void {
    if (send.isUrgent || this.#waiting.length === 0) this.#hands.send(send.message);
    else this.#waiting.push(send);
  }

  /** All that are to be persisted before a snapshot takes the place of the log share one write. */
  #persist(): void {
    const install = this.#waiting.findIndex(({ type }) => type === 'install');
    const before = install === -1 ? this.#waiting : this.#waiting.slice(0, install);
    const group = before.filter((effect) => effect.type === 'persist');
    const last = before.findLastIndex(({ type }) => type === 'persist');
    void this.#await(this.#hands.persist(group), last + 1);
  }

  #install(install: Install): void {
    void this.#await(this.#hands.install(install), 1);
  }

  /** When `work` has ended, the first `count` that wait are done. */
  async #await(work: Promise<void>, count: number): Promise<void> {
    this.#isBusy = true;
    try {
      await work;
      this.#isBusy = false;
      if (!this.#hasEnded) this.#finish(count);
    } catch (error) {
      this.#hands.fail(error);
    }
  }

  #finish(count: number): void {
    const done = this.#waiting.splice(0, count);
    const last = done.findLast((effect) => effect.type === 'persist');
    if (last !== undefined) this.#hands.persisted(last);
    for (const effect of done) if (effect.type === 'send') this.#hands.send(effect.message);
    this.#release();
    this.#hands.wake();
  }

  /** What no persist or install stands before any more goes. */
  #release(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next?.type !== 'send') return;
      this.#waiting.shift();
      this.#hands.send(next.message);
    }
  }
}
