// A cluster under load is struck, mended, and looked at: many times.
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom, type Random } from '#test/helpers/random.ts';
import { startLoad } from './clients.ts';
import type { Cluster } from './cluster.ts';
import { History } from './history.ts';
import { verify } from './verify.ts';

/** A fault and its end: afterwards every node runs and can be reached. */
export type Blow = (cluster: Cluster, random: Random) => Promise<string>;

export interface Struck {
  readonly rounds: number;
  readonly acknowledged: number;
  readonly unknown: number;
  /** How often each kind of blow was dealt. */
  readonly blows: ReadonlyMap<string, number>;
  readonly problems: readonly string[];
}

const BEFORE_MS = 200;
const BEFORE_SPREAD_MS = 500;
const AFTER_MS = 300;

/** Stops at the first round that finds a problem. */
export async function strikeOften(
  cluster: Cluster,
  blow: Blow,
  { rounds, seed }: { readonly rounds: number; readonly seed: number },
): Promise<Struck> {
  const random = seededRandom(seed);
  const blows = new Map<string, number>();
  let [acknowledged, unknown] = [0, 0];
  for (let round = 1; round <= rounds; round += 1) {
    const history = new History();
    const problems = [...(await strike(cluster, { blow, random, round, history, blows }))];
    acknowledged += history.acknowledged;
    unknown += history.unknown;
    problems.push(...verify(history));
    if (problems.length > 0) return { rounds: round, acknowledged, unknown, blows, problems };
  }
  return { rounds, acknowledged, unknown, blows, problems: [] };
}

export function summary(what: string, struck: Struck): string {
  const { rounds, acknowledged, unknown, blows, problems } = struck;
  const kinds = [...blows].map(([kind, times]) => `${kind} ${times}`).join(', ');
  const counts = `${acknowledged} answers, ${unknown} unknown, ${problems.length} problems`;
  return `${rounds} ${what}: ${counts} (${kinds})`;
}

interface Round {
  readonly blow: Blow;
  readonly random: Random;
  readonly round: number;
  readonly history: History;
  readonly blows: Map<string, number>;
}

async function strike(
  cluster: Cluster,
  { blow, random, round, history, blows }: Round,
): Promise<readonly string[]> {
  const load = startLoad({ ask: cluster.ask, history, random, round });
  try {
    await sleep(BEFORE_MS + random.below(BEFORE_SPREAD_MS));
    const kind = await blow(cluster, random);
    blows.set(kind, (blows.get(kind) ?? 0) + 1);
    await cluster.whole();
    await sleep(AFTER_MS);
    return [];
  } catch (error) {
    return [`round ${round}: ${String(error)}`];
  } finally {
    await load.stop();
  }
}
