// All scenarios; from the command line, plays them and says which do not end well.
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

/** `node all.ts [part of a name]`: with a name, also what happened. */
if (import.meta.main) {
  const [wanted] = process.argv.slice(2);
  for (const scenario of SCENARIOS) {
    if (wanted !== undefined && !scenario.name.includes(wanted)) continue;
    const [failure, lines] = await outsideOfPromises(() => playScenario(scenario));
    if (wanted !== undefined) console.log(lines.join('\n'));
    if (failure !== undefined) console.log(`scenario "${scenario.name}": ${failure}`);
  }
}
