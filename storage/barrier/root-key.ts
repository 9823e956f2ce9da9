// The root key, which encrypts the keyring and nothing else that is stored.
import { createSecretKey, type KeyObject } from 'node:crypto';
import { assert } from '#sdk/errors.ts';
import { KEYRING_KEY } from '../key.ts';
import { DamagedError } from '../physical.ts';
import { openEnvelope } from './envelope.ts';
import { KEY_BYTES } from './keyring.ts';

/** The root key is another one than that which the storage was made with, or changed to. */
export class WrongKeyError extends Error {
  override readonly name = 'WrongKeyError';
}

export function toKeyObject(key: Uint8Array): KeyObject {
  assert(key.length === KEY_BYTES, 'a root key is 32 bytes long');
  return createSecretKey(key);
}

/** Below the barrier every byte is checked, so a keyring that does not open means another key. */
export function openKeyring(rootKey: KeyObject, envelope: Uint8Array): Buffer {
  try {
    return openEnvelope(rootKey, KEYRING_KEY, envelope);
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    throw new WrongKeyError('the root key does not open the keyring', { cause: error });
  }
}
