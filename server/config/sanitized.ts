// The configuration as sys/config/state/sanitized shows it: no value of a stanza that may hold a secret.
import type { Config } from '../config.ts';

type Data = Readonly<Record<string, unknown>>;

export function sanitizedConfig(config: Config): Data {
  const { storage } = config;
  return {
    api_addr: config.api_addr,
    cluster_addr: config.cluster_addr,
    cluster_name: config.cluster_name,
    cache_size: config.cache_size,
    default_lease_ttl: config.default_lease_ttl,
    max_lease_ttl: config.max_lease_ttl,
    default_max_request_duration: config.default_max_request_duration,
    disable_cache: config.disable_cache,
    disable_clustering: config.disable_clustering,
    disable_indexing: config.disable_indexing,
    disable_mlock: config.disable_mlock,
    disable_performance_standby: config.disable_performance_standby,
    disable_printable_check: config.disable_printable_check,
    disable_sealwrap: config.disable_sealwrap,
    disable_sentinel_trace: config.disable_sentinel_trace,
    enable_response_header_hostname: config.enable_response_header_hostname,
    enable_response_header_raft_node_id: config.enable_response_header_raft_node_id,
    enable_ui: config.ui,
    introspection_endpoint: config.introspection_endpoint,
    listeners: config.listeners.map(({ type, raw }) => ({ type, config: raw })),
    log_format: config.log_format === 'standard' ? '' : config.log_format,
    log_level: config.log_level,
    pid_file: config.pid_file,
    plugin_directory: config.plugin_directory,
    raw_storage_endpoint: config.raw_storage_endpoint,
    seals: [{ type: 'shamir', disabled: false }],
    ...(storage === undefined
      ? {}
      : {
          storage: {
            type: storage.type,
            cluster_addr: config.cluster_addr,
            redirect_addr: config.api_addr,
            disable_clustering: config.disable_clustering,
          },
        }),
  };
}
