// All that one request reads and writes, as one batch. It sees its own writes, and what it reads is always of one
// moment: a read that would mix two moments ends it with a ConflictError, and the request is run again.
import { parseJson } from '#sdk/json.ts';
import type { Storage } from '#sdk/storage.ts';
import { assert } from '#sdk/errors.ts';
import { sortNames } from './directory.ts';
import { checkKey } from './key.ts';
import { ConflictError, NEVER, type Batch, type Index, type Physical } from './physical.ts';

const NOTHING_TO_DO = Promise.resolve();

/** What was put under a key: JSON at once, so that later changes of the value do not matter. */
interface Put {
  readonly text: string;
  /** What a reader of the key would be given; made when this transaction reads it. */
  value: unknown;
}

/** A moment of a transaction that it can go back to. */
export type Mark = { readonly moment: 'mark' };

/** What a transaction commits: what it saw, and the JSON to write under each key, `undefined` to delete it. */
export interface Changes {
  readonly reads: Batch['reads'];
  readonly lists: Batch['lists'];
  readonly writes: ReadonlyMap<string, string | undefined>;
}

export interface Read<T> {
  /** Shared with all other readers. */
  readonly value: T;
  readonly index: Index;
}

/** What a transaction needs of the barrier that it is in. */
export interface Enclosing {
  readonly physical: Physical;
  read<T>(key: string): Read<T> | undefined;
  commit(changes: Changes): Promise<unknown>;
  sealToken(context: string, plaintext: Uint8Array): Buffer;
  openToken(context: string, envelope: Uint8Array): Buffer | undefined;
}

export class Transaction implements Storage {
  readonly #barrier: Enclosing;
  readonly #physical: Physical;
  readonly #reads = new Map<string, Index>();
  readonly #lists = new Map<string, Index>();
  /** `undefined` for a key that is deleted. */
  readonly #writes = new Map<string, Put | undefined>();
  /** All reads so far are right as of this index. */
  #seen: Index;

  constructor(barrier: Enclosing) {
    this.#barrier = barrier;
    this.#physical = barrier.physical;
    this.#seen = barrier.physical.index;
  }

  get hasWrites(): boolean {
    return this.#writes.size > 0;
  }

  get<T>(key: string): T | undefined {
    if (this.#writes.size > 0 && this.#writes.has(key)) {
      const put = this.#writes.get(key);
      return put === undefined ? undefined : ((put.value ??= parseJson(put.text)) as T);
    }
    this.assertUnmoved();
    const read = this.#barrier.read<T>(key);
    this.#reads.set(key, read?.index ?? NEVER);
    return read?.value;
  }

  put(key: string, value: object): void {
    checkKey(key);
    this.#writes.set(key, { text: JSON.stringify(value), value: undefined });
  }

  delete(key: string): void {
    checkKey(key);
    this.#writes.set(key, undefined);
  }

  list(prefix: string): readonly string[] {
    assert(prefix === '' || prefix.endsWith('/'), 'a prefix to list ends in a slash');
    this.assertUnmoved();
    this.#lists.set(prefix, this.#physical.listIndexOf(prefix));
    const names = this.#physical.list(prefix);
    return this.#writes.size === 0 ? names : this.#withOwnWrites(prefix, names);
  }

  /**
   * The index at which a key was last written, `NEVER` for an absent one, so that what is derived from its value can
   * be kept under it. `undefined` when this transaction has written the key: nothing may be kept then.
   */
  version(key: string): Index | undefined {
    if (this.#writes.has(key)) return undefined;
    this.assertUnmoved();
    const index = this.#physical.indexOf(key);
    this.#reads.set(key, index);
    return index;
  }

  /** Seals bytes that are handed out in the place of being stored; see `Barrier.sealToken`. */
  sealToken(context: string, plaintext: Uint8Array): Buffer {
    return this.#barrier.sealToken(context, plaintext);
  }

  openToken(context: string, envelope: Uint8Array): Buffer | undefined {
    return this.#barrier.openToken(context, envelope);
  }

  /** What it saw and what it writes. */
  changes(): Changes {
    const writes = new Map<string, string | undefined>();
    for (const [key, put] of this.#writes) writes.set(key, put?.text);
    return { reads: this.#reads, lists: this.#lists, writes };
  }

  /** Makes all writes durable, if all reads still hold; see `Physical.commit` for what it may throw. */
  commit(): Promise<void> {
    if (this.#writes.size > 0) return this.#commitWrites();
    try {
      this.assertUnmoved();
      return NOTHING_TO_DO;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** What has been written so far, for `rollback`. */
  mark(): Mark {
    return new Map(this.#writes) as unknown as Mark;
  }

  /** Takes back what was written since `mark`; what was read stays read. */
  rollback(mark: Mark): void {
    const writes = mark as unknown as ReadonlyMap<string, Put | undefined>;
    this.#writes.clear();
    for (const [key, put] of writes) this.#writes.set(key, put);
  }

  /** @throws ConflictError when something that was read has changed since */
  assertUnmoved(): void {
    const { index } = this.#physical;
    if (index === this.#seen) return;
    for (const [key, read] of this.#reads) {
      if (this.#physical.indexOf(key) !== read) throw moved(key);
    }
    for (const [prefix, read] of this.#lists) {
      if (this.#physical.listIndexOf(prefix) !== read) throw moved(`the list of ${prefix}`);
    }
    this.#seen = index;
  }

  async #commitWrites(): Promise<void> {
    await this.#barrier.commit(this.changes());
  }

  #withOwnWrites(prefix: string, names: readonly string[]): readonly string[] {
    const merged = new Set(names);
    const maybeEmptied = new Set<string>();
    for (const [key, put] of this.#writes) {
      if (!key.startsWith(prefix)) continue;
      const name = nameBelow(prefix, key);
      if (put === undefined && name.endsWith('/')) maybeEmptied.add(name);
      else if (put === undefined) merged.delete(name);
    }
    for (const name of maybeEmptied) {
      if (merged.has(name) && this.list(prefix + name).length === 0) merged.delete(name);
    }
    for (const [key, put] of this.#writes) {
      if (put !== undefined && key.startsWith(prefix)) merged.add(nameBelow(prefix, key));
    }
    return sortNames(merged);
  }
}

/** The name in the list of `prefix` that stands for `key`. */
function nameBelow(prefix: string, key: string): string {
  const slash = key.indexOf('/', prefix.length);
  return slash === -1 ? key.slice(prefix.length) : key.slice(prefix.length, slash + 1);
}

function moved(what: string): ConflictError {
  return new ConflictError(`${what} has changed since it was read`);
}
