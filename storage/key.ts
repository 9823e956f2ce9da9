// Which keys may be written through the barrier.

/** What lies outside of the barrier: what is needed to open it. */
export const KEYRING_KEY = 'core/keyring';
export const SEAL_CONFIG_KEY = 'core/seal-config';
export const STORED_ROOT_KEY = 'core/hsm/barrier-unseal-keys';
/** The root key under a key of the barrier, for nodes that are unsealed while it changes. */
export const ROOT_KEY = 'core/root-key';

const OUTSIDE_BARRIER: ReadonlySet<string> = new Set([
  KEYRING_KEY,
  SEAL_CONFIG_KEY,
  STORED_ROOT_KEY,
  ROOT_KEY,
]);

/** Whether a key is one of those that the barrier neither reads nor writes. */
export const isOutsideBarrier = (key: string): boolean => OUTSIDE_BARRIER.has(key);

/** What Vault's own storage takes: keys stay in memory, and a path that a request line can hold is shorter. */
export const MAX_KEY_LENGTH = 32_768;

const CONTROL_CHARACTER = /\p{Cc}/u;

/** A key that no storage keeps. A client has chosen some part of it, so the message says which rule it breaks. */
export class InvalidKeyError extends Error {
  override readonly name = 'InvalidKeyError';
}

/** @throws InvalidKeyError for a key that could not be listed, or that another key could be taken for */
export function checkKey(key: string): void {
  const reason = faultOf(key);
  if (reason !== undefined) throw new InvalidKeyError(reason);
}

function faultOf(key: string): string | undefined {
  if (key.length > MAX_KEY_LENGTH) return `a storage key is longer than ${MAX_KEY_LENGTH}`;
  if (key === '' || key.startsWith('/') || key.endsWith('/') || key.includes('//')) {
    return 'a storage key has an empty segment';
  }
  if (CONTROL_CHARACTER.test(key)) return 'a storage key holds a control character';
  // Half of a surrogate pair would become another character in UTF-8.
  if (!key.isWellFormed()) return 'a storage key is not valid Unicode';
  if (OUTSIDE_BARRIER.has(key)) return `the barrier does not write ${key}`;
  return undefined;
}
