// All scenarios; from the command line, plays them and says which do not end well.
import { parseArgs } from 'node:util';
import { outsideOfPromises } from '../microtasks.ts';
import { ELECTION_SCENARIOS } from './elections.ts';
import { LOG_SCENARIOS } from './logs.ts';
import { MEMBER_SCENARIOS } from './members.ts';
import { READ_SCENARIOS } from './reads.ts';
import { WHOLE_SCENARIOS } from './whole.ts';
import { playScenario, type Scenario } from './stage.ts';

export const SCENARIOS: readonly Scenario[] = [
  ...ELECTION_SCENARIOS,
  ...LOG_SCENARIOS,
  ...READ_SCENARIOS,
  ...MEMBER_SCENARIOS,
  ...WHOLE_SCENARIOS,
];

/** `node all.ts [part of a name]`: with a part, also what happened. `--only NAME` plays one. */
if (import.meta.main) {
  const {
    values: { only },
    positionals: [part],
  } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
  const isWanted = ({ name }: Scenario): boolean =>
    only === undefined ? name.includes(part ?? '') : name === only;
  for (const scenario of SCENARIOS.filter(isWanted)) {
    const [failure, lines] = await outsideOfPromises(() => playScenario(scenario));
    if (part !== undefined) console.log(lines.join('\n'));
    if (failure !== undefined) console.log(`scenario "${scenario.name}": ${failure}`);
  }
}
