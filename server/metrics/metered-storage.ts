// The storage below the barrier, with what it does counted and timed under Vault's names for integrated storage.
import type { ApplyListener, Batch, Index, Physical } from '#storage/physical.ts';
import type { AddCount, AddSample, Metrics } from './metrics.ts';

export class MeteredStorage implements Physical {
  readonly #storage: Physical;
  readonly #metrics: Metrics;
  readonly #get: AddSample;
  readonly #list: AddSample;
  readonly #put: AddSample;
  readonly #delete: AddSample;
  readonly #size: AddSample;
  readonly #time: AddSample;
  readonly #apply: AddCount;

  constructor(storage: Physical, metrics: Metrics) {
    this.#storage = storage;
    this.#metrics = metrics;
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
    const start = this.#metrics.now();
    const value = this.#storage.get(key);
    const now = this.#metrics.now();
    this.#get(now - start, now);
    return value;
  }

  indexOf(key: string): Index {
    return this.#storage.indexOf(key);
  }

  list(prefix: string): readonly string[] {
    const start = this.#metrics.now();
    const names = this.#storage.list(prefix);
    const now = this.#metrics.now();
    this.#list(now - start, now);
    return names;
  }

  listIndexOf(prefix: string): Index {
    return this.#storage.listIndexOf(prefix);
  }

  async commit(batch: Batch): Promise<Index> {
    const start = this.#metrics.now();
    const index = await this.#storage.commit(batch);
    if (batch.writes.size > 0) this.#committed(batch.writes, start);
    return index;
  }

  observe(listener: ApplyListener): () => void {
    return this.#storage.observe(listener);
  }

  close(): Promise<void> {
    return this.#storage.close();
  }

  #committed(writes: Batch['writes'], start: number): void {
    const now = this.#metrics.now();
    const took = now - start;
    this.#apply(1);
    this.#time(took, now);
    let bytes = 0;
    for (const [key, value] of writes) {
      bytes += key.length + (value?.length ?? 0);
      if (value === undefined) this.#delete(took, now);
      else this.#put(took, now);
    }
    this.#size(bytes, now);
  }
}
