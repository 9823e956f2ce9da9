// Tries mutants: for each, a copy of the sources with one bug, and worlds made of that until one fails.
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runInWorkers } from '../pool.ts';
import { MUTANTS } from './all.ts';
import { mutated, type Mutant } from './mutant.ts';

export interface Trial {
  /** The name of one mutant, or a part of names. */
  readonly only: string | undefined;
  /** How many of them are left out, from the first on. */
  readonly skip: number;
  /** How many seeds may pass before a mutant counts as not found. */
  readonly budget: number;
  readonly seconds: number;
  readonly jobs: number;
  /** Plays the scenarios instead of seeds. */
  readonly isScripted: boolean;
  readonly say: (line: string) => void;
}

const run = promisify(execFile);

const ROOT = join(import.meta.dirname, '../../..');

/** What a simulated server is made of, and the simulation itself. */
const COPIED = ['package.json', 'raft', 'storage', 'sdk', 'test/simulation', 'test/helpers'];

/** Scenarios that take longer hang. */
const PATIENCE_MILLIS = 120_000;

interface Found {
  readonly mutant: Mutant;
  /** How many seeds it took; `undefined` when it was not found. */
  readonly seeds: number | undefined;
  readonly failure: string;
}

/** Whether all were found. */
export async function tryMutants(trial: Trial): Promise<boolean> {
  const { only, skip } = trial;
  const chosen = MUTANTS.filter(
    ({ name }, at) => at >= skip && (only === undefined || name.includes(only)),
  );
  if (chosen.length === 0) throw new Error(`no mutant is called ${only}`);
  const results: Found[] = [];
  for (const mutant of chosen) {
    const found = await tryMutant(mutant, trial);
    results.push(found);
    trial.say(line(found));
  }
  const taken = results.flatMap(({ seeds }) => (seeds === undefined ? [] : [seeds]));
  const sorted = taken.toSorted((a, b) => a - b);
  trial.say(
    `${taken.length} of ${chosen.length} mutants found; median ${sorted[sorted.length >> 1] ?? '-'} seeds, worst ${sorted.at(-1) ?? '-'}`,
  );
  return taken.length === chosen.length;
}

async function tryMutant(mutant: Mutant, trial: Trial): Promise<Found> {
  const root = mkdtempSync(join(tmpdir(), 'coffer-mutant-'));
  try {
    copySources(root);
    const file = join(root, mutant.file);
    writeFileSync(file, mutated(mutant, readFileSync(file, 'utf8')));
    return await (trial.isScripted ? play(mutant, root) : search(mutant, trial, root));
  } catch (error) {
    // The sources have changed: the mutant has to be written again.
    return { mutant, seeds: undefined, failure: error instanceof Error ? error.message : '' };
  } finally {
    rmSync(root, { recursive: true });
  }
}

function copySources(root: string): void {
  for (const name of COPIED) cpSync(join(ROOT, name), join(root, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
}

async function play(mutant: Mutant, root: string): Promise<Found> {
  const { scenario } = mutant;
  const script = join(root, 'test/simulation/scenarios/all.ts');
  const wanted = scenario === undefined ? [] : ['--only', scenario];
  const { stdout } = await run(process.execPath, [script, ...wanted], {
    cwd: root,
    timeout: PATIENCE_MILLIS,
  }).catch((error: unknown) => ({ stdout: `scenarios end with ${String(error).slice(0, 200)}\n` }));
  const failed = stdout.split('\n').filter((one) => one !== '');
  return { mutant, seeds: failed.length === 0 ? undefined : 0, failure: failed[0] ?? 'not found' };
}

async function search(mutant: Mutant, trial: Trial, root: string): Promise<Found> {
  let found: Found = { mutant, seeds: undefined, failure: 'not found' };
  let seeds = 0;
  const work = {
    kit: mutant.kit ?? 'core',
    seconds: trial.seconds,
    first: 1,
    last: trial.budget,
    isVerifying: false,
    stopsAtFailure: true,
  } as const;
  await runInWorkers(
    work,
    trial.jobs,
    ({ failure }) => {
      seeds += 1;
      if (failure === undefined || found.seeds !== undefined) return found.seeds === undefined;
      found = { mutant, seeds, failure: failure.split('\n')[0] ?? '' };
      return false;
    },
    root,
  );
  return found;
}

function line({ mutant, seeds, failure }: Found): string {
  const count = seeds === undefined ? 'NOT FOUND' : String(seeds || 'scripted');
  return `${count.padStart(9)}  ${mutant.name.padEnd(62)} ${failure.slice(0, 110)}`;
}
