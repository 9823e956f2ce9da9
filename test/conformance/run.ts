// Plays scenarios against a server and says where it answers differently; README.md has the options.
import { parseArgs } from 'node:util';
import { check, failureLines } from './kit/check.ts';
import type { Checking } from './kit/check.ts';
import { pendingReason, readDisputed, readPending, shortened, writePending } from './kit/lists.ts';
import { findScenarios } from './kit/scenario.ts';
import { limitTo } from './kit/semaphore.ts';
import { summaryLines } from './kit/summary.ts';
import type { Status } from './kit/summary.ts';
import { needsPostgres, postgresFor } from './postgres.ts';

const USAGE =
  'npm run conformance -- [--command PROGRAM] [--cli PROGRAM] [--pending [--shorten]] [--jobs N] [--postgres URL] [--summary] [--verbose] [filter ...]';

const { values: options, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    command: { type: 'string', default: 'bin/vault' },
    cli: { type: 'string' }, // another program for the cli steps: a client that is not ours against our server
    pending: { type: 'boolean', default: false }, // only what is pending, to see what passes already
    shorten: { type: 'boolean', default: false }, // with --pending: takes what passes off the list
    jobs: { type: 'string', default: '3' },
    postgres: { type: 'string', default: process.env['CONFORMANCE_POSTGRES'] ?? '' },
    summary: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false }, // also what an answer has beyond the recorded
    help: { type: 'boolean', default: false },
  },
});

if (options.help) console.log(USAGE);
else process.exitCode = await main();

async function main(): Promise<number> {
  const names = chosenScenarios();
  const postgres = await postgresFor(names, options.postgres);
  const disputed = new Set(readDisputed().map(({ scenario, step }) => `${scenario} ${step}`));
  const checking: Checking = {
    context: {
      command: options.command.split(' '),
      cli: (options.cli ?? options.command).split(' '),
      postgres: postgres.url,
    },
    extra: options.verbose,
    isDisputed: (scenario, step) => disputed.has(`${scenario} ${step}`),
  };
  const results = await playAll(names, checking);
  await postgres.stop();
  console.log(`\n${summaryLines(results).join('\n')}`);
  if (options.pending) return report(results);
  return results.size === 0 || [...results.values()].includes('failed') ? 1 : 0;
}

function chosenScenarios(): readonly string[] {
  const pending = readPending();
  const isChosen = (name: string): boolean =>
    !options.pending || pendingReason(pending, name) !== undefined;
  return findScenarios(filters).filter(isChosen);
}

async function playAll(
  names: readonly string[],
  checking: Checking,
): Promise<ReadonlyMap<string, Status>> {
  const results = new Map<string, Status>();
  const limited = limitTo(Number(options.jobs));
  const one = async (name: string): Promise<void> => {
    const [status, lines] = await playOne(name, checking);
    results.set(name, status);
    if (!options.summary) console.log([`${status.padEnd(8)} ${name}`, ...lines].join('\n'));
  };
  await Promise.all(names.map(async (name) => limited(async () => one(name))));
  return results;
}

async function playOne(
  name: string,
  checking: Checking,
): Promise<readonly [Status, readonly string[]]> {
  if (needsPostgres(name) && checking.context.postgres === '') return ['skipped', []];
  const failures = await check(name, checking);
  return [failures.length === 0 ? 'passed' : 'failed', failureLines(failures)];
}

/** Names the pending scenarios that pass: they can leave pending.json. */
function report(results: ReadonlyMap<string, Status>): number {
  const passing = [...results].filter(([, status]) => status === 'passed').map(([name]) => name);
  console.log(`\npending, but passing: ${passing.length}`);
  for (const name of passing.toSorted()) console.log(`  ${name}`);
  if (options.shorten) {
    writePending(shortened(readPending(), new Set(passing), findScenarios()));
    return 0;
  }
  return passing.length === 0 ? 0 : 1;
}
