// Counts of scenarios by area.
import { areaOf } from './scenario.ts';

export type Status = 'passed' | 'failed' | 'pending' | 'skipped';

/** One line for each area, and one for all of them. */
export function summaryLines(results: ReadonlyMap<string, Status>): readonly string[] {
  const areas = Map.groupBy(results, ([name]) => areaOf(name));
  const lines = [...areas].map(([area, entries]) =>
    counts(
      area,
      entries.map(([, status]) => status),
    ),
  );
  return [...lines.toSorted(), counts('all', [...results.values()])];
}

function counts(label: string, statuses: readonly Status[]): string {
  const count = (wanted: Status): number => statuses.filter((status) => status === wanted).length;
  const others = (['failed', 'pending', 'skipped'] as const)
    .filter((status) => count(status) > 0)
    .map((status) => `, ${count(status)} ${status}`);
  return `${label.padEnd(20)} ${count('passed')} of ${statuses.length} passed${others.join('')}`;
}
