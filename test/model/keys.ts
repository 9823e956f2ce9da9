// What the state machine must show, in the plainest way: a map of keys, and the names below each prefix kept by counting.
import { sortNames, splitPath } from '#storage/directory.ts';
import type { Index } from '#storage/physical.ts';

export interface Known {
  readonly value: string;
  readonly index: Index;
}

export type Keys = ReadonlyMap<string, Known>;

export class Model {
  readonly #keys: Map<string, Known>;
  /** Below each prefix each name, with how many keys it stands for. */
  readonly #names = new Map<string, Map<string, number>>();

  constructor(keys: Keys = new Map()) {
    this.#keys = new Map(keys);
    for (const key of keys.keys()) this.#count(key, 1);
  }

  get size(): number {
    return this.#keys.size;
  }

  get(key: string): Known | undefined {
    return this.#keys.get(key);
  }

  list(prefix: string): readonly string[] {
    return sortNames(this.#names.get(prefix)?.keys() ?? []);
  }

  keys(): Keys {
    return new Map(this.#keys);
  }

  put(key: string, known: Known): void {
    if (!this.#keys.has(key)) this.#count(key, 1);
    this.#keys.set(key, known);
  }

  delete(key: string): void {
    if (this.#keys.delete(key)) this.#count(key, -1);
  }

  #count(key: string, by: number): void {
    for (let path = key; path !== ''; path = splitPath(path)[0]) {
      const [prefix, name] = splitPath(path);
      const names = this.#names.get(prefix) ?? new Map<string, number>();
      const count = (names.get(name) ?? 0) + by;
      if (count === 0) names.delete(name);
      else names.set(name, count);
      this.#names.set(prefix, names);
    }
  }
}
