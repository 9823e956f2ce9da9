// The key of the barrier is rotated by itself when it is old or much used, as sys/rotate/config says.
import { millis, type Clock } from '#sdk/clock.ts';
import { seconds, type Seconds } from '#sdk/duration.ts';
import type { Barrier } from '#storage/barrier/barrier.ts';
import type { Transaction } from '#storage/transaction.ts';
import type { Log } from './log.ts';

const CONFIG_KEY = 'core/rotation-config';

/** Random nonces of 96 bits are safe for 2^32 operations with a key; Vault stops at nine tenths of that. */
export const MAX_OPERATIONS = 3_865_470_566;
/** Vault's bounds: a key that changes more often only makes the keyring longer. */
export const MIN_OPERATIONS = 1_000_000;
export const MIN_INTERVAL = seconds(24 * 3600);

/** How often it is looked whether the key is due: a busy server encrypts some millions of times in between. */
const CHECK_INTERVAL = millis(5 * 60 * 1000);

/** Under the names of the wire. */
export interface RotationRecord {
  readonly enabled: boolean;
  readonly max_operations: number;
  /** 0: never because of its age. */
  readonly interval: Seconds;
}

const STANDARD: RotationRecord = {
  enabled: true,
  max_operations: MAX_OPERATIONS,
  interval: seconds(0),
};

export function readRotation(transaction: Transaction): RotationRecord {
  return transaction.get<RotationRecord>(CONFIG_KEY) ?? STANDARD;
}

export function writeRotation(transaction: Transaction, record: RotationRecord): void {
  transaction.put(CONFIG_KEY, record);
}

interface KeeperOptions {
  readonly clock: Clock;
  readonly barrier: Barrier;
  readonly log: Log;
}

/** Looks after the key while the node is unsealed, and keeps the count of its uses. */
export class KeyKeeper {
  readonly #options: KeeperOptions;
  #cancel: (() => void) | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#wait();
  }

  /** The count of uses is kept once more; the barrier is still open. */
  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#options.barrier.saveEncryptions();
  }

  #wait(): void {
    this.#cancel = this.#options.clock.after(CHECK_INTERVAL, () => void this.#look());
  }

  async #look(): Promise<void> {
    try {
      await this.#rotateWhenDue();
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'not an error';
      this.#options.log.error('the encryption key could not be looked after', { error: reason });
    }
    if (this.#cancel !== undefined) this.#wait();
  }

  async #rotateWhenDue(): Promise<void> {
    const { barrier, log } = this.#options;
    const { enabled, max_operations, interval } =
      barrier.read<RotationRecord>(CONFIG_KEY)?.value ?? STANDARD;
    const config = { enabled, maxOperations: max_operations, interval: millis(interval * 1000) };
    if (!barrier.rotationDue(config)) {
      await barrier.saveEncryptions();
      return;
    }
    await barrier.rotate();
    log.info('the encryption key was rotated by itself', { ...barrier.keyInformation() });
  }
}
