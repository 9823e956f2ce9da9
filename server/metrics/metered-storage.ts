// The storage below the barrier, with what it does counted and timed under Vault's names for integrated storage.
import type { ApplyListener, Batch, Index, Physical } from '#storage/physical.ts';
import type { Metrics } from './metrics.ts';

export class MeteredStorage implements Physical {
  readonly #storage: Physical;
  readonly #metrics: Metrics;
  readonly #now: () => number;

  /** @param now monotonic, in milliseconds */
  constructor(storage: Physical, metrics: Metrics, now: () => number) {
    this.#storage = storage;
    this.#metrics = metrics;
    this.#now = now;
  }

  get index(): Index {
    return this.#storage.index;
  }

  get(key: string): Uint8Array | undefined {
    return this.#timed('get', () => this.#storage.get(key));
  }

  indexOf(key: string): Index {
    return this.#storage.indexOf(key);
  }

  list(prefix: string): readonly string[] {
    return this.#timed('list', () => this.#storage.list(prefix));
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

  #timed<T>(operation: 'get' | 'list', read: () => T): T {
    const start = this.#now();
    const answer = read();
    const took = this.#now() - start;
    // There is one layer below the barrier, where Vault has three.
    this.#metrics.sample(`raft.${operation}`, took);
    this.#metrics.sample(`raft_storage.${operation}`, took);
    this.#metrics.sample(`raft_storage.fsm.${operation}`, took);
    return answer;
  }

  #committed(writes: Batch['writes'], took: number): void {
    const metrics = this.#metrics;
    metrics.count('raft.apply');
    metrics.sample('raft.commitTime', took);
    let bytes = 0;
    for (const [key, value] of writes) {
      bytes += key.length + (value?.length ?? 0);
      metrics.sample(value === undefined ? 'raft_storage.delete' : 'raft_storage.put', took);
    }
    metrics.sample('raft_storage.entry_size', bytes);
  }
}
