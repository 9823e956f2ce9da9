// The form of one encrypted value: term (4 bytes, big-endian) | version (2) | nonce (12) | ciphertext | tag (16).
// The storage key is authenticated with it, so a value that is moved to another key does not open.
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { DamagedError } from '../physical.ts';
import type { Nonces } from './nonces.ts';

/** The number of a key of the barrier in the order of their installation. */
export type Term = number & { readonly unit: 'term' };

export interface TermKey {
  readonly term: Term;
  /** AES-256. As a KeyObject and never as bytes: OpenSSL then does not set it up anew for each call. */
  readonly key: KeyObject;
}

const CIPHER = 'aes-256-gcm';
/** Version 1 of the form did not authenticate the storage key; nobody here has ever written it. */
const VERSION = 2;
const NONCE_START = 5;
const CIPHERTEXT_START = 17;
const TAG_BYTES = 16;

/** How much longer an envelope is than its plaintext. */
export const OVERHEAD_BYTES = CIPHERTEXT_START + TAG_BYTES;

export function sealEnvelope(
  { term, key }: TermKey,
  nonces: Pick<Nonces, 'fill'>,
  storageKey: string,
  plaintext: Uint8Array,
): Buffer {
  const envelope = Buffer.allocUnsafe(OVERHEAD_BYTES + plaintext.length);
  envelope.writeUInt32BE(term, 0);
  envelope[4] = VERSION;
  const nonce = envelope.subarray(NONCE_START, CIPHERTEXT_START);
  nonces.fill(nonce);
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(Buffer.from(storageKey));
  envelope.set(cipher.update(plaintext), CIPHERTEXT_START);
  cipher.final();
  envelope.set(cipher.getAuthTag(), CIPHERTEXT_START + plaintext.length);
  return envelope;
}

/** @throws DamagedError when it cannot be an envelope */
export function termOf(envelope: Uint8Array, storageKey: string): Term {
  if (envelope.length < OVERHEAD_BYTES || envelope[4] !== VERSION) {
    throw new DamagedError(`the value of ${storageKey} is not in the form of the barrier`);
  }
  return new DataView(envelope.buffer, envelope.byteOffset).getUint32(0) as Term;
}

/**
 * The plaintext; the caller has found the key of its term.
 *
 * @throws DamagedError when the key, the storage key or a byte is another than when it was sealed
 */
export function openEnvelope(key: KeyObject, storageKey: string, envelope: Uint8Array): Buffer {
  const decipher = createDecipheriv(CIPHER, key, envelope.subarray(NONCE_START, CIPHERTEXT_START), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(storageKey));
  decipher.setAuthTag(envelope.subarray(envelope.length - TAG_BYTES));
  const plaintext = decipher.update(envelope.subarray(CIPHERTEXT_START, -TAG_BYTES));
  try {
    decipher.final();
  } catch {
    plaintext.fill(0);
    throw new DamagedError(`the value of ${storageKey} does not open`);
  }
  return plaintext;
}

/** What `open` opens, `undefined` where that is not what was sealed: whoever presents it may have made it up. */
export function undamaged<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    if (error instanceof DamagedError) return undefined;
    throw error;
  }
}
