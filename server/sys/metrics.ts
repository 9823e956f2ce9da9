// sys/metrics: what the node has counted, for Prometheus or as JSON. Each node answers for itself.
// https://developer.hashicorp.com/vault/api-docs/system/metrics
import { text } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { raw, type RawReply } from '#sdk/reply.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

const metrics = path('metrics', {
  help: 'Export the metrics aggregated for telemetry purpose.',
  fields: {
    format: text('Format to export metrics into. Currently accepts only "prometheus".').default(''),
  },
  operations: {
    read: {
      standby: 'serve',
      summary: 'Read the metrics of this node',
      handler: ({ engine, data }) => {
        const { accept } = engine.known.admitted.arrived.headers;
        return showMetrics(engine.services.node.metrics, data.format, accept);
      },
    },
  },
});

export const metricsPaths = [metrics];

const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** @param accept the header: a client that asks for OpenMetrics is given what Prometheus is */
export async function showMetrics(
  shown: Metrics,
  format: string,
  accept: string | undefined,
): Promise<RawReply> {
  const asked = format === '' && accept?.startsWith('application/openmetrics-text') === true;
  if (format === 'prometheus' || asked) {
    if (!shown.keepsForPrometheus) return refusal('prometheus is not enabled');
    return raw({ status: 200, contentType: PROMETHEUS_TYPE, body: await shown.text() });
  }
  if (format !== '') return refusal(`metric response format ${JSON.stringify(format)} unknown`);
  const body = JSON.stringify(shown.json());
  return raw({ status: 200, contentType: 'application/json', body });
}

const refusal = (body: string): RawReply => raw({ status: 400, contentType: 'text/plain', body });
