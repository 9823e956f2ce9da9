// The long run: random operations on the state machine, over LevelDB and over memory, in rounds. What was done is noted
// after each round, so that a run that was ended goes on where it was.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LevelMedia } from '#storage/machine-level.ts';
import { VirtualMedia } from '#test/simulation/medium.ts';
import { realTimer, runModel, type Tally } from './machine.ts';

const { values: options } = parseArgs({
  options: {
    operations: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    medium: { type: 'string', default: 'level,memory' },
    progress: { type: 'string' },
  },
});

/** Large enough for LevelDB to write and merge some tables, small enough to lose little when it is ended. */
const ROUND_OPERATIONS = 250_000;

/** What was done with one seed, one number per kind; a round counts by the operations that it was given. */
interface Progress {
  rounds: number;
  seconds: number;
  total: Omit<Tally, 'differences'>;
}

const seed = Number(options.seed);
for (const medium of options.medium.split(',')) await runOn(medium);

async function runOn(medium: string): Promise<void> {
  const file = join(options.progress ?? tmpdir(), `coffer-model-${medium}-${seed}.json`);
  const rounds = Math.ceil(Number(options.operations) / ROUND_OPERATIONS);
  let progress = readProgress(file);
  while ((progress?.rounds ?? 0) < rounds) {
    const round = progress?.rounds ?? 0;
    const began = performance.now();
    const tally = await runRound(medium, seed * 1_000_000 + round);
    const { differences, ...done } = tally;
    if (differences.length > 0) {
      console.log(`${medium}, seed ${seed}, round ${round}:\n${differences.join('\n')}`);
      process.exitCode = 1;
      return;
    }
    progress = add(progress, done, (performance.now() - began) / 1000);
    writeFileSync(file, JSON.stringify(progress));
  }
  console.log(`${medium}: ${JSON.stringify(progress)}, 0 differences`);
}

async function runRound(medium: string, roundSeed: number): Promise<Tally> {
  const run = { operations: ROUND_OPERATIONS, seed: roundSeed, keys: 4000 };
  if (medium === 'memory') {
    return runModel({ ...run, media: new VirtualMedia({ timer: realTimer }) });
  }
  const folder = mkdtempSync(join(tmpdir(), 'coffer-model-'));
  try {
    return await runModel({ ...run, media: new LevelMedia(join(folder, 'machine')) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readProgress(file: string): Progress | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Progress) : undefined;
}

function add(before: Progress | undefined, done: Progress['total'], seconds: number): Progress {
  const names = Object.keys(done) as (keyof typeof done)[];
  const sums = names.map((name) => [name, (before?.total[name] ?? 0) + done[name]] as const);
  return {
    rounds: (before?.rounds ?? 0) + 1,
    seconds: Math.round((before?.seconds ?? 0) + seconds),
    total: { ...done, ...Object.fromEntries(sums) },
  };
}
