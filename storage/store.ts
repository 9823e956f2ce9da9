// A store of one node: reads are answered from the directory and the medium, and no byte of the medium is believed
// before it has been checked against the directory. Writes are the business of commits.ts.
import { Commits, type Medium } from './commits.ts';
import type { Directory } from './directory.ts';
import {
  DamagedError,
  type ApplyListener,
  type Batch,
  type Index,
  type Physical,
} from './physical.ts';
import { fingerprintOf, valueOf } from './record.ts';

export class Store implements Physical {
  readonly #directory: Directory;
  readonly #commits: Commits;

  /** `directory` holds what is on the medium. */
  constructor(directory: Directory, medium: Medium) {
    this.#directory = directory;
    this.#commits = new Commits(directory, medium);
  }

  get index(): Index {
    return this.#directory.index;
  }

  get(key: string): Uint8Array | undefined {
    this.#commits.assertUsable();
    const entry = this.#directory.entry(key);
    if (entry === undefined) return undefined;
    const record = this.#commits.read(key);
    if (record === undefined) throw new DamagedError(`the record of ${key} is missing`);
    if (fingerprintOf(record) !== entry.fingerprint) {
      throw new DamagedError(`the record of ${key} is not the one that was written`);
    }
    return valueOf(record);
  }

  indexOf(key: string): Index {
    this.#commits.assertUsable();
    return this.#directory.indexOf(key);
  }

  list(prefix: string): readonly string[] {
    this.#commits.assertUsable();
    return this.#directory.list(prefix);
  }

  listIndexOf(prefix: string): Index {
    this.#commits.assertUsable();
    return this.#directory.listIndexOf(prefix);
  }

  commit(batch: Batch): Promise<Index> {
    return this.#commits.commit(batch);
  }

  observe(listener: ApplyListener): () => void {
    return this.#commits.observe(listener);
  }

  close(): Promise<void> {
    return this.#commits.close();
  }
}
