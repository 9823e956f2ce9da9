// The long runs of faults on three real nodes. README.md has the options.
import { parseArgs } from 'node:util';
import { KINDS, missingFor, runCampaign } from './campaign.ts';
import { summary } from './rounds.ts';

const { values: options } = parseArgs({
  options: {
    ...Object.fromEntries(KINDS.map((kind) => [kind, { type: 'string', default: '0' }] as const)),
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    command: { type: 'string', default: 'bin/vault' },
  },
});

const numbers = options as Readonly<Record<string, string>>;
const wanted = KINDS.filter((kind) => Number(numbers[kind]) > 0);
if (wanted.length === 0) {
  console.log(`npm run faults -- ${KINDS.map((kind) => `[--${kind} N]`).join(' ')} [--seed N]`);
  process.exitCode = 2;
}
const [seed, command] = [Number(options['seed']), (numbers['command'] ?? '').split(' ')];
console.log(`seed ${seed}`);
for (const kind of wanted) {
  const missing = await missingFor(kind);
  if (missing !== undefined) throw new Error(missing);
  const struck = await runCampaign(kind, { command, seed, rounds: Number(numbers[kind]) });
  console.log(summary(kind, struck));
  for (const problem of struck.problems) console.log(problem);
  if (struck.problems.length > 0) process.exitCode = 1;
}
