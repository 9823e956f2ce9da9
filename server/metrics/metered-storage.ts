// The storage below the barrier, with what it does counted and timed under Vault's names for integrated storage.
import type { ApplyListener, Batch, Index, Physical } from '#storage/physical.ts';
import type { Add, Metrics } from './metrics.ts';

export class MeteredStorage implements Physical {
  readonly #storage: Physical;
  readonly #now: () => number;
  readonly #get: Add;
  readonly #list: Add;
  readonly #put: Add;
  readonly #delete: Add;
  readonly #size: Add;
  readonly #time: Add;
  readonly #apply: Add;

  /** @param now monotonic, in milliseconds */
  constructor(storage: Physical, metrics: Metrics, now: () => number) {
    this.#storage = storage;
    this.#now = now;
    // There is one layer below the barrier, where Vault has three.
    this.#get = metrics.summary('raft.get', 'raft_storage.get', 'raft_storage.fsm.get');
    this.#list = metrics.summary('raft.list', 'raft_storage.list', 'raft_storage.fsm.list');
    this.#put = metrics.summary('raft_storage.put');
    this.#delete = metrics.summary('raft_storage.delete');
    this.#size = metrics.summary('raft_storage.entry_size');
    this.#time = metrics.summary('raft.commitTime');
    this.#apply = metrics.counter('raft.apply');
  }

  get index(): Index {
    return this.#storage.index;
  }

  get(key: string): Uint8Array | undefined {
    const start = this.#now();
    const value = this.#storage.get(key);
    this.#get(this.#now() - start);
    return value;
  }

  indexOf(key: string): Index {
    return this.#storage.indexOf(key);
  }

  list(prefix: string): readonly string[] {
    const start = this.#now();
    const names = this.#storage.list(prefix);
    this.#list(this.#now() - start);
    return names;
  }

  listIndexOf(prefix: string): Index {
    return this.#storage.listIndexOf(prefix);
  }

  async commit(batch: Batch): Promise<Index> {
    const start = this.#now();
    const index = await this.#storage.commit(batch);
    if (batch.writes.size > 0) this.#committed(batch.writes, this.#now() - start);
    return index;
  }

  observe(listener: ApplyListener): () => void {
    return this.#storage.observe(listener);
  }

  close(): Promise<void> {
    return this.#storage.close();
  }

  #committed(writes: Batch['writes'], took: number): void {
    this.#apply(1);
    this.#time(took);
    let bytes = 0;
    for (const [key, value] of writes) {
      bytes += key.length + (value?.length ?? 0);
      if (value === undefined) this.#delete(took);
      else this.#put(took);
    }
    this.#size(bytes);
  }
}
