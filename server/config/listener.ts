// What a `listener` stanza may say: where requests arrive, over which TLS, with which limits.
import { DEFAULT_JSON_LIMITS as JSON_LIMITS } from '../http/json-limits.ts';
import { address, networkList } from './addresses.ts';
import { cipherSuites } from './ciphers.ts';
import { customResponseHeaders } from './headers.ts';
import {
  block,
  exactSeconds,
  flag,
  inert,
  oneOf,
  text,
  texts,
  whole,
  type Settings,
} from './setting.ts';

/** Vault's default bound of a request's body, 32 MiB. */
const MAX_REQUEST_SIZE = 33_554_432;
const NO_PROFILING = 'there is no profiling endpoint';
const CORS = 'origins are allowed through sys/config/cors';
const OTHER_EDITION = 'it is part of another edition';

const TLS = {
  tls_disable: flag(),
  tls_cert_file: text(),
  tls_key_file: text(),
  tls_client_ca_file: text(),
  tls_require_and_verify_client_cert: flag(),
  tls_disable_client_certs: flag(),
  tls_min_version: oneOf('tls12', ['tls12', 'tls13']),
  tls_max_version: oneOf('tls13', ['tls12', 'tls13']),
  tls_cipher_suites: cipherSuites(),
  tls_prefer_server_cipher_suites: inert(flag(), 'the server always prefers its own order'),
};

const FORWARDING = {
  x_forwarded_for_authorized_addrs: networkList(),
  x_forwarded_for_hop_skips: whole(),
  x_forwarded_for_reject_not_present: flag(true),
  x_forwarded_for_reject_not_authorized: flag(true),
  x_forwarded_for_client_cert_header: text(),
  x_forwarded_for_client_cert_header_decoders: text(),
  proxy_protocol_behavior: oneOf('', ['', 'use_always', 'allow_authorized', 'deny_unauthorized']),
  proxy_protocol_authorized_addrs: networkList(),
};

export const LIMITS = {
  max_request_size: whole(MAX_REQUEST_SIZE),
  max_request_duration: exactSeconds(90),
  http_read_header_timeout: exactSeconds(10),
  http_read_timeout: exactSeconds(30),
  http_write_timeout: exactSeconds(0),
  http_idle_timeout: exactSeconds(300),
  max_json_depth: whole(JSON_LIMITS.max_json_depth),
  max_json_string_value_length: whole(JSON_LIMITS.max_json_string_value_length),
  max_json_object_entry_count: whole(JSON_LIMITS.max_json_object_entry_count),
  max_json_array_element_count: whole(JSON_LIMITS.max_json_array_element_count),
  max_json_token: whole(JSON_LIMITS.max_json_token),
  max_token_header_size: whole(8_192),
  disable_request_limiter: inert(flag(), OTHER_EDITION),
};

const ANSWERS = {
  require_request_header: flag(),
  custom_response_headers: customResponseHeaders(),
  telemetry: block({ unauthenticated_metrics_access: flag() }),
  profiling: block({ unauthenticated_pprof_access: inert(flag(), NO_PROFILING) }),
  inflight_requests_logging: block({ unauthenticated_in_flight_requests_access: flag() }),
  redact_addresses: flag(),
  redact_cluster_name: flag(),
  redact_version: flag(),
  // Without a token nobody may start or cancel these, unless the file asks for it.
  disable_unauthed_rekey_endpoints: flag(true),
  disable_unauthed_generate_root_endpoints: flag(true),
  disable_replication_status_endpoints: inert(flag(), OTHER_EDITION),
  chroot_namespace: inert(text(), OTHER_EDITION),
  cors_enabled: inert(flag(), CORS),
  cors_allowed_origins: inert(texts(), CORS),
  cors_allowed_headers: inert(texts(), CORS),
};

export const LISTENER = {
  type: text(),
  purpose: inert(texts(), 'a listener serves all requests'),
  role: inert(text(), 'a listener serves all requests'),
  address: address(),
  cluster_address: address(),
  socket_mode: text(),
  socket_user: text(),
  socket_group: text(),
  ...TLS,
  ...FORWARDING,
  ...LIMITS,
  ...ANSWERS,
};

export type GivenListener = Partial<Settings<typeof LISTENER>>;

export type Listener = Omit<Settings<typeof LISTENER>, 'type'> & {
  readonly type: 'tcp' | 'unix';
  /** The stanza as it was written, to be shown to operators. */
  readonly raw: unknown;
};
