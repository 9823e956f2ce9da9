// Prometheus' text form as { metric: { type, labels } }: which metrics there are, not what they count.

interface Metric {
  readonly type: string;
  readonly labels: readonly string[];
}

export function parsePrometheus(text: string): Readonly<Record<string, Metric>> {
  const metrics: Record<string, Metric> = {};
  for (const line of text.split('\n')) {
    const [, declared, type] = /^# TYPE (\S+) (\S+)/.exec(line) ?? [];
    if (declared !== undefined && type !== undefined) metrics[declared] = { type, labels: [] };
    const [, sample, labels = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? /.exec(line) ?? [];
    if (sample === undefined) continue;
    const name = sample in metrics ? sample : sample.replace(/_(bucket|sum|count)$/, '');
    const metric = metrics[name];
    if (metric !== undefined) metrics[name] = withLabels(metric, labels);
  }
  return metrics;
}

function withLabels({ type, labels }: Metric, text: string): Metric {
  const found = [...text.matchAll(/(\w+)="/g)].map(([, label = '']) => label);
  return { type, labels: [...new Set([...labels, ...found])].toSorted() };
}
