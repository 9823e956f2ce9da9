// Decoded values, kept while memory allows. A value is good only as of the index that its record has now, so nobody
// has to drop one: the index that the store gives to a key moves, and the value that was kept no longer answers.
import { parseJson } from '#sdk/json.ts';
import type { Index } from '../physical.ts';

interface Kept {
  readonly index: Index;
  value: unknown;
  /** The JSON of the value until somebody asks for it. */
  text: string | undefined;
  readonly bytes: number;
  /** Whether it was read since the last time that room was looked for. */
  used: boolean;
}

/** Enough for the tokens, policies and mounts of a busy server; a miss costs some ten microseconds. */
export const CACHE_BYTES = 32 * 1024 * 1024;

/** Measured: text takes as much as its JSON, most records less than twice as much; and some bytes for the place here. */
const EXPANSION = 2;
const PLACE_BYTES = 250;

/** How much is kept when room is made. */
const KEPT_SHARE = 7 / 8;

export class ValueCache {
  /** In the order of arrival; what is used again gets a second round. */
  readonly #kept = new Map<string, Kept>();
  readonly #limit: number;
  #bytes = 0;

  constructor(limit: number = CACHE_BYTES) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The value under a key as of `index`, in a box because it may be anything. */
  get(key: string, index: Index): { readonly value: unknown } | undefined {
    const kept = this.#kept.get(key);
    if (kept?.index !== index) return undefined;
    if (kept.text === undefined) {
      kept.used = true;
    } else {
      // Whatever is written is read once, by those who follow the storage: that is no use yet.
      kept.value = parseJson(kept.text);
      kept.text = undefined;
    }
    return kept;
  }

  put(key: string, index: Index, value: unknown, jsonBytes: number): void {
    this.#keep(key, { index, value, text: undefined }, jsonBytes);
  }

  /** Keeps a value that nobody has asked for yet as its JSON. */
  putText(key: string, index: Index, text: string): void {
    this.#keep(key, { index, value: undefined, text }, text.length);
  }

  #keep(key: string, kept: Pick<Kept, 'index' | 'value' | 'text'>, jsonBytes: number): void {
    const bytes = jsonBytes * EXPANSION + key.length + PLACE_BYTES;
    this.#drop(key);
    if (bytes > this.#limit) return;
    this.#kept.set(key, { ...kept, bytes, used: false });
    this.#bytes += bytes;
    this.#makeRoom();
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  /** Some room at a time: a map whose first entries are gone is slow to begin with, until it is laid out anew. */
  #makeRoom(): void {
    if (this.#bytes <= this.#limit) return;
    const enough = this.#limit * KEPT_SHARE;
    for (const [key, kept] of this.#kept) {
      if (this.#bytes <= enough) return;
      this.#drop(key);
      if (!kept.used) continue;
      this.#kept.set(key, { ...kept, used: false });
      this.#bytes += kept.bytes;
    }
  }

  #drop(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    this.#bytes -= kept.bytes;
  }
}
