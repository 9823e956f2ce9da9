// Steps that run a program: the vault command, openssl, ssh-keygen.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Fields, Step } from './scenario.ts';
import { fill } from './variables.ts';
import { nodeOf, tokenOf } from './world.ts';
import type { World } from './world.ts';

const PROGRAM_LIMIT_MS = 30_000;

/** The tools that a step may run, and the Debian packages they come from. */
const TOOLS: Readonly<Record<string, string>> = {
  openssl: 'openssl',
  'ssh-keygen': 'openssh-client',
};

interface Ran {
  readonly exit: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

interface Program {
  readonly line: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: string;
  readonly cwd?: string;
}

/** The program as the vault command, with what a shell of a vault user would have set. */
export async function cliStep(args: readonly string[], step: Step, world: World): Promise<Fields> {
  const { servers, variables, context } = world;
  const { exit, stdout, stderr } = await run({
    line: [...context.cli, ...fill(args, variables)],
    env: {
      PATH: process.env['PATH'],
      HOME: servers.folder,
      ...settings(step, world),
      ...fill(step.env ?? {}, variables),
    },
    stdin: fill(step.stdin ?? '', variables),
  });
  return { exit, stdout: readOutput(stdout, step), stderr: readOutput(stderr, step) };
}

/** A tool in the scenario's folder; `files` are written there first, `keep` picks the lines to answer. */
export async function toolStep(
  args: readonly string[],
  step: Step,
  { servers, variables }: World,
): Promise<Fields> {
  const line = fill(args, variables);
  const debian = TOOLS[line[0] ?? ''];
  if (debian === undefined) throw new Error(`no tool "${line[0]}"`);
  for (const [name, text] of Object.entries(fill(step.files ?? {}, variables))) {
    await writeFile(path.join(servers.folder, path.basename(name)), text, { mode: 0o600 });
  }
  const { PATH } = process.env;
  const { exit, stdout, stderr } = await run({
    line,
    cwd: servers.folder,
    env: { PATH, HOME: servers.folder, LC_ALL: 'C', TZ: 'UTC' },
    stdin: fill(step.stdin ?? '', variables),
  });
  if (exit === 'ENOENT') throw new Error(`${line[0]} is missing (Debian package ${debian})`);
  const text = step.stderr === true ? `${stdout}\n${stderr}` : stdout;
  return { exit, stdout: step.text === true ? text : chosen(text, step.keep) };
}

async function run({ line, env, stdin, cwd }: Program): Promise<Ran> {
  const [program = '', ...args] = line;
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const child = execFile(
    program,
    args,
    { env, timeout: PROGRAM_LIMIT_MS, ...(cwd === undefined ? {} : { cwd }) },
    (error, stdout, stderr) => {
      resolve({ exit: error === null ? 0 : (error.code ?? -1), stdout, stderr });
    },
  );
  child.stdin?.on('error', ignoreClosedPipe); // a program need not read its input
  child.stdin?.end(stdin);
  return promise;
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') throw error;
}

/** VAULT_ADDR and so on, under both of the names that clients know. */
function settings(step: Step, world: World): Readonly<Record<string, string>> {
  const token = tokenOf(step.token, world);
  const { caFile } = world.servers;
  const values = {
    ADDR: world.servers.address(nodeOf(step.node, world)),
    ...(token === null ? {} : { TOKEN: token }),
    ...(caFile === undefined ? {} : { CACERT: caFile }),
  };
  return Object.fromEntries(
    ['VAULT', 'BAO'].flatMap((prefix) =>
      Object.entries(values).map(([name, value]) => [`${prefix}_${name}`, value]),
    ),
  );
}

/** Output as lines without the blanks at their ends; as JSON where the step says so. */
function readOutput(text: string, step: Step): unknown {
  if (step.parse === 'json' && text.trim().startsWith('{')) return JSON.parse(text);
  const lines = text.split('\n').map((line) => line.trimEnd());
  return lines.join('\n').replace(/\n+$/, '').split('\n');
}

function chosen(text: string, keep: string | undefined): readonly string[] {
  const wanted = new RegExp(keep ?? '');
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && wanted.test(line));
}
