// The distribution of a figure: how often, how much in all, and the quantiles of what came last. Taking a sample costs a
// store into an array; the work is done when somebody looks.

/** Enough for the 99th percentile to be of several samples. */
const KEPT = 1_024;

export const QUANTILES = [0.5, 0.9, 0.99] as const;

export interface Distribution {
  readonly count: number;
  readonly sum: number;
  /** Of the samples that are kept and young enough; `NaN` when there are none. */
  readonly quantiles: readonly number[];
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly deviation: number;
}

export class Samples {
  readonly #values = new Float64Array(KEPT);
  readonly #times = new Float64Array(KEPT);
  #count = 0;
  #sum = 0;

  add(value: number, now: number): void {
    const at = this.#count % KEPT;
    this.#values[at] = value;
    this.#times[at] = now;
    this.#count += 1;
    this.#sum += value;
  }

  /** @param since older samples count for `count` and `sum` only */
  distribution(since: number): Distribution {
    const length = Math.min(this.#count, KEPT);
    const young = this.#values
      .subarray(0, length)
      .filter((_, at) => (this.#times[at] ?? 0) >= since);
    const sorted = young.toSorted();
    const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
    const variance =
      sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, sorted.length - 1);
    return {
      count: this.#count,
      sum: this.#sum,
      quantiles: QUANTILES.map(
        (quantile) => sorted[Math.ceil(quantile * sorted.length) - 1] ?? NaN,
      ),
      min: sorted[0] ?? NaN,
      max: sorted.at(-1) ?? NaN,
      mean,
      deviation: Math.sqrt(variance),
    };
  }
}
