import test from 'ava';
import { initialTelemetry } from '#server/config/telemetry.ts';
import { Metrics } from '#server/metrics/metrics.ts';
import { TimerClock } from '#test/helpers/timer-clock.ts';

const NOW = 1000;

function make(telemetry: Partial<typeof initialTelemetry> = {}): Metrics {
  return new Metrics({
    clock: new TimerClock(),
    now: () => NOW,
    telemetry: { ...initialTelemetry, ...telemetry },
    hostname: 'host1',
  });
}

test('a counter, a gauge and a summary as Prometheus reads them', async (t) => {
  const metrics = make();
  metrics.count('raft.apply');
  metrics.count('raft.apply', 2);
  metrics.observe(() => [{ name: 'raft.peers', value: 3 }]);
  metrics.sample('raft.commitTime', 5);
  const text = await metrics.text();
  t.regex(text, /# TYPE vault_raft_apply counter\nvault_raft_apply 3\n/);
  t.regex(text, /# TYPE vault_raft_peers gauge\nvault_raft_peers 3\n/);
  t.regex(
    text,
    /# TYPE vault_raft_commitTime summary\nvault_raft_commitTime\{quantile="0\.5"\} 5\n/,
  );
  t.regex(text, /vault_raft_commitTime_sum 5\nvault_raft_commitTime_count 1\n/);
});

test('series of one name differ by their labels', async (t) => {
  const metrics = make();
  metrics.count('audit.log_request_failure', 1, { mount_point: 'auth/token/' });
  metrics.count('audit.log_request_failure', 1, { mount_point: 'auth/userpass/' });
  metrics.count('audit.log_request_failure', 1, { mount_point: 'auth/token/' });
  const text = await metrics.text();
  t.regex(text, /vault_audit_log_request_failure\{mount_point="auth\/token\/"\} 2\n/);
  t.regex(text, /vault_audit_log_request_failure\{mount_point="auth\/userpass\/"\} 1\n/);
});

test('a label that could end its line is escaped', async (t) => {
  const metrics = make();
  metrics.count('audit.log_request_failure', 1, { mount_point: 'a"\nb 1' });
  t.regex(await metrics.text(), /mount_point="a\\"\\nb 1"/);
});

test('prefix, host label and filter are those of the stanza', async (t) => {
  const metrics = make({
    metrics_prefix: 'secrets',
    enable_hostname_label: true,
    prefix_filter: ['-secrets.raft'],
  });
  metrics.count('raft.apply');
  metrics.observe(() => [{ name: 'core.unsealed', value: 1, labels: { cluster: 'c' } }]);
  const text = await metrics.text();
  t.regex(text, /secrets_core_unsealed\{host="host1",cluster="c"\} 1/);
  t.notRegex(text, /raft/);
});

test('every metric says what it is, that of each audit device too', async (t) => {
  const metrics = make();
  metrics.count('raft.apply');
  metrics.sample('audit.log_request', 1);
  metrics.sample('audit.file/.log_request', 1);
  metrics.observe(() => [{ name: 'raft.peers', value: 3 }]);
  const help = (await metrics.text()).split('\n').filter((line) => line.startsWith('# HELP'));
  t.is(help.length, 4);
  for (const line of help) t.regex(line, /^# HELP vault_\w+ [A-Z][\w ,]+$/);
});

test('what is made ready is shown before it happens, and not as a sample of nothing', async (t) => {
  const metrics = make();
  const apply = metrics.counter('raft.apply');
  const get = metrics.summary('raft.get', 'raft_storage.get');
  const before = await metrics.text();
  t.regex(before, /vault_raft_apply 0\n/);
  t.regex(before, /vault_raft_get_count 0\n/);
  t.deepEqual(metrics.json()['Samples'], []);
  apply(2);
  get(5, NOW);
  const after = await metrics.text();
  t.regex(after, /vault_raft_apply 2\n/);
  t.regex(after, /vault_raft_get_sum 5\n/);
  t.regex(after, /vault_raft_storage_get_sum 5\n/);
});

test('a gauge that is observed no more is not shown', async (t) => {
  const metrics = make();
  const end = metrics.observe(() => [{ name: 'raft.peers', value: 3 }]);
  end();
  t.notRegex(await metrics.text(), /peers/);
});

test('JSON has gauges, counters and samples under dotted names', (t) => {
  const metrics = make();
  metrics.count('raft.apply', 2);
  metrics.sample('raft.commitTime', 5);
  metrics.observe(() => [{ name: 'raft.peers', value: 3 }]);
  const { Gauges, Counters, Samples, Timestamp } = metrics.json();
  t.deepEqual(Gauges, [{ Name: 'vault.raft.peers', Value: 3, Labels: {} }]);
  t.like((Counters as readonly object[])[0], { Name: 'vault.raft.apply', Count: 2 });
  t.like((Samples as readonly object[])[0], { Name: 'vault.raft.commitTime', Count: 1, Mean: 5 });
  t.regex(String(Timestamp), /^\d{4}-\d\d-\d\d [\d:]{8} \+0000 UTC$/);
});
