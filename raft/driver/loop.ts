// The loop around the core: one queue of inputs, each stepped alone, what is to be done carried out in the one legal
// order (order.ts). Inputs go on being stepped while the disk is at work. Everything else of the driver hangs on this.
import { invariant } from '../invariant.ts';
import { step } from '../step.ts';
import type { State } from '../state.ts';
import type { Entry, Input, Message, Outcome, Ticket } from '../types.ts';
import { Order, type Install, type News, type Persist } from './order.ts';
import type { Timer } from './ports.ts';
import { Tickets, type Settle } from './tickets.ts';

/** What the loop has done for it, by the parts of the driver. None of it may call `ask` or `input` back at once. */
export interface LoopHands {
  persist(group: readonly Persist[]): Promise<void>;
  install(install: Install): Promise<void>;
  /** Called once for each drain, with all that is to be sent. */
  send(messages: readonly Message[]): void;
  /** `at`: a moment before the step that gave the entries, or the news, began. */
  apply(entries: readonly Entry[], at: number): void;
  tell(news: Exclude<News, { type: 'settle' }>, at: number): void;
  /** Inputs have been stepped and what was due at once is done: the moment to tell others, who may ask again. */
  settled(): void;
  failed(error: unknown): void;
}

export interface LoopOptions {
  readonly state: State;
  readonly timer: Timer;
  readonly hands: LoopHands;
}

/** A question to the core, made when the core is asked. */
export type Question = (ticket: Ticket) => Input;

export class Loop {
  readonly #timer: Timer;
  readonly #hands: LoopHands;
  readonly #order: Order;
  readonly #tickets = new Tickets();
  #state: State;
  #inputs: (Input | (() => Input))[] = [];
  #outgoing: Message[] = [];
  #steppedAt = 0;
  #isScheduled = false;
  #isStepping = false;
  #hasEnded = false;

  constructor({ state, timer, hands }: LoopOptions) {
    this.#state = state;
    this.#timer = timer;
    this.#hands = hands;
    this.#order = new Order(this.#ordered());
  }

  /** What the core knows, to be looked at and not kept. */
  get state(): State {
    return this.#state;
  }

  input(input: Input): void {
    if (this.#hasEnded) return;
    this.#inputs.push(input);
    this.#schedule();
  }

  /** Asks the core with the next drain; `settle` is always called in the end. */
  ask(question: Question, settle: Settle): void {
    if (this.#hasEnded) return settle(STOPPED);
    const ticket = this.#tickets.open(settle);
    this.#inputs.push(() => question(ticket));
    this.#schedule();
  }

  /** Asks the core at once: its first answer is there when this returns. */
  askNow(question: Question, settle: Settle): Ticket | undefined {
    if (this.#hasEnded) {
      settle(STOPPED);
      return undefined;
    }
    invariant(!this.#isStepping, 'nobody asks the core from within its own step');
    const ticket = this.#tickets.open(settle);
    this.#guard(() => this.#step(question(ticket)));
    this.#schedule();
    return ticket;
  }

  /** Nobody waits for the rest of an answer. */
  close(ticket: Ticket): void {
    this.#tickets.close(ticket);
  }

  /** What was asked and not answered is told that it is lost; nothing is done any more. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#inputs = [];
    this.#outgoing = [];
    this.#order.end();
    this.#tickets.closeAll();
  }

  #ordered(): ConstructorParameters<typeof Order>[0] {
    return {
      persist: (group) => this.#hands.persist(group),
      persisted: ({ sequence }) => this.input({ type: 'persisted', sequence }),
      install: (install) => this.#hands.install(install),
      send: (message) => this.#outgoing.push(message),
      apply: (entries) => this.#hands.apply(entries, this.#steppedAt),
      tell: (news) => this.#tell(news),
      fail: (error) => this.#fail(error),
      wake: () => this.#schedule(),
    };
  }

  #schedule(): void {
    if (this.#isScheduled || this.#hasEnded) return;
    this.#isScheduled = true;
    this.#timer.after(0, () => {
      this.#isScheduled = false;
      this.#guard(() => this.#drain());
    });
  }

  #drain(): void {
    do {
      const inputs = this.#inputs;
      this.#inputs = [];
      for (const input of inputs) this.#step(typeof input === 'function' ? input() : input);
      this.#step(FLUSH);
    } while (this.#inputs.length > 0);
    this.#order.run();
    this.#sendAll();
    if (!this.#hasEnded) this.#hands.settled();
  }

  #step(input: Input): void {
    if (this.#hasEnded) return;
    this.#isStepping = true;
    this.#steppedAt = this.#timer.now();
    const [state, effects] = step(this.#state, input);
    this.#state = state;
    this.#order.take(effects);
    this.#isStepping = false;
  }

  #sendAll(): void {
    if (this.#outgoing.length === 0) return;
    const messages = this.#outgoing;
    this.#outgoing = [];
    this.#hands.send(messages);
  }

  #tell(news: News): void {
    if (news.type === 'settle') this.#tickets.settle(news.ticket, news.outcome);
    else this.#hands.tell(news, this.#steppedAt);
  }

  /** Whatever throws in here leaves the node in a state that nobody has thought of: it stops for good. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#hasEnded) return;
    this.end();
    this.#hands.failed(error);
  }
}

const FLUSH: Input = { type: 'flush' };

/** What is asked of a loop that has ended was not done, and will not be. */
const STOPPED: Outcome = { type: 'refused', reason: 'not the leader', leader: undefined };
