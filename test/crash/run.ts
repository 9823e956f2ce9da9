// The long runs: kill -9, power cuts, flipped bits. README.md has the options.
import { parseArgs } from 'node:util';
import { missingFuse } from '#test/helpers/lossy-disk.ts';
import { flipLines, flipOften } from './flips.ts';
import { killOften } from './kills.ts';
import { cutPowerOften } from './power-cuts.ts';
import { summary } from './rounds.ts';
import type { Struck } from './rounds.ts';

const USAGE =
  'npm run crash -- [--rounds N] [--power-cuts N] [--flips N] [--seed N] [--command PROGRAM]';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '0' },
    'power-cuts': { type: 'string', default: '0' },
    flips: { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    command: { type: 'string', default: 'bin/vault' },
  },
});

const command = options.command.split(' ');
const seed = Number(options.seed);
const rounds = Number(options.rounds);
const cuts = Number(options['power-cuts']);
const flips = Number(options.flips);

if (rounds + cuts + flips === 0) {
  console.log(USAGE);
  process.exitCode = 2;
}
console.log(`seed ${seed}`);
if (rounds > 0) report('kills', await killOften({ command, rounds, seed }));
if (cuts > 0) await runCuts();
if (flips > 0) await runFlips();

async function runCuts(): Promise<void> {
  const missing = await missingFuse();
  if (missing !== undefined) throw new Error(missing);
  report('power cuts', await cutPowerOften({ command, rounds: cuts, seed }));
}

async function runFlips(): Promise<void> {
  const found = await flipOften({ command, flips, seed });
  console.log(flipLines(found).join('\n'));
  for (const flip of found.filter(({ outcome }) => outcome === 'wrong')) {
    console.log(`${flip.stopped} ${flip.file} byte ${flip.offset}: ${flip.said}`);
    process.exitCode = 1;
  }
}

function report(what: string, struck: Struck): void {
  console.log(summary(what, struck));
  if (struck.problems.length === 0) return;
  console.log(struck.problems.join('\n'));
  process.exitCode = 1;
}
