// Whether a server answers a scenario as it was recorded.
import { describe } from './actions.ts';
import { differences } from './match.ts';
import { play } from './play.ts';
import { readScenario, type Scenario } from './scenario.ts';
import type { Context } from './world.ts';

const LINES_SHOWN = 12;

/** A step that was answered otherwise; step 0 is the scenario itself, which could not be played. */
export interface Failure {
  readonly step: number;
  readonly label: string;
  readonly found: readonly string[];
}

export interface Checking {
  readonly context: Context;
  /** Also say what an answer has beyond the recorded. */
  readonly extra: boolean;
  /** The storage to play on, in the place of the recorded one. */
  readonly storage?: string;
  /** Whether the expectation of a step (from 1) is disputed, and so not checked. */
  readonly isDisputed: (scenario: string, step: number) => boolean;
}

/** Plays a scenario and says where it was answered differently. */
export async function check(name: string, checking: Checking): Promise<readonly Failure[]> {
  const recorded = readScenario(name);
  const { storage } = checking;
  const scenario = storage === undefined ? recorded : onStorage(recorded, storage);
  try {
    const played = await play(scenario, checking.context);
    return scenario.steps.flatMap((step, index) => {
      if (step.expect === undefined || checking.isDisputed(name, index + 1)) return [];
      const { expected, answer } = played[index] ?? {};
      const found = differences(expected, answer, { extra: checking.extra });
      return found.length === 0 ? [] : [{ step: index + 1, label: describe(step), found }];
    });
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [{ step: 0, label: 'scenario', found: [text] }];
  }
}

/** The same scenario on other storage, which answers that show the storage then name. */
function onStorage(scenario: Scenario, storage: string): Scenario {
  const named = JSON.stringify(scenario).replaceAll(
    '"storage_type":"raft"',
    `"storage_type":${JSON.stringify(storage)}`,
  );
  const copy = JSON.parse(named) as Scenario; // its form is that of the original
  return { ...copy, server: { ...copy.server, storage, raft: {} } };
}

/** The failures of a scenario as lines to print. */
export function failureLines(failures: readonly Failure[]): readonly string[] {
  return failures.flatMap(({ step, label, found }) => {
    const shown = found.slice(0, LINES_SHOWN).map((line) => `      ${line}`);
    const rest = found.length - shown.length;
    return [
      `    step ${step}: ${label}`,
      ...shown,
      ...(rest > 0 ? [`      ... and ${rest} more`] : []),
    ];
  });
}
