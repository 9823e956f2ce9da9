// What the leader thinks of each server.
import test from 'ava';
import { millis } from '#sdk/clock.ts';
import type { Index, Term } from '#raft/types.ts';
import { configOf } from '#server/raft/autopilot/config.ts';
import { judgeCluster, type Observation } from '#server/raft/autopilot/health.ts';
import type { PeerStatus } from '#storage/cluster-storage.ts';
import { peer, server, WholeCluster } from '#test/helpers/whole-cluster.ts';

const NOW = millis(1_000_000);

function observation(peers: readonly PeerStatus[], more: Partial<Observation> = {}): Observation {
  const ids = peers.map(({ id }) => id);
  const storage = WholeCluster.leading(...ids.map((id) => server(id)));
  const status = {
    ...storage.status(),
    lastIndex: 5000 as Index,
    lastTerm: 3 as Term,
    peers,
  };
  return { status, config: configOf(undefined), now: NOW, watchedFor: millis(0), ...more };
}

const WELL: Partial<PeerStatus> = {
  lastContact: 50,
  lastTerm: 3 as Term,
  lastIndex: 4990 as Index,
};

const PEERS: readonly (readonly [why: string, more: Partial<PeerStatus>, isHealthy: boolean])[] = [
  ['is heard of and has come far enough', {}, true],
  ['is silent for just as long as it may', { lastContact: 10_000 }, true],
  ['is silent for longer', { lastContact: 10_001 }, false],
  ['was never heard of', { lastContact: undefined }, false],
  ['holds no entry of the term', { lastTerm: 2 as Term }, false],
  ['lags behind as far as it may', { lastIndex: 4000 as Index }, true],
  ['lags behind further', { lastIndex: 3999 as Index }, false],
];

for (const [why, more, isHealthy] of PEERS) {
  test(`a server that ${why} is ${isHealthy ? 'healthy' : 'not healthy'}`, (t) => {
    const state = judgeCluster(observation([peer('node1', { ...WELL, ...more })]), undefined);
    t.is(state.servers[1]?.isHealthy, isHealthy);
    t.is(state.isHealthy, isHealthy);
  });
}

test('a server that nobody ever heard of is as silent as the leader has watched', (t) => {
  const unheard = [peer('node1', { lastContact: undefined })];
  const day = 24 * 3600 * 1000;
  const one = (watchedFor: number) =>
    judgeCluster(observation(unheard, { watchedFor: millis(watchedFor) }), undefined).servers[1];
  t.like(one(day), { isDead: false, silence: day });
  t.like(one(day + 1), { isDead: true });
});

const TOLERANCE: readonly (readonly [healthy: number, ill: number, tolerance: number])[] = [
  [0, 0, 0],
  [1, 0, 0],
  [2, 0, 1],
  [1, 1, 0],
  [4, 0, 2],
  [3, 1, 1],
  [2, 2, 0],
];

for (const [healthy, ill, tolerance] of TOLERANCE) {
  test(`beside the leader ${healthy} healthy voters and ${ill} ill ones: ${tolerance} may fail`, (t) => {
    const peers = Array.from({ length: healthy + ill }, (_, at) =>
      peer(`node${at + 1}`, { ...WELL, ...(at < healthy ? {} : { lastContact: 60_000 }) }),
    );
    t.is(judgeCluster(observation(peers), undefined).failureTolerance, tolerance);
  });
}

const at = (lastContact: number, now: number, before?: ReturnType<typeof judgeCluster>) =>
  judgeCluster(
    observation([peer('node1', { ...WELL, lastContact })], { now: millis(now) }),
    before,
  );

test('a server is stable since it became healthy or ill, and a change begins that anew', (t) => {
  const first = at(50, 1000);
  const second = at(50, 2000, first);
  const ill = at(60_000, 3000, second);
  const again = at(50, 4000, ill);
  t.deepEqual(
    [first, second, ill, again].map(({ servers }) => Number(servers[1]?.stableSince)),
    [1000, 1000, 3000, 4000],
  );
});
