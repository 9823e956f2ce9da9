// The directory as it will be once the batches that wait have been applied: a batch that arrives is judged by it.
import { splitPath } from './directory.ts';
import type { Indexes } from './judge.ts';
import { NEVER, type Index } from './physical.ts';

/** What is there now. */
interface Present extends Indexes {
  /** How many names `list(prefix)` has. */
  sizeOf(prefix: string): number;
}

interface ExpectedKey {
  readonly index: Index;
  readonly present: boolean;
}

interface ExpectedFolder {
  readonly changed: Index;
  readonly size: number;
}

/** Holds only what differs from the directory, so it is empty while nothing waits. */
export class Forecast implements Indexes {
  readonly #present: Present;
  readonly #keys = new Map<string, ExpectedKey>();
  readonly #folders = new Map<string, ExpectedFolder>();

  /** The batch that replaces everything, when one is expected. */
  #replaced: Index = NEVER;

  constructor(present: Present) {
    this.#present = present;
  }

  /** Whether everything is about to be replaced. Nothing can be expected behind that. */
  get isReplaced(): boolean {
    return this.#replaced !== NEVER;
  }

  indexOf(key: string): Index {
    if (this.#replaced !== NEVER) return this.#replaced;
    const expected = this.#keys.get(key);
    if (expected === undefined) return this.#present.indexOf(key);
    return expected.present ? expected.index : NEVER;
  }

  listIndexOf(prefix: string): Index {
    if (this.#replaced !== NEVER) return this.#replaced;
    const expected = this.#folders.get(prefix);
    if (expected === undefined) return this.#present.listIndexOf(prefix);
    return expected.size > 0 ? expected.changed : NEVER;
  }

  /** Counts on a batch that will be applied as `index`. */
  expect(index: Index, writes: ReadonlyMap<string, unknown>): void {
    for (const [key, value] of writes) {
      const present = value !== undefined;
      const before = this.#keys.get(key)?.present ?? this.#present.indexOf(key) !== NEVER;
      this.#keys.set(key, { index, present });
      if (present && !before) this.#join(key, index);
      if (before && !present) this.#leave(key, index);
    }
  }

  /**
   * Counts on a batch that will replace everything. Until it is applied nothing can be known, absence included: its
   * index stands for all, and no one can have seen that.
   */
  expectAll(index: Index): void {
    this.clear();
    this.#replaced = index;
  }

  /** Nothing is expected any more: what waited may never be applied. */
  clear(): void {
    this.#keys.clear();
    this.#folders.clear();
    this.#replaced = NEVER;
  }

  /** Forgets what the batches up to `index` were expected to change, now that the directory has it. */
  settle(index: Index): void {
    if (this.#replaced !== NEVER) {
      if (this.#replaced <= index) this.#replaced = NEVER;
      return;
    }
    for (const [key, expected] of this.#keys) {
      if (expected.index <= index) this.#keys.delete(key);
    }
    for (const [prefix, { changed }] of this.#folders) {
      if (changed <= index) this.#folders.delete(prefix);
    }
  }

  #join(path: string, changed: Index): void {
    const [prefix] = splitPath(path);
    const size = this.#sizeOf(prefix);
    this.#folders.set(prefix, { changed, size: size + 1 });
    if (size === 0 && prefix !== '') this.#join(prefix, changed);
  }

  #leave(path: string, changed: Index): void {
    const [prefix] = splitPath(path);
    const size = this.#sizeOf(prefix) - 1;
    this.#folders.set(prefix, { changed, size });
    if (size === 0 && prefix !== '') this.#leave(prefix, changed);
  }

  #sizeOf(prefix: string): number {
    return this.#folders.get(prefix)?.size ?? this.#present.sizeOf(prefix);
  }
}
