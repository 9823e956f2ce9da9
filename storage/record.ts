// One record as it lies on a medium, its fingerprint, and the state: what the records of a store add up to.
import { hash } from 'node:crypto';
import type { Index } from './physical.ts';

/** The SHA-256 of a record as 32 characters, one per byte: as a string it is compared and kept at little cost. */
export type Fingerprint = string & { readonly unit: 'fingerprint' };

/** A value under its key, as the batch `index` wrote it. */
export interface Record {
  readonly key: string;
  readonly index: Index;
  readonly value: Uint8Array;
}

/** Index (8 bytes), length of the key (4), key, value: a record names all that it means, so its hash covers it. */
const HEADER_BYTES = 12;

/** Small ones share memory with others: whoever keeps one for long keeps a copy. */
export function encodeRecord({ key, index, value }: Record): Buffer {
  const name = Buffer.from(key);
  const record = Buffer.allocUnsafe(HEADER_BYTES + name.length + value.length);
  writeNumber(record, index, 0);
  record.writeUInt32BE(name.length, 8);
  record.set(name, HEADER_BYTES);
  record.set(value, HEADER_BYTES + name.length);
  return record;
}

/** A record as it goes to a medium, and what a directory keeps of it. */
export interface Written {
  readonly record: Buffer;
  readonly fingerprint: Fingerprint;
}

/** The records of what the batch `index` writes; `undefined` for a key that it deletes. */
export function encodeAll(
  writes: ReadonlyMap<string, Uint8Array | undefined>,
  index: Index,
): ReadonlyMap<string, Written | undefined> {
  const encoded = new Map<string, Written | undefined>();
  for (const [key, value] of writes) encoded.set(key, value && encode({ key, index, value }));
  return encoded;
}

function encode(written: Record): Written {
  const record = encodeRecord(written);
  return { record, fingerprint: fingerprintOf(record) };
}

/** `undefined` when the bytes cannot be those of a record. */
export function decodeRecord(record: Buffer): Record | undefined {
  if (record.length < HEADER_BYTES || valueOffset(record) > record.length) return undefined;
  return {
    key: record.toString('utf8', HEADER_BYTES, valueOffset(record)),
    index: readNumber(record, 0) as Index,
    value: valueOf(record),
  };
}

/** The value alone, without a copy, of a record whose fingerprint has been checked. */
export function valueOf(record: Buffer): Buffer {
  return record.subarray(valueOffset(record));
}

export function fingerprintOf(record: Uint8Array): Fingerprint {
  return hash('sha256', record, 'binary') as Fingerprint;
}

/**
 * A hash of a set of records that is kept up to date by each change: the sum of their fingerprints, in eight lanes
 * of 32 bits. It finds damage and loss; whoever can write the disk on purpose is kept out by the barrier's cipher.
 */
export class StateHash {
  readonly #lanes: Uint32Array;

  constructor(bytes?: Buffer) {
    this.#lanes = new Uint32Array(8);
    if (bytes !== undefined) {
      for (let lane = 0; lane < 8; lane++) this.#lanes[lane] = bytes.readUInt32BE(lane * 4);
    }
  }

  copy(): StateHash {
    const copy = new StateHash();
    copy.#lanes.set(this.#lanes);
    return copy;
  }

  add(fingerprint: Fingerprint): void {
    for (let lane = 0; lane < 8; lane++) {
      this.#lanes[lane] = (this.#lanes[lane] ?? 0) + laneOf(fingerprint, lane);
    }
  }

  subtract(fingerprint: Fingerprint): void {
    for (let lane = 0; lane < 8; lane++) {
      this.#lanes[lane] = (this.#lanes[lane] ?? 0) - laneOf(fingerprint, lane);
    }
  }

  equals(other: StateHash): boolean {
    return this.#lanes.every((lane, at) => lane === other.#lanes[at]);
  }

  bytes(): Buffer {
    const bytes = Buffer.alloc(32);
    this.#lanes.forEach((lane, at) => bytes.writeUInt32BE(lane, at * 4));
    return bytes;
  }
}

/** What a store holds after the batch `index`: how many records, and what they add up to. */
export interface State {
  readonly index: Index;
  readonly count: number;
  readonly hash: StateHash;
}

/** Mark (8 bytes), index (8), count (8), state hash (32), and the first 8 bytes of the SHA-256 of all that. */
export const STATE_BYTES = 64;
const STATE_MARK = Buffer.from('coffer1\n');
const STATE_CHECKED = 56;

export function encodeState({ index, count, hash: stateHash }: State): Buffer {
  const bytes = Buffer.alloc(STATE_BYTES);
  bytes.set(STATE_MARK);
  writeNumber(bytes, index, 8);
  writeNumber(bytes, count, 16);
  bytes.set(stateHash.bytes(), 24);
  bytes.set(checkOf(bytes), STATE_CHECKED);
  return bytes;
}

/** `undefined` when the bytes are not those of a state. */
export function decodeState(bytes: Buffer): State | undefined {
  if (bytes.length !== STATE_BYTES || !bytes.subarray(0, 8).equals(STATE_MARK)) return undefined;
  if (!bytes.subarray(STATE_CHECKED).equals(checkOf(bytes))) return undefined;
  return {
    index: readNumber(bytes, 8) as Index,
    count: readNumber(bytes, 16),
    hash: new StateHash(bytes.subarray(24, STATE_CHECKED)),
  };
}

function checkOf(bytes: Buffer): Buffer {
  return hash('sha256', bytes.subarray(0, STATE_CHECKED), 'buffer').subarray(0, 8);
}

function valueOffset(record: Buffer): number {
  return HEADER_BYTES + record.readUInt32BE(8);
}

function laneOf(fingerprint: Fingerprint, lane: number): number {
  const at = lane * 4;
  return (
    (fingerprint.charCodeAt(at) << 24) |
    (fingerprint.charCodeAt(at + 1) << 16) |
    (fingerprint.charCodeAt(at + 2) << 8) |
    fingerprint.charCodeAt(at + 3)
  );
}

/** Numbers take 8 bytes, of which the first is 0: JavaScript's are exact up to 53 bits. */
function writeNumber(bytes: Buffer, value: number, offset: number): void {
  bytes.writeUInt16BE(0, offset);
  bytes.writeUIntBE(value, offset + 2, 6);
}

function readNumber(bytes: Buffer, offset: number): number {
  return bytes.readUIntBE(offset + 2, 6);
}
