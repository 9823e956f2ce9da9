// The contract of a seal: how the root key is guarded while the barrier is sealed. What a seal keeps lies outside of
// the barrier and is committed by whoever changes the keyring, in the same batch.
import type { Batch } from '../physical.ts';

/** What `sys/seal-status` shows of the configuration. */
export interface SealConfig {
  readonly type: string;
  readonly secret_shares: number;
  readonly secret_threshold: number;
}

/** How far one attempt to unseal has come on this node. */
export interface UnsealProgress {
  /** How many shares are there. */
  readonly progress: number;
  /** Names the attempt; empty when there is none. */
  readonly nonce: string;
}

/** A root key under guard: what its keepers are given, and what is to be committed with the keyring. */
export interface Guarded {
  /** The shares, which nobody else has: whoever hands them out zeroes them. */
  readonly shares: readonly Buffer[];
  readonly records: Batch['writes'];
}

export interface Seal {
  readonly type: string;
  /** `undefined` before initialisation. */
  readonly config: SealConfig | undefined;
  readonly progress: UnsealProgress;

  /**
   * Puts a root key under the guard of new shares.
   *
   * @throws ClientError when the numbers make no sense
   */
  guard(rootKey: Uint8Array, numbers: ShareNumbers): Guarded;

  /**
   * Takes one share; with the last one that is needed, answers the root key, which the caller zeroes.
   *
   * @throws ClientError for a share that cannot be one, and for shares that are not the right ones, which are
   *   then forgotten
   */
  provide(share: Uint8Array): Buffer | undefined;

  /** Forgets the shares of the attempt. */
  reset(): void;
}

export interface ShareNumbers {
  readonly secret_shares: number;
  readonly secret_threshold: number;
}
