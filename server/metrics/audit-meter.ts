// What the audit broker reports, under Vault's names.
import type { AuditMeter } from '../audit/broker.ts';
import type { Metrics } from './metrics.ts';

export function auditMeter(metrics: Metrics): AuditMeter {
  // Dashboards ask for the failures before there are any.
  metrics.count('audit.log_request_failure', 0);
  metrics.count('audit.log_response_failure', 0);
  return {
    logged: (type, milliseconds, path) => {
      const name = path === undefined ? 'audit' : (`audit.${path}` as const);
      metrics.sample(`${name}.log_${type}`, milliseconds);
    },
    failed: (type) => metrics.count(`audit.log_${type}_failure`),
  };
}
