// How much memory the bodies of all requests may take together, so that no number of clients can fill it. Whoever has
// no token that holds draws on a budget of their own, and cannot use up that of the others.

/** Not counted: logins and their like get through however many large bodies are under way. */
const FREE_BYTES = 16 * 1024;

/** One body of the largest size that a listener takes, unless it is configured to take more. */
const STRANGERS_BYTES = 32 * 1024 * 1024;

/** Eight of them: with what parsing makes of them they stay below what Node gives itself for a heap. */
const KNOWN_BYTES = 256 * 1024 * 1024;

/** What one body has taken so far. */
export interface BodyAccount {
  /** Whether a body that is now of this size may be kept. */
  grow(size: number): boolean;
  /** Gives everything back. */
  close(): void;
}

export class BodyBudget {
  readonly #most: number;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  open(): BodyAccount {
    let own = 0;
    return {
      grow: (size) => {
        const more = Math.max(0, size - FREE_BYTES) - own;
        if (this.#taken + more > this.#most) return false;
        this.#taken += more;
        own += more;
        return true;
      },
      close: () => {
        this.#taken -= own;
        own = 0;
      },
    };
  }
}

export interface BodyBudgets {
  readonly known: BodyBudget;
  readonly strangers: BodyBudget;
}

/** @param largest the size of a body that a listener takes, in bytes: one such body always fits */
export function makeBodyBudgets(largest: number): BodyBudgets {
  return {
    known: new BodyBudget(Math.max(KNOWN_BYTES, largest)),
    strangers: new BodyBudget(Math.max(STRANGERS_BYTES, largest)),
  };
}

/** Whether a body may grow to more than what is free, so that it matters whose it is. */
export const isCounted = (announced: number | undefined): boolean =>
  announced === undefined || announced > FREE_BYTES;
