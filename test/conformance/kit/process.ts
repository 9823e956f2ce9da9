// One server process: started, watched until it answers, ended.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

export const START_LIMIT_MS = 30_000;
const OUTPUT_KEPT = 4_000;
const ASK_AGAIN_MS = 25;

export interface Program {
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What still runs when this process ends, ends with it: a test that is cut off leaves no server behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A child process with the last of what it printed. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #output = '';

  constructor({ command, args, env }: Program) {
    const [program = '', ...first] = command;
    this.#child = spawn(program, [...first, ...args], {
      env: { ...inherited(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-OUTPUT_KEPT);
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
    running.add(this.#child);
    this.#exited = new Promise((resolve) => {
      this.#child.on('exit', (code) => {
        running.delete(this.#child);
        resolve(code);
      });
      this.#child.on('error', (error) => {
        this.#output += error.message;
        resolve(error);
      });
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`no process: ${this.#output}`);
    return this.#child.pid;
  }

  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** Waits until `answers` is true; a process that ends before is an error with its output. */
  async ready(answers: () => Promise<boolean>): Promise<void> {
    const last = Date.now() + START_LIMIT_MS;
    while (!(await answers())) {
      if (!this.isRunning) {
        await this.#exited;
        throw new Error(`the server ended with ${this.#child.exitCode}\n${this.#output}`);
      }
      if (Date.now() > last) {
        throw new Error(`the server did not answer in 30 s\n${this.#output}`);
      }
      await sleep(ASK_AGAIN_MS);
    }
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.isRunning) this.#child.kill(signal);
    await this.#exited;
  }
}

/** Our environment without what would steer a Vault client or server. */
function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VAULT|BAO|COFFER)_/.test(name)),
  );
}
