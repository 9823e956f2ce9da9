// A prefix that looks like the whole: what a mount is given of a request's transaction.
import type { Storage } from '#sdk/storage.ts';

/** Everything below `prefix`, which ends in a slash. It is made for each request, so it is nothing but the two. */
export function viewOf(storage: Storage, prefix: string): Storage {
  return new View(storage, prefix);
}

class View implements Storage {
  readonly #storage: Storage;
  readonly #prefix: string;

  constructor(storage: Storage, prefix: string) {
    this.#storage = storage;
    this.#prefix = prefix;
  }

  get<T>(key: string): T | undefined {
    return this.#storage.get<T>(this.#prefix + key);
  }

  put(key: string, value: object): void {
    this.#storage.put(this.#prefix + key, value);
  }

  delete(key: string): void {
    this.#storage.delete(this.#prefix + key);
  }

  list(prefix: string): readonly string[] {
    return this.#storage.list(this.#prefix + prefix);
  }
}
