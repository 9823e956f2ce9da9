// Shares seeds among worker processes.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Report } from './simulate.ts';
import type { Work } from './worker.ts';

/** A seed that takes longer, in milliseconds, does not end; some take half a minute where much else goes on. */
const PATIENCE = 300_000;

const ROOT = join(import.meta.dirname, '../..');

/** Calls `tell` with each report; ends early when it answers false. `root`: where the sources are. */
export async function runInWorkers(
  work: Omit<Work, 'stride'>,
  jobs: number,
  tell: (report: Report) => boolean,
  root: string = ROOT,
): Promise<void> {
  const workers = Array.from({ length: jobs }, (_, job) => {
    // JSON has no infinity.
    const { first, last } = work;
    return new Worker(
      { ...work, first: first + job, last: Math.min(last, 1e15), stride: jobs },
      root,
    );
  });
  const isWanted = (report: Report): boolean => {
    const isOn = tell(report);
    if (!isOn) for (const worker of workers) worker.stop();
    return isOn;
  };
  await Promise.all(workers.map((worker) => worker.run(isWanted)));
}

/** One process after another: one that hangs is ended, and the next goes on behind its seed. */
class Worker {
  readonly #work: Work;
  readonly #root: string;
  #process: ChildProcess | undefined;
  #isStopped = false;

  constructor(work: Work, root: string) {
    this.#work = work;
    this.#root = root;
  }

  stop(): void {
    this.#isStopped = true;
    this.#process?.kill();
  }

  async run(tell: (report: Report) => boolean): Promise<void> {
    const { last, stride, stopsAtFailure } = this.#work;
    let next = this.#work.first;
    while (next <= last && !this.#isStopped) {
      const hung = await this.#runFrom(next, tell);
      if (hung === undefined || !tell(endless(hung)) || stopsAtFailure) return;
      next = hung + stride;
    }
  }

  /** The seed that does not end, if there is one. */
  async #runFrom(first: number, tell: (report: Report) => boolean): Promise<number | undefined> {
    const work = JSON.stringify({ ...this.#work, first });
    const worker = spawn(process.execPath, [join(this.#root, 'test/simulation/worker.ts'), work], {
      cwd: this.#root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = worker;
    // Worlds have a clock of their own; what else runs on this machine may not.
    if (worker.pid !== undefined) setPriority(worker.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    const ended = once(worker, 'exit') as Promise<[number | null]>;
    let running = first;
    let isHung = false;
    const hang = (): void => {
      isHung = true;
      worker.kill('SIGKILL');
    };
    let timer = setTimeout(hang, PATIENCE);
    for await (const line of createInterface({ input: worker.stdout })) {
      clearTimeout(timer);
      timer = setTimeout(hang, PATIENCE);
      const report = JSON.parse(line) as Report; // made by worker.ts
      running = report.seed + this.#work.stride;
      if (!tell(report)) break;
    }
    clearTimeout(timer);
    const [code] = await ended;
    if (code !== null && code !== 0) throw new Error(`a worker ended with ${code}`);
    return isHung ? running : undefined;
  }
}

const endless = (seed: number): Report => ({
  seed,
  failure: 'it does not end',
  virtualSeconds: 0,
  events: 0,
  counts: {},
  hash: undefined,
  trace: [],
});
