import test from 'ava';
import { Samples } from '#server/metrics/samples.ts';

test('quantiles are those of the samples', (t) => {
  const samples = new Samples();
  for (let value = 1; value <= 100; value += 1) samples.add(value, 0);
  const { count, sum, quantiles, min, max, mean } = samples.distribution(0);
  t.deepEqual([count, sum, min, max, mean], [100, 5050, 1, 100, 50.5]);
  t.deepEqual(quantiles, [50, 90, 99]);
});

test('old samples count, and are in no quantile', (t) => {
  const samples = new Samples();
  samples.add(1000, 1);
  samples.add(2, 50);
  const { count, sum, quantiles } = samples.distribution(10);
  t.deepEqual([count, sum, quantiles], [2, 1002, [2, 2, 2]]);
});

test('only so many samples are kept', (t) => {
  const samples = new Samples();
  for (let value = 0; value < 5000; value += 1) samples.add(value, 0);
  const { count, min } = samples.distribution(0);
  t.deepEqual([count, min], [5000, 5000 - 1024]);
});

test('without samples there are no quantiles', (t) => {
  t.deepEqual(new Samples().distribution(0).quantiles, [NaN, NaN, NaN]);
});
