// What is done to a running cluster.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '#test/helpers/random.ts';
import { NODES, type Cluster } from './cluster.ts';
import { drawCut, type Networks } from './partitions.ts';
import type { Blow } from './rounds.ts';

const DOWN_SPREAD_MS = 1_500;
const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 20_000;
const SHORTEST_CUT_MS = 1_000;
const CUT_SPREAD_MS = 5_000;

/** kill -9 of a random node, which comes back after a while. */
export const kill: Blow = async (cluster, random) => {
  const node = random.below(NODES);
  const wasActive = (await cluster.active()) === node;
  await cluster.end(node, 'SIGKILL');
  await sleep(random.below(DOWN_SPREAD_MS));
  await cluster.revive(node);
  return wasActive ? 'active node' : 'standby';
};

/** The active node stops for a while without knowing it. */
export const pause: Blow = async (cluster, random) => {
  const node = await cluster.active();
  // Most pauses are short, as they are: the longest are rare.
  const span = LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS;
  const length = SHORTEST_PAUSE_MS + Math.floor(span * (random.below(1000) / 1000) ** 3);
  cluster.signal(node, 'SIGSTOP');
  await sleep(length);
  cluster.signal(node, 'SIGCONT');
  return length < 4_000 ? 'below 4 s' : '4 s and more';
};

/** Each node in turn ends as it is told to, and comes back, the active one last. */
export const roll: Blow = async (cluster) => {
  const active = await cluster.active();
  const order = [0, 1, 2].filter((node) => node !== active);
  for (const node of [...order, active]) {
    await cluster.end(node, 'SIGTERM');
    await cluster.revive(node);
    await cluster.whole();
  }
  return 'rolling restart';
};

export const partition =
  (networks: Networks): Blow =>
  async (cluster: Cluster, random: Random) => {
    const cut = drawCut(random, await cluster.active());
    await networks.cut(cut);
    await sleep(SHORTEST_CUT_MS + random.below(CUT_SPREAD_MS));
    await networks.cut(undefined);
    return cut.name;
  };
