// Loads an address with wrk, and says what the load cost the server that was loaded.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TICKS_PER_SECOND = 100; // what Linux counts processor time in, on every machine we know
const PAGE_BYTES = 4096;
const WARM_SECONDS = 1;

export interface Load {
  readonly address: string;
  readonly pid: number;
  readonly connections: number;
  readonly seconds: number;
  /** The file of a Lua script that says what is asked; without it a plain GET. */
  readonly script: string;
}

export interface Measured {
  readonly rate: number;
  /** Processor time of one request, in microseconds. */
  readonly micros: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly failed: number;
  /** MiB in memory after the load. */
  readonly memory: number;
}

/** Appended to every script: prints what wrk counted on one line. */
export const REPORT = `
function done(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d %d %d\\n", summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.timeout, latency:percentile(50), latency:percentile(99), latency.max))
end
`;

/** Warms the server, loads it, and says what it gave. */
export async function measureLoad(load: Load): Promise<Measured> {
  await wrk(load, WARM_SECONDS);
  const before = await usage(load.pid);
  const printed = await wrk(load, load.seconds);
  const after = await usage(load.pid);
  const counted = /RESULT (.*)/.exec(printed)?.[1]?.split(' ').map(Number) ?? [];
  const [requests = 0, micros = 1, refused = 0, broken = 0, p50 = 0, p99 = 0, max = 0] = counted;
  return {
    rate: requests / (micros / 1e6),
    micros: ((after.seconds - before.seconds) * 1e6) / requests,
    p50: p50 / 1000,
    p99: p99 / 1000,
    max: max / 1000,
    failed: refused + broken,
    memory: after.memory,
  };
}

/** An error that says what to install, where there is no wrk. */
export async function requireWrk(): Promise<void> {
  try {
    await run('wrk', ['--version']);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // execFile throws nothing else
    if (code === 'ENOENT') throw new Error('wrk is missing: apt-get install wrk', { cause: error });
  }
}

async function wrk({ address, connections, script }: Load, seconds: number): Promise<string> {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '20s', '-s', script];
  const { stdout } = await run('wrk', [...args, address]);
  return stdout;
}

/** A process and its children: processor seconds so far, and memory in MiB. */
async function usage(pid: number): Promise<{ readonly seconds: number; readonly memory: number }> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const ids = [String(pid), ...children.split(' ').filter(Boolean)];
  const stats = await Promise.all(ids.map(async (id) => readFile(`/proc/${id}/stat`, 'utf8')));
  let [ticks, pages] = [0, 0];
  for (const stat of stats) {
    const fields = stat.replace(/^.*\) /, '').split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
    pages += Number(fields[21]);
  }
  return { seconds: ticks / TICKS_PER_SECOND, memory: (pages * PAGE_BYTES) / 2 ** 20 };
}
