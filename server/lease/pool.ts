// How many revocations run at once, and how many begin in one turn of the event loop, so that requests come in between.

/** As many as Vault's own workers: what they wait for is mostly a database. */
export const REVOCATIONS_AT_ONCE = 200;
/** Revoking a token takes some tens of microseconds, so that one turn takes a few milliseconds. */
const BEGINNINGS_PER_TURN = 50;

type Work = (key: string) => Promise<void>;

export class RevocationPool {
  readonly #work: Work;
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  #turn: NodeJS.Immediate | undefined;
  #isClosed = false;
  #whenIdle: (() => void) | undefined;

  /** @param work must not throw */
  constructor(work: Work) {
    this.#work = work;
  }

  /** Has the work done for `key`, if that neither waits nor runs already. */
  add(key: string): void {
    if (this.#isClosed || this.#running.has(key)) return;
    this.#waiting.add(key);
    this.#schedule();
  }

  /** Begins nothing more, and resolves when what runs has ended. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting.clear();
    clearImmediate(this.#turn);
    return this.done();
  }

  /** Resolves when nothing waits or runs any more. One who waits at a time. */
  done(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => (this.#whenIdle = resolve));
  }

  #isIdle(): boolean {
    return this.#running.size === 0 && this.#waiting.size === 0;
  }

  #schedule(): void {
    if (this.#turn !== undefined || this.#isClosed) return;
    if (this.#waiting.size === 0 || this.#running.size >= REVOCATIONS_AT_ONCE) return;
    this.#turn = setImmediate(() => this.#begin());
  }

  #begin(): void {
    this.#turn = undefined;
    const room = Math.min(BEGINNINGS_PER_TURN, REVOCATIONS_AT_ONCE - this.#running.size);
    for (const key of takeFrom(this.#waiting, room)) {
      this.#running.add(key);
      void this.#run(key);
    }
    this.#schedule();
  }

  async #run(key: string): Promise<void> {
    await this.#work(key);
    this.#running.delete(key);
    if (this.#isIdle()) this.#whenIdle?.();
    this.#schedule();
  }
}

/** Takes the first of a set out of it. */
export function takeFrom(set: Set<string>, count: number): string[] {
  const taken: string[] = [];
  for (const key of set) {
    if (taken.length === count) break;
    set.delete(key);
    taken.push(key);
  }
  return taken;
}
