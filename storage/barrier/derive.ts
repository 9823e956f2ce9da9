// Keys for other purposes than storage, made from the root key: each says nothing of the others, nor of the root key.
import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { KEY_BYTES } from './keyring.ts';

export function deriveKey(rootKey: KeyObject, context: string): KeyObject {
  const bytes = Buffer.from(hkdfSync('sha256', rootKey, '', context, KEY_BYTES));
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}
