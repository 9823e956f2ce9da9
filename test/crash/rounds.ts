// A server under load is struck at a random moment, started again, and looked at: many times.
import { setTimeout as sleep } from 'node:timers/promises';
import { Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import type { CrashServer } from './server.ts';
import { verify } from './verify.ts';
import { startLoad } from './writers.ts';

const SHORTEST_LOAD_MS = 30;
const LOAD_SPREAD_MS = 500;

/** How a server is struck: it does not run afterwards, and its disk is as a crash leaves it. */
export type Blow = () => Promise<void>;

export interface Struck {
  readonly rounds: number;
  readonly acknowledged: number;
  readonly doubted: number;
  readonly problems: readonly string[];
}

/** Stops at the first round that finds a problem. */
export async function strikeOften(
  server: CrashServer,
  blow: Blow,
  { rounds, random }: { readonly rounds: number; readonly random: Random },
): Promise<Struck> {
  const ledger = new Ledger();
  let doubted = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const problems = await strike(server, blow, ledger, random);
    doubted += ledger.doubted.length;
    problems.push(...(await recover(server, ledger, random)));
    const { acknowledged } = ledger;
    if (problems.length > 0) return { rounds: round, acknowledged, doubted, problems };
  }
  return { rounds, acknowledged: ledger.acknowledged, doubted, problems: [] };
}

export function summary(what: string, { rounds, acknowledged, doubted, problems }: Struck): string {
  const counts = `${acknowledged} acknowledged writes, ${doubted} in doubt, ${problems.length} problems`;
  return `${rounds} ${what}: ${counts}`;
}

async function strike(
  { call }: CrashServer,
  blow: Blow,
  ledger: Ledger,
  random: Random,
): Promise<string[]> {
  const load = startLoad(call, ledger, random);
  await sleep(SHORTEST_LOAD_MS + random.below(LOAD_SPREAD_MS));
  const trouble = load.hasTrouble();
  await blow();
  await load.stopped;
  return trouble === undefined ? [] : [`before the blow: ${trouble}`];
}

async function recover(
  { servers, call }: CrashServer,
  ledger: Ledger,
  random: Random,
): Promise<readonly string[]> {
  try {
    await servers.startNode(0);
    await servers.unseal(0);
    return await verify(call, ledger, random);
  } catch (error) {
    return [`after the blow: ${String(error)}\n${servers.output()}`];
  }
}
