// The figures of a node under Vault's names (https://developer.hashicorp.com/vault/docs/internals/telemetry), as
// Prometheus and as Vault's own JSON show them.
import { Registry } from 'prom-client';
import type { Clock } from '#sdk/clock.ts';
import type { Telemetry } from '../config/telemetry.ts';
import { helpOf, type CounterName, type GaugeName, type SummaryName } from './definitions.ts';
import { makeFilter } from './filter.ts';
import { QUANTILES, Samples } from './samples.ts';

export type Labels = Readonly<Record<string, string>>;

/** What a gauge shows now, once for each set of labels. */
export type Gauge = () => readonly GaugeValue[];

export interface GaugeValue {
  readonly name: GaugeName;
  readonly value: number;
  readonly labels?: Labels;
}

/** Adds to a counter. */
export type AddCount = (by: number) => void;

/** Adds one more sample, taken at `now` by the timer of the metrics. */
export type AddSample = (value: number, now: number) => void;

const NO_LABELS: Labels = {};

interface Counted {
  readonly labels: Labels;
  value: number;
}

export interface MetricsOptions {
  readonly clock: Clock;
  /** Milliseconds since some moment, never set by anybody: the age of samples goes by it. */
  readonly now: () => number;
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
  readonly #counters = new Map<CounterName, Map<string, Counted>>();
  readonly #samples = new Map<SummaryName, Samples>();
  readonly #gauges = new Set<Gauge>();

  constructor(options: MetricsOptions) {
    const { telemetry, hostname } = options;
    this.#options = options;
    this.#isKept = makeFilter(telemetry.prefix_filter, telemetry.filter_default);
    this.#always = telemetry.enable_hostname_label ? { host: hostname } : {};
  }

  /** By which samples are taken. */
  now(): number {
    return this.#options.now();
  }

  /** Whether Prometheus may ask. */
  get keepsForPrometheus(): boolean {
    return this.#options.telemetry.prometheus_retention_time > 0;
  }

  count(name: CounterName, by = 1, labels: Labels = NO_LABELS): void {
    this.#counted(name, labels).value += by;
  }

  /** For what happens often: a counter that is shown from now on. */
  counter(name: CounterName, labels: Labels = NO_LABELS): AddCount {
    const counted = this.#counted(name, labels);
    return (by) => {
      counted.value += by;
    };
  }

  /** A duration in milliseconds, or a size. */
  sample(name: SummaryName, value: number): void {
    this.#sampled(name).add(value, this.now());
  }

  /** For what happens often: a summary that is shown from now on, under more than one name if need be. */
  summary(name: SummaryName, ...alsoAs: readonly SummaryName[]): AddSample {
    const samples = this.#sampled(name);
    for (const other of alsoAs) this.#samples.set(other, samples);
    return (value, now) => samples.add(value, now);
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
      const shown = { name, ...metric };
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
      Samples: [...this.#kept(this.#samples)].flatMap(([name, samples]) => {
        const { count, sum, min, max, mean, deviation } = samples.distribution(this.#since());
        // JSON has no number for the mean of nothing.
        if (Number.isNaN(mean)) return [];
        const facts = { Count: count, Sum: sum, Min: min, Max: max, Mean: mean, Stddev: deviation };
        return [{ Name: this.#dotted(name), ...facts, Labels: this.#always }];
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
          help: helpOf(name),
          values: values.map(({ value, labels = {} }) => this.#labelled(value, labels)),
        },
      ]),
      ...[...this.#kept(this.#counters)].map(([name, series]): [string, Shown] => [
        this.#underscored(name),
        {
          type: 'counter',
          help: helpOf(name),
          values: [...series.values()].map(({ value, labels }) => this.#labelled(value, labels)),
        },
      ]),
      ...[...this.#kept(this.#samples)].map(([name, samples]): [string, Shown] => [
        this.#underscored(name),
        {
          type: 'summary',
          help: helpOf(name),
          values: this.#summary(this.#underscored(name), samples),
        },
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

  #kept<N extends string, T>(metrics: ReadonlyMap<N, T>): Iterable<readonly [N, T]> {
    return [...metrics].filter(([name]) => this.#isKept(this.#dotted(name)));
  }

  #counted(name: CounterName, labels: Labels): Counted {
    let series = this.#counters.get(name);
    if (series === undefined) this.#counters.set(name, (series = new Map<string, Counted>()));
    const key = labels === NO_LABELS ? '' : JSON.stringify(labels);
    let counted = series.get(key);
    if (counted === undefined) series.set(key, (counted = { labels, value: 0 }));
    return counted;
  }

  #sampled(name: SummaryName): Samples {
    let samples = this.#samples.get(name);
    if (samples === undefined) this.#samples.set(name, (samples = new Samples()));
    return samples;
  }

  #labelled(value: number, labels: Labels): ShownValue {
    return { value, labels: { ...this.#always, ...labels } };
  }

  #since(): number {
    return this.now() - this.#options.telemetry.prometheus_retention_time * 1000;
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
  readonly help: string;
  readonly values: readonly ShownValue[];
}

interface ShownValue {
  readonly value: number;
  readonly labels: Labels;
  /** Where it is not that of the metric. */
  readonly metricName?: string;
}
