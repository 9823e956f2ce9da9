// Majorities: who counts, how many it takes, and what a majority has reached.
import type { Configuration, NodeId } from './types.ts';

export function votersOf(configuration: Configuration): readonly NodeId[] {
  return configuration.filter((server) => server.suffrage === 'voter').map((server) => server.id);
}

export function majority(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** The greatest value that a majority has reached; nothing is ever reached where nobody votes. */
export function reachedByMajority<Unit extends number>(
  voters: readonly NodeId[],
  reached: (voter: NodeId) => Unit,
): Unit | undefined {
  const values: Unit[] = [];
  for (const voter of voters) insert(values, reached(voter));
  return values[majority(voters.length) - 1];
}

/** Keeps `values` falling. Voters are few, so nothing is faster. */
function insert(values: number[], value: number): void {
  let place = values.length;
  while (place > 0 && (values[place - 1] ?? value) < value) place -= 1;
  values.splice(place, 0, value);
}
