// Shares seeds among worker processes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Report } from './simulate.ts';
import type { Work } from './worker.ts';

/** Calls `tell` with each report; ends early when it answers false. `root`: where the sources are. */
// oxlint-disable-next-line max-params
export async function runInWorkers(
  work: Omit<Work, 'stride'>,
  jobs: number,
  tell: (report: Report) => boolean,
  root: string = join(import.meta.dirname, '../..'),
  /** Ends the workers when it resolves. */
  interrupt?: Promise<unknown>,
): Promise<void> {
  const workers = Array.from({ length: jobs }, (_, job) =>
    // JSON has no infinity.
    startWorker(root, {
      ...work,
      first: work.first + job,
      last: Math.min(work.last, 1e15),
      stride: jobs,
    }),
  );
  const stop = (): void => workers.forEach((worker) => worker.kill());
  void interrupt?.then(stop);
  await Promise.all(
    workers.map(async (worker) => {
      const ended = once(worker, 'exit') as Promise<[number | null]>;
      for await (const line of createInterface({ input: worker.stdout })) {
        if (!tell(JSON.parse(line) as Report)) stop();
      }
      const [code] = await ended;
      if (code !== null && code !== 0) throw new Error(`a worker ended with ${code}`);
    }),
  );
}

function startWorker(root: string, work: Work): ReturnType<typeof spawnWorker> {
  return spawnWorker(root, JSON.stringify(work));
}

function spawnWorker(root: string, work: string) {
  return spawn(process.execPath, [join(root, 'test/simulation/worker.ts'), work], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
