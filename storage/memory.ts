// Storage in memory, for development servers and tests: nothing survives the process.
import type { Medium } from './commits.ts';
import { Directory } from './directory.ts';
import type { Physical } from './physical.ts';
import { Store } from './store.ts';

export function openMemory(): Physical {
  return new Store(new Directory(), new Memory());
}

class Memory implements Medium {
  readonly immediate = true;
  readonly #records = new Map<string, Buffer>();

  read(key: string): Buffer | undefined {
    return this.#records.get(key);
  }

  write(records: ReadonlyMap<string, Buffer | undefined>): undefined {
    for (const [key, record] of records) {
      if (record === undefined) this.#records.delete(key);
      else this.#records.set(key, copyOf(record));
    }
  }

  close(): Promise<void> {
    this.#records.clear();
    return Promise.resolve();
  }
}

/** In memory of its own, so that it keeps nothing else alive. */
function copyOf(record: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(record.length);
  copy.set(record);
  return copy;
}
