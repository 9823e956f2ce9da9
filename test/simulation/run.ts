// `npm run simulate`: runs seeds, mutants and campaigns from the command line. README.md has the options.
import { parseArgs } from 'node:util';
import { availableParallelism } from 'node:os';
import { Campaign } from './campaign.ts';
import { kits, type KitName } from './kits.ts';
import { outsideOfPromises } from './microtasks.ts';
import { tryMutants } from './mutants/try.ts';
import { runInWorkers } from './pool.ts';
import { simulate } from './simulate.ts';
import type { Work } from './worker.ts';

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1..200' },
    seconds: { type: 'string', default: '60' },
    minutes: { type: 'string' },
    jobs: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    kit: { type: 'string', default: 'core' },
    verify: { type: 'boolean', default: false },
    campaign: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    scripted: { type: 'boolean', default: false },
    skip: { type: 'string', default: '0' },
    budget: { type: 'string', default: '200' },
    lines: { type: 'string', default: '120' },
    window: { type: 'string' },
  },
});

const seconds = Number(options.seconds);
const jobs = Number(options.jobs);
const deadline =
  options.minutes === undefined ? Infinity : performance.now() + Number(options.minutes) * 60_000;

if (options.mutants || options.mutant !== undefined) await runMutants();
else if (options.seed !== undefined) await runOne(Number(options.seed));
else await runMany();

function kitName(): KitName {
  if (options.kit in kits) return options.kit as KitName;
  throw new Error(`there is no kit ${options.kit}; there are ${Object.keys(kits).join(', ')}`);
}

/** One seed with its trace. */
async function runOne(seed: number): Promise<void> {
  const report = await outsideOfPromises(() =>
    simulate({ seed, kit: kits[kitName()], seconds, isTraced: true }),
  );
  if (report.failure !== undefined) process.exitCode = 1;
  console.log(chosenLines(report.trace, report.failure !== undefined).join('\n'));
  console.log(JSON.stringify({ ...report, trace: undefined }, undefined, 2));
}

/** The lines of `--window FROM..TO` (virtual milliseconds), or else the end of a run that failed. */
function chosenLines(lines: readonly string[], hasFailed: boolean): readonly string[] {
  if (options.window === undefined) return hasFailed ? lines.slice(-Number(options.lines)) : [];
  const [from, to] = range(options.window);
  return lines.filter((line) => {
    const at = Number(line.slice(0, 10));
    return at >= from && at <= to;
  });
}

async function runMany(): Promise<void> {
  const campaign = new Campaign(options.campaign);
  const [from, to] = range(options.seeds);
  const first = campaign.next ?? from;
  const work: Omit<Work, 'stride'> = {
    kit: kitName(),
    seconds,
    first,
    last: options.campaign === undefined && options.minutes === undefined ? to : Infinity,
    isVerifying: options.verify,
    stopsAtFailure: false,
  };
  await runInWorkers(work, jobs, (report) => {
    campaign.add(report);
    if (report.failure !== undefined) console.log(`seed ${report.seed}: ${report.failure}`);
    return performance.now() < deadline;
  });
  campaign.save();
  console.log(campaign.summary());
  if (campaign.failures > 0) process.exitCode = 1;
}

async function runMutants(): Promise<void> {
  const isAllFound = await tryMutants({
    only: options.mutant,
    skip: Number(options.skip),
    budget: Number(options.budget),
    seconds,
    jobs,
    isScripted: options.scripted,
    say: console.log,
  });
  if (!isAllFound) process.exitCode = 1;
}

function range(text: string): readonly [number, number] {
  const [from = '1', to = from] = text.split('..');
  return [Number(from), Number(to)];
}
