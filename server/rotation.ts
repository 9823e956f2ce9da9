// When the key of the barrier is rotated by itself, as `sys/rotate/config` keeps it.
import { millis } from '#sdk/clock.ts';
import { seconds } from '#sdk/duration.ts';
import type { RotationConfig } from '#storage/barrier/barrier.ts';

export const ROTATION_KEY = 'core/rotate-config';

/** Vault's bounds: a key that changes more often only makes the keyring longer. */
export const OPERATIONS_MIN = 1_000_000;
export const INTERVAL_MIN = seconds(24 * 3600);

/** Under its wire names; the interval is in seconds, 0 for none. */
export interface RotationRecord {
  readonly enabled: boolean;
  readonly max_operations: number;
  readonly interval: number;
}

/** 90 % of what AES-GCM allows under one key with random nonces (NIST SP 800-38D: 2^32 encryptions). */
export const DEFAULT_ROTATION: RotationRecord = {
  enabled: true,
  max_operations: 3_865_470_566,
  interval: 0,
};

export function readRotation(read: (key: string) => object | undefined): RotationConfig {
  const record = (read(ROTATION_KEY) as RotationRecord | undefined) ?? DEFAULT_ROTATION;
  return {
    enabled: record.enabled,
    maxOperations: record.max_operations,
    interval: millis(record.interval * 1000),
  };
}
