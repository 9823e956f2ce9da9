// A PostgreSQL of a test's own, in a folder that goes with it, where Debian's package is installed.
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePorts } from '#test/conformance/kit/ports.ts';

const run = promisify(execFile);
const START_LIMIT_MS = 30_000;
const USER = 'coffer';

export interface Postgres {
  /** The address of its database `postgres`, with a superuser. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Starts one; undefined where PostgreSQL is not installed. */
export async function startPostgres(): Promise<Postgres | undefined> {
  const programs = globSync('/usr/lib/postgresql/*/bin').toSorted().at(-1);
  if (programs === undefined) return undefined;
  const owner = await ownerOfData();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'postgres-'));
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid);
  const password = await initialise(programs, folder, owner);
  const [port = 0] = await freePorts(1);
  const settings = ['fsync=off', 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`];
  const args = settings.flatMap((setting) => ['-c', setting]);
  const server = spawn(
    path.join(programs, 'postgres'),
    ['-D', path.join(folder, 'data'), '-p', String(port), ...args],
    { cwd: folder, stdio: 'ignore', ...owner },
  );
  process.once('exit', () => server.kill('SIGQUIT')); // at once, its own processes too
  await untilItAccepts(port, server);
  return {
    url: `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`,
    stop: async () => {
      const exited = once(server, 'exit');
      server.kill('SIGQUIT');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root; then its own user runs it. */
async function ownerOfData(): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  return { uid: await idOfPostgres('-u'), gid: await idOfPostgres('-g') };
}

async function idOfPostgres(which: string): Promise<number> {
  return Number((await run('id', [which, 'postgres'])).stdout);
}

/** Makes the data folder, and answers the password of its superuser. */
async function initialise(
  programs: string,
  folder: string,
  owner: Owner | undefined,
): Promise<string> {
  const password = randomBytes(12).toString('hex');
  const file = path.join(folder, 'password');
  await writeFile(file, password);
  const data = ['-D', path.join(folder, 'data'), '-E', 'UTF8', '--no-sync'];
  const user = ['-U', USER, `--pwfile=${file}`, '-A', 'scram-sha-256'];
  await run(path.join(programs, 'initdb'), [...data, ...user], { cwd: folder, ...owner });
  return password;
}

async function untilItAccepts(port: number, server: ChildProcess): Promise<void> {
  const last = Date.now() + START_LIMIT_MS;
  while (!(await accepts(port))) {
    if (server.exitCode !== null || Date.now() > last) throw new Error('PostgreSQL did not start');
    await sleep(50);
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.on('connect', () => resolve(true));
  socket.on('error', () => resolve(false));
  const answer = await promise;
  socket.destroy();
  return answer;
}
