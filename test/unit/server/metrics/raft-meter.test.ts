// What the driver tells of its work, under Vault's names.
import test from 'ava';
import { initialTelemetry } from '#server/config/telemetry.ts';
import { Metrics } from '#server/metrics/metrics.ts';
import { RaftMeter } from '#server/metrics/raft-meter.ts';
import type { Entry, Index, Term } from '#raft/types.ts';
import { TimerClock } from '#test/helpers/timer-clock.ts';

const NOW = 1000;

const term = (value: number): Term => value as Term;

const entry = (index: number, bytes: number): Entry => ({
  type: 'data',
  index: index as Index,
  term: term(1),
  data: new Uint8Array(bytes),
});

function start() {
  const metrics = new Metrics({
    clock: new TimerClock(),
    now: () => NOW,
    telemetry: initialTelemetry,
    hostname: 'host1',
  });
  const meter = new RaftMeter(metrics);
  const value = async (name: string): Promise<number | undefined> => {
    const lines = (await metrics.text()).split('\n');
    const line = lines.find((one) => one.startsWith(`vault_raft_${name} `));
    return line === undefined ? undefined : Number(line.split(' ')[1]);
  };
  const values = (names: readonly string[]) => Promise.all(names.map(value));
  return { meter, value, values };
}

const TURNS = [
  'state_leader',
  'state_candidate',
  'state_follower',
  'transition_heartbeat_timeout',
  'transition_leader_lease_timeout',
];

test('before anything happens the counters are 0', async (t) => {
  const { values } = start();
  t.deepEqual(await values(TURNS), [0, 0, 0, 0, 0]);
});

test('turns are counted, and those that a silence led to', async (t) => {
  const { meter, values } = start();
  meter.turned('follower', term(1));
  meter.turned('candidate', term(1));
  t.deepEqual(await values(TURNS), [0, 1, 1, 1, 0]);
  meter.turned('leader', term(2));
  meter.turned('follower', term(2));
  t.deepEqual(await values(TURNS), [1, 1, 2, 1, 1]);
});

test('a turn that another server led to is no silence', async (t) => {
  const { meter, values } = start();
  meter.turned('follower', term(1));
  meter.turned('candidate', term(2));
  meter.turned('leader', term(3));
  meter.turned('follower', term(4));
  t.deepEqual(await values(TURNS), [1, 1, 2, 0, 0]);
});

test('a node that stops and starts has not lost its leadership to a silence', async (t) => {
  const { meter, values } = start();
  meter.turned('leader', term(1));
  meter.turned(undefined, term(1));
  meter.turned('follower', term(1));
  t.deepEqual(await values(TURNS), [1, 0, 1, 0, 0]);
});

test('a write of the log is counted by entries and bytes', async (t) => {
  const { meter, values } = start();
  meter.logged([entry(1, 10), entry(2, 30)], 4, NOW);
  const names = ['storeLogs_sum', 'logsPerBatch_sum', 'logBatchSize_sum', 'logSize_count'];
  t.deepEqual(await values(names.map((name) => `boltdb_${name}`)), [4, 2, 40, 2]);
  t.deepEqual(await values(['boltdb_writeCapacity_sum']), [500]);
});

test('a write too quick for the clock says nothing of what there could be', async (t) => {
  const { meter, values } = start();
  meter.logged([entry(1, 10)], 0, NOW);
  t.deepEqual(await values(['boltdb_storeLogs_count', 'boltdb_writeCapacity_count']), [1, 0]);
});

const OF_THE_LEADER = ['leader_dispatchLog_count', 'leader_dispatchNumLogs', 'commitNumLogs'];

test('what a leader writes and applies is shown as such, as long as it leads', async (t) => {
  const { meter, values } = start();
  meter.turned('leader', term(1));
  meter.logged([entry(1, 1), entry(2, 1)], 1, NOW);
  meter.applied(2, 0, 1, NOW);
  t.deepEqual(await values(OF_THE_LEADER), [1, 2, 2]);
  meter.turned('follower', term(2));
  t.deepEqual(await values(OF_THE_LEADER), [1, 0, 0]);
});

test('what a follower writes and applies is not', async (t) => {
  const { meter, values } = start();
  meter.turned('follower', term(1));
  meter.logged([entry(1, 1)], 1, NOW);
  meter.applied(1, 2, 3, NOW);
  t.deepEqual(await values(OF_THE_LEADER), [0, 0, 0]);
  const names = ['fsm_enqueue_sum', 'fsm_applyBatch_sum', 'fsm_applyBatchNum_sum'];
  t.deepEqual(await values(names), [2, 3, 1]);
});

test('how long ago a round began that is answered now', async (t) => {
  const { meter, value } = start();
  meter.confirmed(40, NOW);
  t.is(await value('leader_lastContact_sum'), 40);
});

for (const [chore, names] of [
  ['sync', ['snapshot_persist', 'snapshot_takeSnapshot']],
  ['compact', ['compactLogs']],
  ['snapshot', ['snapshot_create', 'fsm_snapshot']],
  ['restore', ['fsm_restore']],
  ['install', ['rpc_installSnapshot']],
] as const) {
  test(`${chore} is timed as ${names.join(' and ')}`, async (t) => {
    const { meter, value } = start();
    meter.did(chore, 12, NOW);
    for (const name of names) t.is(await value(`${name}_sum`), 12);
  });
}
