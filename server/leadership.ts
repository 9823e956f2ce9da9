// Follows this node's role in its cluster. Who leads takes up the duties of the active node, who does not lead any more
// lays them down; one after the other, whatever the role does meanwhile, so that nothing is ever left running twice.
import { millis, type Clock, type Millis } from '#sdk/clock.ts';
import type { Term } from '#raft/types.ts';
import type { Role } from '#storage/cluster-storage.ts';
import type { Log } from './log.ts';

export interface LeadershipOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Takes up the duties; what is given back lays them down. When it throws, nothing of them may be left. */
  readonly takeUp: () => Promise<AsyncDisposable>;
  /** Hands leadership to another node. */
  readonly stepDown: () => Promise<void>;
  /** Called whenever the node has become active or a standby. */
  readonly whenChanged: () => void;
}

interface Held {
  readonly term: Term;
  readonly duties: AsyncDisposable;
  readonly since: Millis;
}

/** What failed may fail again at once; a cluster without any other voter needs somebody who goes on trying. */
const RETRY_FIRST_MS = 250;
const RETRY_LAST_MS = 10_000;

export class Leadership {
  readonly #options: LeadershipOptions;
  /** The term that this node leads, as its storage says now. */
  #leads: Term | undefined;
  #held: Held | undefined;
  #isWorking = false;
  #settled: Promise<void> = Promise.resolve();
  #failures = 0;
  /** Ends the pause before the next attempt. */
  #wake: () => void = () => {};

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  /** Since when this node is active; `undefined` while it is a standby. It ends with the role, before the duties do. */
  get activeSince(): Millis | undefined {
    return this.#held !== undefined && this.#held.term === this.#leads
      ? this.#held.since
      : undefined;
  }

  /** Resolves when the duties are as the role says. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  follow(role: Role): void {
    const leads = role.type === 'leader' ? role.term : undefined;
    if (leads === this.#leads) return;
    const wasActive = this.activeSince !== undefined;
    this.#leads = leads;
    this.#failures = 0;
    this.#wake();
    if (wasActive) this.#becameStandby();
    if (!this.#isWorking) this.#settled = this.#settle();
  }

  /** Lays the duties down, whatever the role is, and resolves when nothing of them is left. */
  close(): Promise<void> {
    this.follow({ type: 'stopped' });
    return this.settled;
  }

  async #settle(): Promise<void> {
    this.#isWorking = true;
    while (this.#held?.term !== this.#leads) {
      if (this.#held !== undefined) await this.#layDown(this.#held);
      else if (this.#leads !== undefined) await this.#takeUp(this.#leads);
    }
    this.#isWorking = false;
  }

  async #takeUp(term: Term): Promise<void> {
    const { log, clock, takeUp, whenChanged } = this.#options;
    try {
      const duties = await takeUp();
      this.#held = { term, duties, since: clock.now() };
    } catch (error) {
      if (this.#leads !== term) return; // that is why; there is nothing left to do for this term
      log.error('the node cannot become active', { error: textOf(error) });
      await this.#retreat(term);
      return;
    }
    if (this.#leads !== term) return;
    this.#failures = 0;
    log.info('the node is active', { term });
    whenChanged();
  }

  /** Another node may be able to do what this one cannot; where there is none, this one tries again. */
  async #retreat(term: Term): Promise<void> {
    const { log, stepDown } = this.#options;
    try {
      await stepDown();
    } catch (error) {
      log.warn('nobody else can lead the cluster', { reason: textOf(error) });
    }
    if (this.#leads === term) await this.#pause();
  }

  #pause(): Promise<void> {
    const delay = Math.min(RETRY_FIRST_MS * 2 ** this.#failures, RETRY_LAST_MS);
    this.#failures += 1;
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(millis(delay), resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  async #layDown({ duties }: Held): Promise<void> {
    try {
      await duties[Symbol.asyncDispose]();
    } catch (error) {
      this.#options.log.error('a duty of the active node ended badly', { error: textOf(error) });
    }
    this.#held = undefined;
  }

  #becameStandby(): void {
    this.#options.log.info('the node is not active any more');
    this.#options.whenChanged();
  }
}

const textOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : 'not an error';
