// Networks of their own for the nodes, between which packets are dropped: one way, both ways, around one node.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Random } from '#test/helpers/random.ts';
import { NODES } from './cluster.ts';
import type { Places } from './places.ts';

const run = promisify(execFile);

/** Benchmarking addresses of RFC 2544, which are never routed. */
const NETWORK = '198.18.77';
const PORT = 8200;
const CLUSTER_PORT = 8201;

export interface Networks extends Places {
  /** Drops packets from and to as `cut` says; `undefined` lets all through again. */
  cut(cut: Cut | undefined): Promise<void>;
}

/** Pairs of nodes whose packets are dropped on the way from the first to the second. */
export interface Cut {
  readonly name: string;
  readonly dropped: readonly (readonly [from: number, to: number])[];
}

/** Why there can be no networks here; undefined where there can. */
export async function missingNetworks(): Promise<string | undefined> {
  try {
    const networks = await makeNetworks();
    await networks.cut({ name: 'trial', dropped: [[0, 1]] });
    await networks.remove();
    return undefined;
  } catch (error) {
    return `no network namespaces can be made: ${String(error).split('\n')[0]}`;
  }
}

/** @throws when this process may not make them, or `ip` (iproute2) or `nft` (nftables) is missing */
export async function makeNetworks(): Promise<Networks> {
  const name = `cf${process.pid % 100_000}`;
  const base = await mkdtemp(path.join(os.tmpdir(), 'faults-data-'));
  const remove = async (): Promise<void> => {
    for (let node = 0; node < NODES; node += 1) {
      await quietly('ip', 'netns', 'del', `${name}n${node}`);
    }
    await quietly('ip', 'link', 'del', name);
    await quietly('nft', 'delete', 'table', 'bridge', name);
    await rm(base, { recursive: true, force: true });
  };
  try {
    await ip('link', 'add', name, 'type', 'bridge');
    await ip('addr', 'add', `${NETWORK}.254/24`, 'dev', name);
    await ip('link', 'set', name, 'up');
    for (let node = 0; node < NODES; node += 1) await makeNetwork(name, node);
  } catch (error) {
    await remove();
    throw error;
  }
  const places = Array.from({ length: NODES }, (_, node) => ({
    host: addressOf(node),
    port: PORT,
    clusterPort: CLUSTER_PORT,
    data: path.join(base, `node${node}`),
    before: ['ip', 'netns', 'exec', `${name}n${node}`],
  }));
  return { places, remove, cut: async (cut) => drop(name, cut) };
}

const both = (a: number, b: number): Cut['dropped'] => [
  [a, b],
  [b, a],
];

/** One of the shapes that networks break in. */
export function drawCut(random: Random, active: number): Cut {
  const others = [0, 1, 2].filter((node) => node !== active);
  const [one = 0, other = 0] = random.below(2) === 0 ? others : others.toReversed();
  return random.pick<Cut>([
    { name: 'the leader alone', dropped: [...both(active, one), ...both(active, other)] },
    { name: 'a follower alone', dropped: [...both(one, active), ...both(one, other)] },
    { name: 'the leader and one follower apart', dropped: both(active, one) },
    { name: 'the followers apart', dropped: both(one, other) },
    { name: 'the leader is not heard', dropped: others.map((node) => [active, node] as const) },
    { name: 'the leader does not hear', dropped: others.map((node) => [node, active] as const) },
    { name: 'one way between leader and follower', dropped: [[active, one]] },
    { name: 'one way between follower and leader', dropped: [[one, active]] },
  ]);
}

async function makeNetwork(name: string, node: number): Promise<void> {
  const [space, link] = [`${name}n${node}`, `${name}v${node}`];
  await ip('netns', 'add', space);
  await ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space);
  await ip('link', 'set', link, 'master', name, 'up');
  await ip('-n', space, 'addr', 'add', `${addressOf(node)}/24`, 'dev', 'eth0');
  await ip('-n', space, 'link', 'set', 'eth0', 'up');
  await ip('-n', space, 'link', 'set', 'lo', 'up');
}

async function drop(name: string, cut: Cut | undefined): Promise<void> {
  await quietly('nft', 'delete', 'table', 'bridge', name);
  if (cut === undefined) return;
  const rules = cut.dropped
    .map(([from, to]) => `ip saddr ${addressOf(from)} ip daddr ${addressOf(to)} drop;`)
    .join(' ');
  const hook = 'type filter hook forward priority 0; policy accept;';
  await run('nft', [`table bridge ${name} {\nchain forward {\n${hook} ${rules}\n}\n}\n`]);
}

const addressOf = (node: number): string => `${NETWORK}.${node + 1}`;

async function ip(...args: readonly string[]): Promise<void> {
  await run('ip', [...args]);
}

/** It may be gone already. */
async function quietly(program: string, ...args: readonly string[]): Promise<void> {
  await run(program, [...args]).catch(() => undefined);
}
