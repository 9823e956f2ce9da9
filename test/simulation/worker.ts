// Runs seeds in a process of its own and tells of each with a line of JSON, since one process has one core, and since a
// mutant needs a process that has never loaded the real thing.
import { kits, type KitName } from './kits.ts';
import { outsideOfPromises } from './microtasks.ts';
import { simulate, type Report } from './simulate.ts';

export interface Work {
  readonly kit: KitName;
  readonly seconds: number;
  readonly first: number;
  readonly last: number;
  /** Every so many seeds, so that several workers share a range. */
  readonly stride: number;
  /** Each seed is run twice, and both runs must be the same. */
  readonly isVerifying: boolean;
  /** Ends with the first seed that fails. */
  readonly stopsAtFailure: boolean;
}

/** Runs the seeds of `work` one after another; ends early when `tell` says so. */
export async function runSeeds(work: Work, tell: (report: Report) => boolean): Promise<void> {
  for (let seed = work.first; seed <= work.last; seed += work.stride) {
    const report = await outsideOfPromises(() => runSeed(work, seed));
    if (!tell(report) || (work.stopsAtFailure && report.failure !== undefined)) return;
  }
}

function runSeed({ kit, seconds, isVerifying }: Work, seed: number): Report {
  const run = { seed, kit: kits[kit], seconds };
  if (!isVerifying) return simulate({ ...run, isTraced: false });
  const report = simulate({ ...run, isTraced: true });
  const again = simulate({ ...run, isTraced: true });
  if (report.hash === again.hash) return { ...report, trace: [] };
  const [line] = report.trace.filter((one, at) => one !== again.trace[at]);
  return { ...report, failure: `two runs differ: ${report.hash} ${again.hash}, e.g. ${line}` };
}

if (import.meta.main) {
  const work = JSON.parse(process.argv[2] ?? '') as Work; // made by run.ts
  await runSeeds(work, (report) => {
    process.stdout.write(`${JSON.stringify({ ...report, trace: [] })}\n`);
    return true;
  });
}
