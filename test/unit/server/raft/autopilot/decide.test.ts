// Who gets a vote and who has to go.
import test from 'ava';
import { millis } from '#sdk/clock.ts';
import { seconds } from '#sdk/duration.ts';
import { configOf, type AutopilotRecord } from '#server/raft/autopilot/config.ts';
import { nextChange } from '#server/raft/autopilot/decide.ts';
import type { ClusterState, ServerState } from '#server/raft/autopilot/health.ts';
import { server } from '#test/helpers/whole-cluster.ts';

const NOW = 1_000_000;

/** One letter for each server after the leader. */
const KINDS: Readonly<Record<string, Partial<ServerState> & { readonly suffrage?: string }>> = {
  V: {},
  i: { isHealthy: false },
  d: { isHealthy: false, isDead: true },
  s: { server: server('node9', 'staging'), stableSince: millis(NOW - 10_000) },
  y: { server: server('node9', 'staging'), stableSince: millis(NOW - 9_999) },
  x: { server: server('node9', 'staging'), stableSince: millis(0), isHealthy: false },
  D: { server: server('node9', 'staging'), isHealthy: false, isDead: true },
  n: { server: server('node9', 'nonvoter'), stableSince: millis(0) },
  N: { server: server('node9', 'nonvoter'), isHealthy: false, isDead: true },
};

function state(letters: string): ClusterState {
  const servers = Array.from(letters, (letter, at): ServerState => {
    const id = `node${at}`;
    const { server: one = server(id), ...more } = KINDS[letter] ?? {};
    return {
      server: { ...one, id: server(id).id },
      isLeader: at === 0,
      silence: millis(0),
      lastTerm: 1,
      lastIndex: 1,
      isHealthy: true,
      stableSince: millis(0),
      isDead: false,
      ...more,
    };
  });
  return { leader: server('node0').id, servers, isHealthy: true, failureTolerance: 0 };
}

const CLEAN: AutopilotRecord = { cleanup_dead_servers: true, min_quorum: 3 };

/** The leader is the first letter. */
const CASES: readonly (readonly [letters: string, record: AutopilotRecord, expected: string])[] = [
  ['V', {}, ''],
  ['VVV', CLEAN, ''],
  // a newcomer
  ['Vs', {}, 'promote node1'],
  ['Vy', {}, ''],
  ['Vx', {}, ''],
  ['Vn', {}, ''],
  ['Vss', {}, 'promote node1'],
  ['Vys', {}, 'promote node2'],
  ['Vs', { server_stabilization_time: seconds(11) }, ''],
  ['Vy', { server_stabilization_time: seconds(0) }, 'promote node1'],
  // the dead
  ['VVVd', {}, ''],
  ['VVVd', CLEAN, 'remove node3'],
  ['VVd', CLEAN, ''], // would be fewer than min_quorum
  ['VVd', { ...CLEAN, min_quorum: 2 }, 'remove node2'],
  ['VVVi', CLEAN, ''], // ill, but it may come back
  ['VVVVdd', CLEAN, 'remove node4'], // one at a time
  ['VVVdd', CLEAN, 'remove node3'],
  ['VVddd', CLEAN, ''], // without a majority nothing is decided
  ['VVdi', CLEAN, ''], // two of four are not a majority
  ['VVid', { ...CLEAN, min_quorum: 1 }, ''],
  ['VVViid', CLEAN, ''],
  ['VVVVdsd', CLEAN, 'promote node5'], // first what makes it safer
  ['VVVD', CLEAN, 'remove node3'],
  ['VD', CLEAN, 'remove node1'],
  ['VN', CLEAN, 'remove node1'],
  ['VN', {}, ''],
  ['dVVV', CLEAN, ''], // never the leader itself
];

for (const [letters, record, expected] of CASES) {
  test(`${letters} with ${JSON.stringify(record)}: ${expected || 'nothing'}`, (t) => {
    const change = nextChange(state(letters), configOf(record), millis(NOW));
    t.is(change === undefined || !('id' in change) ? '' : `${change.type} ${change.id}`, expected);
  });
}

test('whatever voter is removed, healthy voters are a majority of those that are left', (t) => {
  const letters = ['V', 'i', 'd', 's', 'D'];
  let removed = 0;
  const visit = (cluster: string): void => {
    for (const minQuorum of [0, 3]) {
      const before = state(cluster);
      const config = configOf({ cleanup_dead_servers: true, min_quorum: minQuorum });
      const change = nextChange(before, config, millis(NOW));
      if (change?.type !== 'remove') continue;
      const gone = before.servers.find((one) => one.server.id === change.id);
      if (gone?.server.suffrage !== 'voter') continue;
      removed += 1;
      const voters = before.servers.filter(
        (one) => one.server.suffrage === 'voter' && one.server.id !== change.id,
      );
      const healthy = voters.filter((one) => one.isHealthy).length;
      if (healthy * 2 <= voters.length) t.fail(`${cluster} loses ${change.id}`);
    }
    if (cluster.length < 6) for (const letter of letters) visit(cluster + letter);
  };
  visit('V');
  t.true(removed > 100);
});
