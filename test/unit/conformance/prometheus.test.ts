// Which metrics a page of Prometheus' text form has.
import test from 'ava';
import { parsePrometheus } from '#test/conformance/kit/prometheus.ts';

test('parsePrometheus() says the type and the labels of each metric', (t) => {
  const page = `# HELP a_seconds how long
# TYPE a_seconds summary
a_seconds{quantile="0.5",cluster="x"} 1
a_seconds_sum{cluster="x"} 1
# TYPE b gauge
b 4
other 1
`;
  t.deepEqual(parsePrometheus(page), {
    a_seconds: { type: 'summary', labels: ['cluster', 'quantile'] },
    b: { type: 'gauge', labels: [] },
  });
});
