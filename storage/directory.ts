// The keys of a store in memory: where each was last written, what its record must hash to, and the names below each
// prefix. Lists, conflict checks and the check of every read come from here; values are elsewhere.
import { NEVER, type Index } from './physical.ts';
import { StateHash, type Fingerprint, type State } from './record.ts';

/** What is known of the record of a key. A Map takes 16.7 million keys, which is the limit of a store. */
export interface Entry {
  readonly index: Index;
  readonly fingerprint: Fingerprint;
  /** Counts the keys as they come. A key that is written again keeps it, so the directory can be walked by it. */
  readonly order: number;
}

interface Fingerprinted {
  readonly fingerprint: Fingerprint;
}

interface Folder {
  readonly names: Set<string>;
  changed: Index;
  /** Made when somebody lists, and kept until a name comes or goes. */
  sorted: readonly string[] | undefined;
}

const NO_NAMES: readonly string[] = Object.freeze([]);

export class Directory {
  readonly #entries = new Map<string, Entry>();
  readonly #folders = new Map<string, Folder>();
  readonly #hash = new StateHash();
  #index: Index = NEVER;
  #lastOrder = 0;

  get index(): Index {
    return this.#index;
  }

  state(): State {
    return { index: this.#index, count: this.#entries.size, hash: this.#hash.copy() };
  }

  entry(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** All keys in their order, those included that come while it runs; what goes meanwhile is left out. */
  entries(): IterableIterator<readonly [string, Entry]> {
    return this.#entries.entries();
  }

  /** That of the key that came last. */
  get lastOrder(): number {
    return this.#lastOrder;
  }

  indexOf(key: string): Index {
    return this.#entries.get(key)?.index ?? NEVER;
  }

  list(prefix: string): readonly string[] {
    const folder = this.#folders.get(prefix);
    if (folder === undefined) return NO_NAMES;
    return (folder.sorted ??= sortNames(folder.names));
  }

  listIndexOf(prefix: string): Index {
    return this.#folders.get(prefix)?.changed ?? NEVER;
  }

  /** How many names `list(prefix)` has. */
  sizeOf(prefix: string): number {
    return this.#folders.get(prefix)?.names.size ?? 0;
  }

  /** Takes over one batch: what is written under each key, `undefined` for a key that is deleted. */
  apply(index: Index, records: Iterable<readonly [string, Fingerprinted | undefined]>): void {
    for (const [key, record] of records) {
      if (record === undefined) this.#delete(key, index);
      else this.put(key, { index, fingerprint: record.fingerprint }, index);
    }
    this.#index = index;
  }

  /** Takes over one record of a store that is being opened, whose last batch was `changed`. */
  put(key: string, { index, fingerprint }: Omit<Entry, 'order'>, changed: Index): void {
    const old = this.#entries.get(key);
    if (old === undefined) this.#join(key, changed);
    else this.#hash.subtract(old.fingerprint);
    const order = old?.order ?? (this.#lastOrder += 1);
    this.#entries.set(key, { index, fingerprint, order });
    this.#hash.add(fingerprint);
  }

  /** Says where the records stand when that is not where the last of them was written. */
  startAt(index: Index): void {
    this.#index = index;
  }

  #delete(key: string, index: Index): void {
    const old = this.#entries.get(key);
    if (old === undefined) return;
    this.#entries.delete(key);
    this.#hash.subtract(old.fingerprint);
    this.#leave(key, index);
  }

  /** Enters a name into its folder, and a folder that begins with it into the one above. */
  #join(path: string, changed: Index): void {
    const [prefix, name] = splitPath(path);
    const folder = this.#folders.get(prefix);
    if (folder === undefined) {
      this.#folders.set(prefix, { names: new Set([name]), changed, sorted: undefined });
      if (prefix !== '') this.#join(prefix, changed);
      return;
    }
    folder.names.add(name);
    folder.changed = changed;
    folder.sorted = undefined;
  }

  #leave(path: string, changed: Index): void {
    const [prefix, name] = splitPath(path);
    const folder = this.#folders.get(prefix);
    if (folder === undefined) return;
    folder.names.delete(name);
    folder.changed = changed;
    folder.sorted = undefined;
    if (folder.names.size > 0) return;
    this.#folders.delete(prefix);
    if (prefix !== '') this.#leave(prefix, changed);
  }
}

/** The prefix that lists a key or folder, and the name that it has there: `a/b/` is `b/` in `a/`. */
export function splitPath(path: string): readonly [prefix: string, name: string] {
  const cut = path.lastIndexOf('/', path.length - 2) + 1;
  return [path.slice(0, cut), path.slice(cut)];
}

const BEYOND_16_BITS = /[\ud800-\udfff]/;

/** By code point, which is how Go sorts the bytes of UTF-8; JavaScript's own order differs beyond 16 bits only. */
export function sortNames(names: Iterable<string>): readonly string[] {
  const sorted = [...names].toSorted();
  return sorted.some((name) => BEYOND_16_BITS.test(name)) ? sorted.toSorted(byCodePoint) : sorted;
}

function byCodePoint(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (a !== b) return rank(a) - rank(b);
  }
  return left.length - right.length;
}

/** Halves of a surrogate pair stand for code points above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
