// The directory as it will be once the batches that wait have been applied: a batch that arrives is judged by it.
import { splitPath, type Directory } from './directory.ts';
import { NEVER, type Index } from './physical.ts';

interface ExpectedKey {
  readonly index: Index;
  readonly present: boolean;
}

interface ExpectedFolder {
  readonly changed: Index;
  readonly size: number;
}

/** Holds only what differs from the directory, so it is empty while nothing waits. */
export class Forecast {
  readonly #directory: Directory;
  readonly #keys = new Map<string, ExpectedKey>();
  readonly #folders = new Map<string, ExpectedFolder>();

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  indexOf(key: string): Index {
    const expected = this.#keys.get(key);
    if (expected === undefined) return this.#directory.indexOf(key);
    return expected.present ? expected.index : NEVER;
  }

  listIndexOf(prefix: string): Index {
    const expected = this.#folders.get(prefix);
    if (expected === undefined) return this.#directory.listIndexOf(prefix);
    return expected.size > 0 ? expected.changed : NEVER;
  }

  /** Counts on a batch that will be applied as `index`. */
  expect(index: Index, writes: ReadonlyMap<string, unknown>): void {
    for (const [key, value] of writes) {
      const present = value !== undefined;
      const before = this.#keys.get(key)?.present ?? this.#directory.entry(key) !== undefined;
      this.#keys.set(key, { index, present });
      if (present && !before) this.#join(key, index);
      if (before && !present) this.#leave(key, index);
    }
  }

  /** Forgets what the batches up to `index` were expected to change, now that the directory has it. */
  settle(index: Index): void {
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
    return this.#folders.get(prefix)?.size ?? this.#directory.sizeOf(prefix);
  }
}
