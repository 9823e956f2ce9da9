// The metrics of a node: what its configuration wants to be kept, and what the node itself shows.
import { hostname } from 'node:os';
import type { Clock, Millis } from '#sdk/clock.ts';
import { seconds } from '#sdk/duration.ts';
import type { Config } from '../config.ts';
import { initialTelemetry } from '../config/telemetry.ts';
import type { InFlight } from '../in-flight.ts';
import type { Unsealed } from '../unsealed.ts';
import { Metrics, type GaugeValue } from './metrics.ts';
import { clusterGauges, storageGauges } from './raft-gauges.ts';

/** Without a telemetry stanza there is nothing for Prometheus. */
const NO_TELEMETRY = { ...initialTelemetry, prometheus_retention_time: seconds(0) };

/** @param now see `MetricsOptions`; whoever has no timer has a clock */
export function makeMetrics(
  { clock, config }: { readonly clock: Clock; readonly config: Pick<Config, 'telemetry'> },
  now: () => number = () => clock.now(),
): Metrics {
  const { telemetry = NO_TELEMETRY } = config;
  return new Metrics({ clock, now, telemetry, hostname: hostname() });
}

/** What of a node is shown. */
interface Shown {
  readonly inFlight: InFlight;
  readonly activeSince: Millis | undefined;
  unsealed(): Unsealed | undefined;
}

/** The state of the node, which a sealed one shows too. */
export function nodeGauges(node: Shown, clusterName: string): readonly GaugeValue[] {
  const labels = { cluster: clusterName };
  const services = node.unsealed();
  const gauges: readonly GaugeValue[] = [
    { name: 'core.unsealed', value: Number(services !== undefined), labels },
    { name: 'core.active', value: Number(node.activeSince !== undefined), labels },
    { name: 'core.in_flight_requests', value: node.inFlight.size, labels },
  ];
  if (services === undefined) return gauges;
  const { raft } = services.node;
  const isActive = node.activeSince !== undefined;
  return [
    ...gauges,
    { name: 'expire.num_leases', value: services.leases.size },
    ...(raft === undefined ? [] : storageGauges(raft.storage.status(), clusterName)),
    ...(raft === undefined || !isActive ? [] : clusterGauges(raft)),
  ];
}
