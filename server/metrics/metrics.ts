// The figures of a node under Vault's names (https://developer.hashicorp.com/vault/docs/internals/telemetry), as
// Prometheus and as Vault's own JSON show them.
import { Registry } from 'prom-client';
import type { Clock } from '#sdk/clock.ts';
import type { Telemetry } from '../config/telemetry.ts';
import { makeFilter } from './filter.ts';
import { QUANTILES, Samples } from './samples.ts';

export type Labels = Readonly<Record<string, string>>;

/** What a gauge shows now, once for each set of labels. */
export type Gauge = () => readonly GaugeValue[];

export interface GaugeValue {
  readonly name: string;
  readonly value: number;
  readonly labels?: Labels;
}

interface Counted {
  readonly labels: Labels;
  value: number;
}

export interface MetricsOptions {
  readonly clock: Clock;
  readonly telemetry: Pick<
    Telemetry,
    | 'metrics_prefix'
    | 'prometheus_retention_time'
    | 'filter_default'
    | 'prefix_filter'
    | 'enable_hostname_label'
  >;
  readonly hostname: string;
}

/** Names are in Vault's dotted form without the prefix: `raft.apply`. */
export class Metrics {
  readonly #options: MetricsOptions;
  readonly #isKept: (name: string) => boolean;
  readonly #always: Labels;
  readonly #counters = new Map<string, Map<string, Counted>>();
  readonly #samples = new Map<string, Samples>();
  readonly #gauges = new Set<Gauge>();

  constructor(options: MetricsOptions) {
    const { telemetry, hostname } = options;
    this.#options = options;
    this.#isKept = makeFilter(telemetry.prefix_filter, telemetry.filter_default);
    this.#always = telemetry.enable_hostname_label ? { host: hostname } : {};
  }

  /** Whether Prometheus may ask. */
  get keepsForPrometheus(): boolean {
    return this.#options.telemetry.prometheus_retention_time > 0;
  }

  count(name: string, by = 1, labels: Labels = {}): void {
    const series = this.#counters.get(name) ?? new Map<string, Counted>();
    this.#counters.set(name, series);
    const key = JSON.stringify(labels);
    const counted = series.get(key);
    if (counted === undefined) series.set(key, { labels, value: by });
    else counted.value += by;
  }

  /** A duration in milliseconds, or a size. */
  sample(name: string, value: number): void {
    let samples = this.#samples.get(name);
    if (samples === undefined) this.#samples.set(name, (samples = new Samples()));
    samples.add(value, this.#options.clock.now());
  }

  /** Has `gauge` asked whenever somebody looks; the answer ends that. */
  observe(gauge: Gauge): () => void {
    this.#gauges.add(gauge);
    return () => this.#gauges.delete(gauge);
  }

  /** Prometheus' text format 0.0.4. */
  async text(): Promise<string> {
    const registry = new Registry();
    for (const [name, metric] of this.#all()) {
      const shown = { name, help: name, ...metric };
      // The registry asks no more of a metric than this; its type names its own classes only.
      registry.registerMetric({ name, get: async () => Promise.resolve(shown) } as never);
    }
    return registry.metrics();
  }

  /** The form of `sys/metrics` without a format. */
  json(): Readonly<Record<string, unknown>> {
    return {
      Timestamp: `${new Date(this.#options.clock.now()).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`,
      Gauges: this.#gaugeValues().map(({ name, value, labels = {} }) => ({
        Name: this.#dotted(name),
        Value: value,
        Labels: { ...this.#always, ...labels },
      })),
      Points: [],
      Counters: [...this.#kept(this.#counters)].flatMap(([name, series]) =>
        [...series.values()].map(({ labels, value }) => ({
          Name: this.#dotted(name),
          Count: value,
          Sum: value,
          Labels: { ...this.#always, ...labels },
        })),
      ),
      Samples: [...this.#kept(this.#samples)].map(([name, samples]) => {
        const { count, sum, min, max, mean, deviation } = samples.distribution(this.#since());
        const facts = { Count: count, Sum: sum, Min: min, Max: max, Mean: mean, Stddev: deviation };
        return { Name: this.#dotted(name), ...facts, Labels: this.#always };
      }),
    };
  }

  #all(): ReadonlyMap<string, Shown> {
    const gauges = Map.groupBy(this.#gaugeValues(), ({ name }) => name);
    return new Map([
      ...[...gauges].map(([name, values]): [string, Shown] => [
        this.#underscored(name),
        {
          type: 'gauge',
          values: values.map(({ value, labels = {} }) => this.#labelled(value, labels)),
        },
      ]),
      ...[...this.#kept(this.#counters)].map(([name, series]): [string, Shown] => [
        this.#underscored(name),
        {
          type: 'counter',
          values: [...series.values()].map(({ value, labels }) => this.#labelled(value, labels)),
        },
      ]),
      ...[...this.#kept(this.#samples)].map(([name, samples]): [string, Shown] => [
        this.#underscored(name),
        { type: 'summary', values: this.#summary(this.#underscored(name), samples) },
      ]),
    ]);
  }

  #summary(name: string, samples: Samples): readonly ShownValue[] {
    const { count, sum, quantiles } = samples.distribution(this.#since());
    return [
      ...quantiles.map((value, at) => this.#labelled(value, { quantile: String(QUANTILES[at]) })),
      { ...this.#labelled(sum, {}), metricName: `${name}_sum` },
      { ...this.#labelled(count, {}), metricName: `${name}_count` },
    ];
  }

  #gaugeValues(): readonly GaugeValue[] {
    return [...this.#gauges]
      .flatMap((gauge) => gauge())
      .filter(({ name }) => this.#isKept(this.#dotted(name)));
  }

  #kept<T>(metrics: ReadonlyMap<string, T>): Iterable<readonly [string, T]> {
    return [...metrics].filter(([name]) => this.#isKept(this.#dotted(name)));
  }

  #labelled(value: number, labels: Labels): ShownValue {
    return { value, labels: { ...this.#always, ...labels } };
  }

  #since(): number {
    const { clock, telemetry } = this.#options;
    return clock.now() - telemetry.prometheus_retention_time * 1000;
  }

  #dotted(name: string): string {
    return `${this.#options.telemetry.metrics_prefix}.${name}`;
  }

  #underscored(name: string): string {
    return this.#dotted(name).replaceAll(/[^a-zA-Z0-9_]/g, '_');
  }
}

interface Shown {
  readonly type: 'gauge' | 'counter' | 'summary';
  readonly values: readonly ShownValue[];
}

interface ShownValue {
  readonly value: number;
  readonly labels: Labels;
  /** Where it is not that of the metric. */
  readonly metricName?: string;
}
