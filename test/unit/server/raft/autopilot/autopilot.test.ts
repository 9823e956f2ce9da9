// The duty itself: it looks and acts in time, one change after another, until it is stopped.
import test from 'ava';
import { millis } from '#sdk/clock.ts';
import { seconds } from '#sdk/duration.ts';
import { Autopilot } from '#server/raft/autopilot/autopilot.ts';
import { configOf, type AutopilotRecord } from '#server/raft/autopilot/config.ts';
import { NotLeaderError } from '#storage/cluster-storage.ts';
import { settle } from '#test/helpers/medium.ts';
import { TimerClock } from '#test/helpers/timer-clock.ts';
import { peer, server, WholeCluster } from '#test/helpers/whole-cluster.ts';

function begin(storage: WholeCluster, record: AutopilotRecord = {}) {
  const clock = new TimerClock();
  const lines: string[] = [];
  const line =
    (level: string) =>
    (message: string): void =>
      void lines.push(`${level} ${message}`);
  const log = {
    trace: line('trace'),
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
  };
  const autopilot = new Autopilot({
    clock,
    log,
    storage,
    config: () => configOf(record),
    updateInterval: millis(2000),
    reconcileInterval: millis(10_000),
  });
  autopilot.start();
  const pass = async (milliseconds: number): Promise<void> => {
    for (let at = 0; at < milliseconds; at += 1000) {
      clock.advance(1000);
      await settle();
    }
  };
  return { clock, autopilot, lines, pass };
}

test('a newcomer votes when it has been healthy for long enough, and not before', async (t) => {
  const storage = WholeCluster.leading(server('node1', 'staging'));
  storage.known = [peer('node1')];
  const { autopilot, pass, lines } = begin(storage);
  await pass(9000);
  t.deepEqual(storage.changes, []);
  await pass(2000);
  t.deepEqual(storage.changes, [{ type: 'promote', id: server('node1').id }]);
  t.deepEqual(lines, ['info autopilot changed the cluster']);
  await pass(30_000);
  t.is(storage.changes.length, 1);
  await autopilot.stop();
});

test('newcomers that came together vote together', async (t) => {
  const storage = WholeCluster.leading(server('node1', 'staging'), server('node2', 'staging'));
  storage.known = [peer('node1'), peer('node2')];
  const { autopilot, pass } = begin(storage);
  await pass(11_000);
  t.is(storage.changes.length, 2);
  await autopilot.stop();
});

test('a newcomer that falls ill waits anew', async (t) => {
  const storage = WholeCluster.leading(server('node1', 'staging'));
  storage.known = [peer('node1')];
  const { autopilot, pass } = begin(storage);
  await pass(5000);
  storage.known = [peer('node1', { lastContact: 11_000 })];
  await pass(2000);
  storage.known = [peer('node1')];
  await pass(9000);
  t.deepEqual(storage.changes, []);
  await pass(6000);
  t.is(storage.changes.length, 1);
  await autopilot.stop();
});

test('the dead go one at a time', async (t) => {
  const ids = ['node1', 'node2', 'node3', 'node4', 'node5'];
  const storage = WholeCluster.leading(...ids.map((id) => server(id)));
  storage.known = ids.map((id) => peer(id, id > 'node3' ? { lastContact: 3_600_001 } : {}));
  const { autopilot, pass } = begin(storage, {
    cleanup_dead_servers: true,
    min_quorum: 3,
    dead_server_last_contact_threshold: seconds(3600),
  });
  await pass(10_000);
  t.deepEqual(storage.changes, [{ type: 'remove', id: server('node4').id }]);
  await pass(10_000);
  t.is(storage.changes.length, 2);
  await pass(30_000);
  t.is(storage.changes.length, 2);
  await autopilot.stop();
});

test('a server that this leader has never heard of is removed only after the whole time', async (t) => {
  const storage = WholeCluster.leading(server('node1'), server('node2'), server('node3'));
  storage.known = [peer('node1'), peer('node2')];
  const { autopilot, pass, clock } = begin(storage, {
    cleanup_dead_servers: true,
    min_quorum: 3,
    dead_server_last_contact_threshold: seconds(60),
  });
  await pass(10_000);
  clock.advance(24 * 3600 * 1000); // somebody sets the clock
  await pass(40_000);
  t.deepEqual(storage.changes, []);
  await pass(30_000);
  t.is(storage.changes.length, 1);
  await autopilot.stop();
});

test('a node that leads again begins to count anew', async (t) => {
  const storage = WholeCluster.leading(server('node1'), server('node2'), server('node3'));
  storage.known = [peer('node1'), peer('node2'), peer('node3')];
  const { autopilot, pass } = begin(storage, {
    cleanup_dead_servers: true,
    min_quorum: 3,
    dead_server_last_contact_threshold: seconds(60),
  });
  await pass(120_000);
  await autopilot.stop();
  storage.known = [peer('node1'), peer('node2')]; // nothing was heard of the third in the new term yet
  autopilot.start();
  await pass(50_000);
  t.deepEqual(storage.changes, []);
  await pass(20_000);
  t.is(storage.changes.length, 1);
  await autopilot.stop();
});

test('a change that fails is tried again, and what may happen is not an error', async (t) => {
  const storage = WholeCluster.leading(server('node1', 'staging'));
  storage.known = [peer('node1')];
  storage.changeFailure = new NotLeaderError(undefined);
  const { autopilot, pass, lines } = begin(storage);
  await pass(10_000);
  t.deepEqual(lines, ['debug autopilot could not change the cluster']);
  storage.changeFailure = new Error('broken');
  await pass(10_000);
  t.is(lines[1], 'error autopilot could not change the cluster');
  storage.changeFailure = undefined;
  await pass(10_000);
  t.is(storage.changes.length, 1);
  await autopilot.stop();
});

test('nothing is done after it was stopped', async (t) => {
  const storage = WholeCluster.leading(server('node1', 'staging'));
  storage.known = [peer('node1')];
  const { autopilot, pass, clock } = begin(storage);
  await autopilot.stop();
  await pass(60_000);
  t.deepEqual(storage.changes, []);
  t.is(clock.pending, 0);
});
