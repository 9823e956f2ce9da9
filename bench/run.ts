// Loads a server with each kind of work: requests a second, latency, and what a request cost in
// processor time, which a noisy machine disturbs least. README.md has the options.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { request } from '#test/conformance/kit/http.ts';
import type { Answer } from '#test/conformance/kit/http.ts';
import { startServers } from '#test/conformance/kit/servers.ts';
import type { Servers } from '#test/conformance/kit/servers.ts';
import { Variables } from '#test/conformance/kit/variables.ts';
import { measureBare } from './bare.ts';
import { measureLoad, REPORT, requireWrk } from './load.ts';
import type { Measured } from './load.ts';
import { bareLine, tableLines } from './table.ts';
import type { Results } from './table.ts';
import { WORKLOADS } from './workloads.ts';
import type { Body, Call, Made } from './workloads.ts';

const MOUNT_TRIES = 50;

const { values: options, positionals: chosen } = parseArgs({
  allowPositionals: true,
  options: {
    command: { type: 'string', multiple: true, default: ['bin/vault'] },
    storage: { type: 'string', default: 'file' },
    audit: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '6' },
    connections: { type: 'string', default: '32' },
    postgres: { type: 'string', default: process.env['CONFORMANCE_POSTGRES'] ?? '' },
    json: { type: 'string' },
  },
});

/** A started program and how to speak to it. */
interface Target {
  readonly servers: Servers;
  readonly token: string;
  readonly call: Call;
  readonly scripts: string;
}

const unknown = chosen.filter((name) => !Object.hasOwn(WORKLOADS, name));
if (unknown.length > 0) throw new Error(`no workload ${unknown.join(', ')}`);
await requireWrk();
await main();

async function main(): Promise<void> {
  const scripts = await mkdtemp(path.join(os.tmpdir(), 'bench-'));
  try {
    const bares = [await bareNow(scripts)];
    const programs: Results[] = [];
    for (const command of options.command) {
      programs.push(await measure(command, scripts));
      bares.push(await bareNow(scripts), await bareNow(scripts));
    }
    print(programs, median(bares));
    if (options.json !== undefined) await writeFile(options.json, asJson(programs));
  } finally {
    await rm(scripts, { recursive: true, force: true });
  }
}

function print(programs: readonly Results[], bare: Measured): void {
  const audit = options.audit ? 'file' : 'none';
  const setting = `storage ${options.storage}, audit ${audit}, ${options.connections} connections, ${options.seconds} s each`;
  console.log(`${setting}, ${bareLine(bare)}`);
  console.log(tableLines(programs, bare).join('\n'));
}

function asJson(programs: readonly Results[]): string {
  return JSON.stringify(
    programs.map((results) => Object.fromEntries(results)),
    null,
    2,
  );
}

async function bareNow(scripts: string): Promise<Measured> {
  const script = path.join(scripts, 'bare.lua');
  await writeFile(script, REPORT);
  return measureBare(Number(options.connections), script);
}

/** The machine is noisy: of several bare measurements the one in the middle. */
function median(bares: readonly Measured[]): Measured {
  const sorted = bares.toSorted((one, other) => one.micros - other.micros);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

async function measure(command: string, scripts: string): Promise<Results> {
  const target = await startTarget(command, scripts);
  try {
    await prepare(target);
    return await measureAll(target);
  } finally {
    await target.servers.stop();
  }
}

async function startTarget(command: string, scripts: string): Promise<Target> {
  const variables = new Variables();
  const config = { unsafe_allow_api_audit_creation: true }; // one program asks for it, the others ignore it
  const spec =
    options.storage === 'dev'
      ? ({ mode: 'dev' } as const)
      : ({ mode: 'config', storage: options.storage, config } as const);
  const servers = await startServers({ command: command.split(' '), spec, variables });
  const token = variables.text('root');
  const call: Call = async (method, at, body) => {
    const answer = await request(servers.address(0), { method, path: at, body, token });
    return bodyOf(answer, `${method} ${at}`);
  };
  return { servers, token, call, scripts };
}

function bodyOf({ status = 0, body }: Answer, what: string): Body {
  if (status >= 300) throw new Error(`${what}: ${status} ${JSON.stringify(body)}`);
  return body ?? {};
}

async function prepare({ servers, call }: Target): Promise<void> {
  if (options.storage !== 'dev') {
    await call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } });
  }
  if (options.audit) {
    const file = path.join(servers.folder, 'audit.log');
    await call('PUT', 'sys/audit/file', { type: 'file', options: { file_path: file } });
  }
  for (let tries = 0; tries < MOUNT_TRIES; tries += 1) {
    const ready = await call('GET', 'secret/config').catch(() => undefined);
    if (ready !== undefined) return;
    await sleep(100);
  }
  throw new Error('secret/ is not ready');
}

async function measureAll(target: Target): Promise<Results> {
  const results = new Map<string, Measured>();
  for (const [name, { needs, setup, lua }] of Object.entries(WORKLOADS)) {
    if (needs === 'postgres' && options.postgres === '') continue;
    if (!isWanted(name) && (setup === undefined || !preparesChosen(name))) continue;
    const made: Made = (await setup?.(target.call, options.postgres)) ?? {};
    if (!isWanted(name)) continue;
    const script = path.join(target.scripts, `${name}.lua`);
    await writeFile(script, `${lua(target.token, made)}\n${REPORT}`);
    results.set(name, await loadTarget(target, script));
  }
  return results;
}

async function loadTarget({ servers }: Target, script: string): Promise<Measured> {
  return measureLoad({
    address: servers.address(0),
    pid: servers.pid(0),
    connections: Number(options.connections),
    seconds: Number(options.seconds),
    script,
  });
}

function isWanted(name: string): boolean {
  return chosen.length === 0 || chosen.includes(name);
}

/** A workload of the same engine is wanted, and may need what this one makes. */
function preparesChosen(name: string): boolean {
  const engine = name.split('-')[0];
  return chosen.some((other) => other.split('-')[0] === engine);
}
