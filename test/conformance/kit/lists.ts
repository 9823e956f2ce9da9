// What is known not to pass yet (pending.json), and which expectations are disputed (disputed.json).
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { areaOf } from './scenario.ts';

const FOLDER = path.join(import.meta.dirname, '..');

/** Areas and scenarios by name, each with the reason why it is not built yet. */
export interface Pending {
  readonly areas: Readonly<Record<string, string>>;
  readonly scenarios: Readonly<Record<string, string>>;
  /** Other tests that need what is not built yet, by the name that they go by here. */
  readonly tests: Readonly<Record<string, string>>;
  /** Those that were recorded on Raft storage and ask nothing of it: played on `file` storage until there is Raft. */
  readonly onFile: readonly string[];
}

/** A step (from 1) whose recorded expectation is wrong, and what proves it. */
export interface Disputed {
  readonly scenario: string;
  readonly step: number;
  readonly proof: string;
}

export function readPending(): Pending {
  return read('pending.json') as Pending; // a test checks its form
}

export function readDisputed(): readonly Disputed[] {
  return read('disputed.json') as readonly Disputed[]; // a test checks its form
}

/** Why a scenario is not expected to pass yet; undefined where it is. */
export function pendingReason(
  { areas, scenarios }: Pick<Pending, 'areas' | 'scenarios'>,
  name: string,
): string | undefined {
  return scenarios[name] ?? areas[areaOf(name)];
}

/** The list without the scenarios that pass; an area of which some pass is spelled out. */
export function shortened(
  pending: Pending,
  passing: ReadonlySet<string>,
  all: readonly string[],
): Pending {
  const inArea = (area: string): readonly string[] => all.filter((name) => areaOf(name) === area);
  const isWhole = (area: string): boolean => !inArea(area).some((name) => passing.has(name));
  const areas = Object.entries(pending.areas);
  const spelled = areas
    .filter(([area]) => !isWhole(area))
    .flatMap(([area, reason]) => inArea(area).map((name) => [name, reason] as const));
  const scenarios = [...spelled, ...Object.entries(pending.scenarios)];
  const left = scenarios.filter(([name]) => !passing.has(name)).toSorted(byName);
  return {
    areas: Object.fromEntries(areas.filter(([area]) => isWhole(area))),
    scenarios: Object.fromEntries(left),
    tests: pending.tests,
    onFile: pending.onFile.filter((name) => !passing.has(name)),
  };
}

export function writePending(pending: Pending): void {
  writeFileSync(path.join(FOLDER, 'pending.json'), `${JSON.stringify(pending, null, 2)}\n`);
}

function byName([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : 1;
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8'));
}
