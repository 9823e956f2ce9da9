// One byte of a store that is at rest is changed: the server names what is damaged, or nothing is lost.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { addLate, fillStore, lookAt, recordProbes } from './probes.ts';
import type { Probe } from './probes.ts';
import { seeded } from './random.ts';
import type { Random } from './random.ts';
import { startCrashServer } from './server.ts';
import type { CrashServer } from './server.ts';

/** What a server says of a read that found damage; before service it names the folder of its store. */
const NAMES_DAMAGE = /damage|corrupt|does not hold what was written/i;

export interface WantedFlips {
  readonly command: readonly string[];
  readonly flips: number;
  readonly seed: number;
}

/** How a flip ended: before service, at a read, or without any effect; `wrong` is the failure. */
export type Outcome =
  'refused to start' | 'refused to unseal' | 'refused a read' | 'harmless' | 'wrong';

export interface Flip {
  readonly file: string;
  readonly offset: number;
  readonly stopped: NodeJS.Signals;
  readonly outcome: Outcome;
  readonly said: string;
}

/** Flips bytes of a store that was left by SIGTERM and of one that was left by kill -9, in turn. */
export async function flipOften({ command, flips, seed }: WantedFlips): Promise<readonly Flip[]> {
  const random = seeded(seed);
  const found: Flip[] = [];
  for (const stopped of ['SIGTERM', 'SIGKILL'] as const) {
    const prepared = await prepare(command, stopped);
    try {
      const files = filesOf(prepared.whole);
      for (let flip = 0; flip < Math.ceil(flips / 2); flip += 1) {
        const file = files[flip % files.length] ?? ''; // each in turn, so that every one is hit
        found.push({ stopped, ...(await flipOne(prepared, file, random)) });
      }
    } finally {
      await prepared.remove();
    }
  }
  return found;
}

/** Outcomes by kind of file, one line each. */
export function flipLines(flips: readonly Flip[]): readonly string[] {
  const kinds = Map.groupBy(
    flips,
    ({ file, stopped }) => `${stopped} ${file.replaceAll(/\d+/g, 'N')}`,
  );
  return [...kinds.keys()].toSorted().map((kind) => {
    const outcomes = Map.groupBy(kinds.get(kind) ?? [], ({ outcome }) => outcome);
    const counts = [...outcomes].map(([outcome, { length }]) => `${length} ${outcome}`);
    return `${kind.padEnd(36)} ${counts.toSorted().join(', ')}`;
  });
}

interface Prepared {
  readonly server: CrashServer;
  readonly probes: readonly Probe[];
  /** A copy of the store as the server left it. */
  readonly whole: string;
  readonly remove: () => Promise<void>;
}

async function prepare(command: readonly string[], stopped: NodeJS.Signals): Promise<Prepared> {
  const server = await startCrashServer(command);
  const copies = await mkdtemp(path.join(os.tmpdir(), 'flips-'));
  const remove = async (): Promise<void> => {
    await server.stop();
    await rm(copies, { recursive: true, force: true });
  };
  try {
    const reads = await fillStore(server.call);
    await restart(server); // what was a log becomes a table; what follows is in a log again
    const probes = await recordProbes(server.call, [...reads, ...(await addLate(server.call))]);
    await server.servers.stopNode(0, stopped);
    const whole = path.join(copies, 'whole');
    await cp(server.data, whole, { recursive: true });
    return { server, probes, whole, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function restart({ servers }: CrashServer): Promise<void> {
  await servers.stopNode(0, 'SIGTERM');
  await servers.startNode(0);
  await servers.unseal(0);
}

/** Every file that has content, by its path in the store. */
function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => {
      const found = statSync(path.join(folder, file));
      return found.isFile() && found.size > 0;
    })
    .toSorted();
}

async function flipOne(
  prepared: Prepared,
  file: string,
  random: Random,
): Promise<Omit<Flip, 'stopped'>> {
  const { server, whole } = prepared;
  await rm(server.data, { recursive: true, force: true });
  await cp(whole, server.data, { recursive: true });
  const at = path.join(server.data, file);
  const content = readFileSync(at);
  const offset = random.below(content.length);
  content[offset] = (content[offset] ?? 0) ^ (1 << random.below(8));
  writeFileSync(at, content);
  return { file, offset, ...(await observe(prepared)) };
}

interface Observed {
  readonly outcome: Outcome;
  readonly said: string;
}

async function observe(prepared: Prepared): Promise<Observed> {
  const { servers } = prepared.server;
  const refusal = await startAndUnseal(prepared);
  if (refusal !== undefined) {
    await servers.stopNode(0, 'SIGKILL');
    return refusal;
  }
  const { wrong, refused } = await lookAt(prepared.server.call, prepared.probes).catch(
    (error: unknown) => ({
      wrong: [`a read failed: ${String(error)} ${servers.output()}`],
      refused: [],
    }),
  );
  const said = [...wrong, ...refused].join('\n');
  const output = servers.output();
  await servers.stopNode(0, 'SIGKILL');
  if (wrong.length > 0) return { outcome: 'wrong', said };
  if (refused.length === 0) return { outcome: 'harmless', said: '' };
  return named(prepared.server, 'refused a read', `${said}\n${output}`);
}

/** How the server refused to be of service; undefined where it is. */
async function startAndUnseal({ server }: Prepared): Promise<Observed | undefined> {
  const { servers } = server;
  try {
    await servers.startNode(0);
  } catch (error) {
    return named(server, 'refused to start', String(error));
  }
  try {
    await servers.unseal(0);
    return undefined;
  } catch (error) {
    return named(server, 'refused to unseal', `${String(error)}\n${servers.output()}`);
  }
}

/** A refusal that does not say what it is about helps nobody. */
function named({ data }: CrashServer, outcome: Outcome, said: string): Observed {
  if (NAMES_DAMAGE.test(said) || said.includes(data)) return { outcome, said };
  return { outcome: 'wrong', said: `${outcome}: ${said}` };
}
