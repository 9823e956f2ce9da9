// One line of the mount tables as it is stored and as `sys/mounts` and `sys/auth` show it.
import type { Seconds } from '#sdk/duration.ts';

export interface MountEntry {
  /** `secret` for what stands in sys/mounts, `auth` for sys/auth. */
  readonly kind: 'secret' | 'auth';
  /** From the root, with a slash at the end: `secret/`, `auth/userpass/`. */
  readonly path: string;
  readonly type: string;
  readonly description: string;
  readonly uuid: string;
  readonly accessor: string;
  readonly local: boolean;
  readonly sealWrap: boolean;
  readonly externalEntropyAccess: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly config: MountConfig;
}

/** What tuning changes, under its wire names. A field that was never set is absent. */
export interface MountConfig {
  /** 0: the system's. */
  readonly default_lease_ttl: Seconds;
  readonly max_lease_ttl: Seconds;
  readonly force_no_cache: boolean;
  readonly audit_non_hmac_request_keys?: readonly string[];
  readonly audit_non_hmac_response_keys?: readonly string[];
  readonly listing_visibility?: string;
  readonly passthrough_request_headers?: readonly string[];
  readonly allowed_response_headers?: readonly string[];
  readonly token_type?: string;
  readonly user_lockout_config?: LockoutConfig;
}

/** How wrong passwords lock a user, where the mount says otherwise than the configuration file. */
export interface LockoutConfig {
  /** 0: the configuration file's. */
  readonly lockout_threshold: number;
  readonly lockout_duration: Seconds;
  readonly lockout_counter_reset_duration: Seconds;
  readonly lockout_disable: boolean;
}
