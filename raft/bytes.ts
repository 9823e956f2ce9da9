// Numbers and texts as bytes, each value in exactly one way. A reader that meets anything else says so in the end.
import { LARGEST_NUMBER } from './numbers.ts';

/** What is to be encoded is larger than anybody would take. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
}

/** A number takes seven bits a byte, the lowest first: eight bytes hold the largest there is. */
export const NUMBER_SIZE = 8;
const CONTINUES = 0x80;
const LOW_BITS = 0x7f;
const SEVEN_BITS = 2 ** 7;

/** Ids are chosen by people or are UUIDs, addresses are host names with a port: both are far shorter. */
export const MAX_TEXT_BYTES = 512;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class Writer {
  readonly #bytes: Uint8Array;
  #length = 0;

  /** @param room at least as many bytes as will be written, or how many those are */
  constructor(room: number | Uint8Array) {
    this.#bytes = typeof room === 'number' ? new Uint8Array(room) : room;
  }

  byte(value: number): void {
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  number(value: number): void {
    let rest = value;
    while (rest >= CONTINUES) {
      this.byte((rest % SEVEN_BITS) | CONTINUES);
      rest = Math.floor(rest / SEVEN_BITS);
    }
    this.byte(rest);
  }

  text(value: string): void {
    const bytes = encoder.encode(value);
    if (bytes.length > MAX_TEXT_BYTES) throw new CodecError('a name or an address is too long');
    this.number(bytes.length);
    this.raw(bytes);
  }

  raw(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** How many bytes a text may take, with its length. */
export function textCapacity(value: string): number {
  // UTF-8 takes at most three bytes for each unit of a JavaScript string.
  return value.length * 3 + NUMBER_SIZE;
}

/** After the first fault all that it reads is nothing, so that only the end has to be looked at. */
export class Reader {
  readonly #bytes: Uint8Array;
  #place = 0;
  #isFaulty = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Everything was read, and nothing was wrong. */
  get isDone(): boolean {
    return !this.#isFaulty && this.#place === this.#bytes.length;
  }

  get isFaulty(): boolean {
    return this.#isFaulty;
  }

  get left(): number {
    return this.#bytes.length - this.#place;
  }

  fail(): void {
    this.#isFaulty = true;
    this.#place = this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.#place];
    if (value === undefined) {
      this.fail();
      return 0;
    }
    this.#place += 1;
    return value;
  }

  number(): number {
    let value = 0;
    let weight = 1;
    for (let count = 0; count < NUMBER_SIZE; count += 1) {
      const byte = this.byte();
      value += (byte & LOW_BITS) * weight;
      weight *= SEVEN_BITS;
      if ((byte & CONTINUES) !== 0) continue;
      // A last byte of nothing would be a second way to say the same.
      if ((byte === 0 && count > 0) || value > LARGEST_NUMBER) this.fail();
      return this.#isFaulty ? 0 : value;
    }
    this.fail();
    return 0;
  }

  text(): string {
    const length = this.number();
    if (length > MAX_TEXT_BYTES) this.fail();
    const bytes = this.raw(length);
    try {
      return decoder.decode(bytes);
    } catch {
      this.fail();
      return '';
    }
  }

  /** Shares the memory of what is read. */
  raw(length: number): Uint8Array {
    if (length > this.left) this.fail();
    const bytes = this.#bytes.subarray(this.#place, this.#place + length);
    this.#place = Math.min(this.#place + length, this.#bytes.length);
    return bytes;
  }
}
