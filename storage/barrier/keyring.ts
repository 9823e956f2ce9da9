// The keys of the barrier by term, and the root key that encrypts them at rest. A keyring is replaced, never changed,
// but for the counts of encryptions that it keeps.
import { createSecretKey, randomFillSync, type KeyObject } from 'node:crypto';
import type { Millis } from '#sdk/clock.ts';
import { assert } from '#sdk/errors.ts';
import { DamagedError } from '../physical.ts';
import type { Term, TermKey } from './envelope.ts';

/** AES-256. The root key and the unseal key are as long. */
export const KEY_BYTES = 32;

interface InstalledKey extends TermKey {
  readonly installTime: Millis;
  /** How often it has encrypted: random nonces are safe for 2^32 times. */
  encryptions: number;
}

/** Version (1 byte) and number of keys (4), then of each: term (4), time (8), encryptions (8), key (32). */
const HEADER_BYTES = 5;
const ENTRY_BYTES = 52;
const VERSION = 1;

export class Keyring {
  readonly rootKey: KeyObject;
  readonly #keys: ReadonlyMap<Term, InstalledKey>;
  readonly active: InstalledKey;

  private constructor(rootKey: KeyObject, keys: readonly InstalledKey[]) {
    const newest = keys.toSorted((left, right) => right.term - left.term)[0];
    assert(newest !== undefined, 'a keyring has at least one key');
    this.rootKey = rootKey;
    this.active = newest;
    this.#keys = new Map(keys.map((key) => [key.term, key]));
  }

  static create(rootKey: KeyObject, installTime: Millis): Keyring {
    return new Keyring(rootKey, [newKey(1 as Term, installTime)]);
  }

  keyOf(term: Term): KeyObject | undefined {
    return this.#keys.get(term)?.key;
  }

  /** The same keys and a new one that is active from now on. */
  rotate(installTime: Millis): Keyring {
    const next = newKey((this.active.term + 1) as Term, installTime);
    return new Keyring(this.rootKey, [...this.#keys.values(), next]);
  }

  withRootKey(rootKey: KeyObject): Keyring {
    return new Keyring(rootKey, [...this.#keys.values()]);
  }

  /** All keys as bytes, which the caller encrypts and zeroes. */
  serialise(): Buffer {
    const bytes = secretBytes(HEADER_BYTES + this.#keys.size * ENTRY_BYTES);
    bytes[0] = VERSION;
    bytes.writeUInt32BE(this.#keys.size, 1);
    let at = HEADER_BYTES;
    for (const { term, installTime, encryptions, key } of this.#keys.values()) {
      bytes.writeUInt32BE(term, at);
      bytes.writeDoubleBE(installTime, at + 4);
      bytes.writeDoubleBE(encryptions, at + 12);
      const raw = key.export();
      bytes.set(raw, at + 20);
      raw.fill(0);
      at += ENTRY_BYTES;
    }
    return bytes;
  }

  /** The keyring that `serialise` made; `bytes` are zeroed. */
  static parse(rootKey: KeyObject, bytes: Buffer): Keyring {
    try {
      const count = bytes.readUInt32BE(1);
      if (bytes[0] !== VERSION || bytes.length !== HEADER_BYTES + count * ENTRY_BYTES) {
        throw new DamagedError('the keyring is not in the form that this version writes');
      }
      const keys = Array.from({ length: count }, (_, at) =>
        parseKey(bytes.subarray(HEADER_BYTES + at * ENTRY_BYTES)),
      );
      return new Keyring(rootKey, keys);
    } finally {
      bytes.fill(0);
    }
  }
}

/**
 * Memory for a secret, all zeroes, which whoever fills it zeroes again. Bytes of a buffer that was made by its length
 * lie in V8's own heap while they are few: that moves them about, and leaves copies that nobody can zero.
 */
export function secretBytes(length: number): Buffer {
  return Buffer.from(new ArrayBuffer(length));
}

/** A new random key as bytes of its own, which the caller zeroes. */
export function randomKey(): Buffer {
  return randomFillSync(secretBytes(KEY_BYTES));
}

/** A copy of secret bytes in memory of their own: Node's pool would hand the place on before it is zeroed. */
export function ownCopy(bytes: Uint8Array): Buffer {
  const copy = secretBytes(bytes.length);
  copy.set(bytes);
  return copy;
}

function newKey(term: Term, installTime: Millis): InstalledKey {
  const raw = randomKey();
  const key = createSecretKey(raw);
  raw.fill(0);
  return { term, key, installTime, encryptions: 0 };
}

function parseKey(bytes: Buffer): InstalledKey {
  return {
    term: bytes.readUInt32BE(0) as Term,
    installTime: bytes.readDoubleBE(4) as Millis,
    encryptions: bytes.readDoubleBE(12),
    key: createSecretKey(bytes.subarray(20, ENTRY_BYTES)),
  };
}
