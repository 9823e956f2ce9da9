// The seal of operators: a random unseal key is split into shares, and encrypts the root key at rest. On disk are the
// numbers (core/seal-config, plain JSON) and the root key under the unseal key (core/hsm/barrier-unseal-keys).
import { createSecretKey } from 'node:crypto';
import { assert, badRequest } from '#sdk/errors.ts';
import { openEnvelope, sealEnvelope, type Term } from '../barrier/envelope.ts';
import { KEY_BYTES, ownCopy, randomKey } from '../barrier/keyring.ts';
import { Nonces } from '../barrier/nonces.ts';
import { SEAL_CONFIG_KEY, STORED_ROOT_KEY } from '../key.ts';
import { DamagedError, type Physical } from '../physical.ts';
import type { Guarded, Seal, SealConfig, ShareNumbers, UnsealProgress } from './seal.ts';
import { combine, MAX_SHARES, ShareError, split } from './shamir.ts';
import { ShareCollector } from './share-collector.ts';

/** No key of the barrier encrypts the root key, and theirs begin at 1. */
const UNSEAL_TERM = 0 as Term;

export class ShamirSeal implements Seal {
  readonly type = 'shamir';
  readonly #physical: Physical;
  readonly #collector = new ShareCollector();
  readonly #nonces = new Nonces();

  constructor(physical: Physical) {
    this.#physical = physical;
  }

  /** Read again each time: another node may have changed it. */
  get config(): SealConfig | undefined {
    const bytes = this.#physical.get(SEAL_CONFIG_KEY);
    return bytes === undefined ? undefined : parseConfig(bytes);
  }

  get progress(): UnsealProgress {
    return { progress: this.#collector.progress, nonce: this.#collector.nonce };
  }

  guard(rootKey: Uint8Array, numbers: ShareNumbers): Guarded {
    checkNumbers(numbers);
    const unsealKey = randomKey();
    const key = { term: UNSEAL_TERM, key: createSecretKey(unsealKey) };
    const stored = sealEnvelope(key, this.#nonces, STORED_ROOT_KEY, rootKey);
    const { secret_shares, secret_threshold } = numbers;
    const config = { type: this.type, secret_shares, secret_threshold };
    const records = new Map([
      [SEAL_CONFIG_KEY, Buffer.from(JSON.stringify(config))],
      [STORED_ROOT_KEY, stored],
    ]);
    return { shares: shareOut(unsealKey, numbers), records };
  }

  provide(share: Uint8Array): Buffer | undefined {
    const { config } = this;
    if (config === undefined) throw badRequest('Vault is not initialized');
    const isNew = this.#collector.add(share);
    if (!isNew || this.#collector.progress < config.secret_threshold) return undefined;
    return this.#collector.use((parts) => this.openRootKey(parts));
  }

  reset(): void {
    this.#collector.reset();
  }

  /**
   * The root key, from as many shares as the threshold; the caller zeroes both.
   *
   * @throws ClientError when they are not the right ones
   */
  openRootKey(parts: readonly Buffer[]): Buffer {
    return openStoredRootKey(this.#physical.get(STORED_ROOT_KEY), parts);
  }

  /** The same of a root key that is under guard, but not committed yet. */
  openGuarded({ records }: Pick<Guarded, 'records'>, parts: readonly Buffer[]): Buffer {
    return openStoredRootKey(records.get(STORED_ROOT_KEY), parts);
  }
}

/**
 * The root key in what a seal has stored, here or on another node; the caller zeroes both.
 *
 * @throws ClientError when the shares are not the right ones
 */
export function openStoredRootKey(
  stored: Uint8Array | undefined,
  parts: readonly Buffer[],
): Buffer {
  assert(stored !== undefined, 'an initialised seal has a stored root key');
  const unsealKey = combineShares(parts);
  try {
    return openEnvelope(createSecretKey(unsealKey), STORED_ROOT_KEY, stored);
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    // Below the barrier every byte is checked, so it was another key. The words are Vault's.
    const reason = 'failed to decrypt keys from storage: cipher: message authentication failed';
    throw badRequest(`unable to retrieve stored keys: invalid key: ${reason}`);
  } finally {
    unsealKey.fill(0);
  }
}

/** The one share of one is the unseal key itself. */
function shareOut(unsealKey: Buffer, numbers: ShareNumbers): readonly Buffer[] {
  if (numbers.secret_shares === 1) return [unsealKey];
  const shares = split(unsealKey, {
    shares: numbers.secret_shares,
    threshold: numbers.secret_threshold,
  });
  unsealKey.fill(0);
  return shares;
}

function combineShares(parts: readonly Buffer[]): Buffer {
  const [only, ...others] = parts;
  const unsealKey = others.length === 0 && only ? ownCopy(only) : tryToCombine(parts);
  if (unsealKey.length !== KEY_BYTES) {
    unsealKey.fill(0);
    const reason = `crypto/aes: invalid key size ${unsealKey.length}`;
    throw badRequest(`invalid key: failed to setup unseal key: ${reason}`);
  }
  return unsealKey;
}

function tryToCombine(parts: readonly Buffer[]): Buffer {
  try {
    return combine(parts);
  } catch (error) {
    if (!(error instanceof ShareError)) throw error;
    throw badRequest(`invalid key: failed to compute combined key: ${error.message}`);
  }
}

/**
 * In Vault's order and words.
 *
 * @throws ClientError 400 for numbers that no key can be shared by
 */
export function checkNumbers({
  secret_shares: shares,
  secret_threshold: threshold,
}: ShareNumbers): void {
  const rules: readonly (readonly [boolean, string])[] = [
    [shares >= 1, 'shares must be at least one'],
    [threshold >= 1, 'threshold must be at least one'],
    [shares === 1 || threshold > 1, 'threshold must be greater than one for multiple shares'],
    [shares <= MAX_SHARES, `shares must be less than ${MAX_SHARES + 1}`],
    [threshold <= MAX_SHARES, `threshold must be less than ${MAX_SHARES + 1}`],
    [threshold <= shares, 'threshold cannot be larger than shares'],
  ];
  const broken = rules.find(([holds]) => !holds);
  if (broken !== undefined) throw badRequest(`invalid seal configuration: ${broken[1]}`);
}

function parseConfig(bytes: Uint8Array): SealConfig {
  return JSON.parse(Buffer.from(bytes).toString()) as SealConfig;
}
