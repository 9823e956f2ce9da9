// The `telemetry` stanza: which metrics are kept, under which names, and for how long.
import type { Seconds } from '#sdk/duration.ts';
import { HclError } from '../hcl/position.ts';
import {
  block,
  exactSeconds,
  flag,
  inert,
  initialOf,
  readText,
  readTexts,
  text,
  texts,
  whole,
  type Setting,
  type Settings,
} from './setting.ts';

const DAY = 86_400;
const PULLED = 'metrics are fetched from sys/metrics, nothing is sent';

const SENT = {
  statsite_address: inert(text(), PULLED),
  statsd_address: inert(text(), PULLED),
  dogstatsd_addr: inert(text(), PULLED),
  dogstatsd_tags: inert(texts(), PULLED),
  stackdriver_project_id: inert(text(), PULLED),
  stackdriver_location: inert(text(), PULLED),
  stackdriver_namespace: inert(text(), PULLED),
  stackdriver_debug_logs: inert(flag(), PULLED),
  circonus_api_token: inert(text(), PULLED),
  circonus_api_app: inert(text(), PULLED),
  circonus_api_url: inert(text(), PULLED),
  circonus_submission_interval: inert(text(), PULLED),
  circonus_submission_url: inert(text(), PULLED),
  circonus_check_id: inert(text(), PULLED),
  circonus_check_force_metric_activation: inert(text(), PULLED),
  circonus_check_instance_id: inert(text(), PULLED),
  circonus_check_search_tag: inert(text(), PULLED),
  circonus_check_tags: inert(text(), PULLED),
  circonus_check_display_name: inert(text(), PULLED),
  circonus_broker_id: inert(text(), PULLED),
  circonus_broker_select_tag: inert(text(), PULLED),
  opentelemetry_disable: inert(flag(), PULLED),
};

const TELEMETRY = {
  prometheus_retention_time: exactSeconds(DAY),
  disable_hostname: flag(),
  enable_hostname_label: flag(),
  metrics_prefix: text('vault'),
  usage_gauge_period: secondsOrNone(600),
  maximum_gauge_cardinality: whole(500),
  lease_metrics_epsilon: secondsOrNone(3_600),
  num_lease_metrics_buckets: whole(168),
  add_lease_metrics_namespace_labels: flag(),
  add_mount_point_rollback_metrics: inert(flag(), 'rollbacks are counted together'),
  filter_default: flag(true),
  prefix_filter: prefixFilter(),
  ...SENT,
};

export type Telemetry = Settings<typeof TELEMETRY>;

/** What holds where a stanza says nothing. */
export const initialTelemetry: Telemetry = initialOf(TELEMETRY);

export const telemetry = (): Setting<Telemetry> => block(TELEMETRY);

/** Seconds, or the word `none` for never. */
function secondsOrNone(initial: number): Setting<Seconds> {
  const seconds = exactSeconds(initial);
  return {
    ...seconds,
    read: (value, context) =>
      readText(value) === 'none' ? (0 as Seconds) : seconds.read(value, context),
  };
}

/** Beginnings of names that are kept (`+vault.core`) or left out (`-vault.runtime`). */
function prefixFilter(): Setting<readonly string[]> {
  return {
    initial: [],
    read: (value) => {
      const rules = readTexts(value);
      const wrong = rules.find((rule) => !/^[+-]/.test(rule));
      if (wrong === undefined) return rules;
      const found = JSON.stringify(wrong);
      throw new HclError(`Filter rule must begin with either '+' or '-': ${found}`, value.at);
    },
  };
}
