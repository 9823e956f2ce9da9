// The settings of a configuration file that stand outside of any stanza.
import { address } from './addresses.ts';
import {
  block,
  exactSeconds,
  flag,
  inert,
  oneOf,
  optional,
  text,
  texts,
  whole,
  wholeSeconds,
  type Settings,
} from './setting.ts';
import { telemetry } from './telemetry.ts';

const DAY = 86_400;
const THIRTY_TWO_DAYS = 32 * DAY;
const NO_PLUGINS = 'engines and auth methods are built in';
const LOG_ROTATION =
  'the log file is opened for each line, so that it can be moved away at any time';
const OTHER_EDITION = 'it is part of another edition';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
const LOG_FORMATS = ['standard', 'json'] as const;

const LOGGING = {
  log_level: oneOf('info', LOG_LEVELS, { err: 'error', notice: 'info', warning: 'warn' }),
  log_format: oneOf('standard', LOG_FORMATS, { unspecified: 'standard' }),
  log_file: text(),
};

const WITHOUT_EFFECT = {
  cache_size: inert(whole(), 'what is kept in memory is bounded by its bytes'),
  disable_cache: inert(flag(), 'what is kept in memory is never older than what is stored'),
  introspection_endpoint: inert(flag(), 'there is nothing to look into'),
  disable_printable_check: inert(flag(), 'control characters in names are always refused'),
  log_rotate_duration: inert(text(), LOG_ROTATION),
  log_rotate_bytes: inert(whole(), LOG_ROTATION),
  log_rotate_max_files: inert(whole(), LOG_ROTATION),
  log_requests_level: inert(text(), 'requests are on record in the audit log'),
  // Memory of this runtime cannot be locked: swap has to be off, so both values mean the same.
  disable_mlock: flag(),
  plugin_directory: inert(text(), NO_PLUGINS),
  plugin_tmpdir: inert(text(), NO_PLUGINS),
  plugin_file_uid: inert(whole(), NO_PLUGINS),
  plugin_file_permissions: inert(text(), NO_PLUGINS),
  cluster_cipher_suites: inert(text(), 'nodes speak TLS 1.3 with each other'),
  disable_sealwrap: inert(flag(), OTHER_EDITION),
  disable_indexing: inert(flag(), OTHER_EDITION),
  disable_sentinel_trace: inert(flag(), OTHER_EDITION),
  license_path: inert(text(), OTHER_EDITION),
  administrative_namespace_path: inert(text(), OTHER_EDITION),
  enable_multiseal: inert(flag(), OTHER_EDITION),
  remove_irrevocable_lease_after: inert(exactSeconds(), OTHER_EDITION),
  experiments: inert(texts(), 'there are no experiments'),
  enable_post_unseal_trace: inert(flag(), 'there are no traces'),
  post_unseal_trace_directory: inert(text(), 'there are no traces'),
  imprecise_lease_role_tracking: inert(flag(), 'lease counts are always exact'),
  detect_deadlocks: inert(text(), 'there are no locks to wait for'),
  request_limiter: inert(optional(block({ disable: flag() })), OTHER_EDITION),
};

export const MAIN = {
  api_addr: address(),
  cluster_addr: address(),
  cluster_name: text(),
  disable_clustering: flag(),
  default_lease_ttl: wholeSeconds(THIRTY_TWO_DAYS),
  max_lease_ttl: wholeSeconds(THIRTY_TWO_DAYS),
  default_max_request_duration: exactSeconds(90),
  ui: flag(),
  raw_storage_endpoint: flag(),
  allow_audit_log_prefixing: flag(),
  unsafe_allow_api_audit_creation: flag(),
  enable_response_header_hostname: flag(),
  /** Standbys answer nothing from what they store, and send everything on to the active node. */
  disable_performance_standby: flag(),
  enable_response_header_raft_node_id: flag(),
  pid_file: text(),
  telemetry: optional(telemetry()),
  ...LOGGING,
  ...WITHOUT_EFFECT,
};

export type MainSettings = Settings<typeof MAIN>;
