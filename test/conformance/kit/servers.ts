// Starts, initialises, unseals, stops and restarts the servers of one scenario.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Certificates } from './certificates.ts';
import { completeSpec, configuration } from './configuration.ts';
import type { NodePlace } from './configuration.ts';
import { request } from './http.ts';
import type { Answer } from './http.ts';
import { freePorts } from './ports.ts';
import { ServerProcess, START_LIMIT_MS } from './process.ts';
import type { ClientCertificate, ServerSpec } from './scenario.ts';
import { fillExpected } from './variables.ts';
import type { Variables } from './variables.ts';

const MOUNT_LIMIT_MS = 2_000;
const ASK_AGAIN_MS = 20;
const OUTPUT_SHOWN = 800;

export interface Wanted {
  /** The program and its first arguments. */
  readonly command: readonly string[];
  readonly spec?: Partial<ServerSpec> | undefined;
  readonly variables: Variables;
  readonly certificates?: Certificates | undefined;
}

interface RunningNode extends NodePlace {
  process: ServerProcess | undefined;
}

/** Servers as the scenario's `server` asks; see README.md. */
export async function startServers(wanted: Wanted): Promise<Servers> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'conformance-'));
  const servers = new Servers(folder, wanted);
  try {
    await servers.start();
  } catch (error) {
    await servers.stop();
    throw error;
  }
  return servers;
}

/** The nodes of one scenario, and the folder that holds all they write. */
export class Servers {
  readonly folder: string;
  readonly #spec: ServerSpec;
  readonly #command: readonly string[];
  readonly #variables: Variables;
  readonly #certificates: Certificates | undefined;
  readonly #nodes: RunningNode[] = [];
  #shares: readonly string[] = [];

  constructor(folder: string, { command, spec = {}, variables, certificates }: Wanted) {
    this.folder = folder;
    this.#spec = completeSpec(spec);
    this.#command = command;
    this.#variables = variables;
    this.#certificates = certificates;
  }

  async start(): Promise<void> {
    this.#variables.set('folder', this.folder);
    this.#variables.set('root', 'root');
    const ports = await freePorts(2 * this.#spec.nodes);
    for (let id = 0; id < this.#spec.nodes; id += 1) {
      this.#reserve(id, ports[id] ?? 0, ports[this.#spec.nodes + id] ?? 0);
    }
    for (const node of this.#nodes) await this.#prepare(node);
    for (const { id } of this.#nodes) await this.startNode(id);
    if (this.#spec.mode === 'config' && this.#spec.init) await this.#initialise();
  }

  address(id: number): string {
    return `${this.#spec.tls ? 'https' : 'http'}://127.0.0.1:${this.#node(id).port}`;
  }

  get caFile(): string | undefined {
    if (!this.#spec.tls || this.#certificates === undefined) return undefined;
    return path.join(this.#certificates.folder, 'ca.pem');
  }

  /** TLS options of a request; `client` names a certificate of the run to present, or is one with its key. */
  tls(client?: ClientCertificate): RequestOptions | undefined {
    if (!this.#spec.tls) return undefined;
    const ca = this.#certificate('ca.pem');
    if (client === undefined) return { ca };
    if (typeof client === 'object') return { ca, ...client };
    return {
      ca,
      cert: this.#certificate(`${client}.pem`),
      key: this.#certificate(`${client}.key`),
    };
  }

  async startNode(id: number): Promise<void> {
    const node = this.#node(id);
    const isDev = this.#spec.mode === 'dev';
    const server = new ServerProcess({
      command: this.#command,
      args: [...(isDev ? devArguments(node.port) : this.#configArguments(id)), ...this.#spec.args],
      env: { HOME: this.folder, ...this.#spec.env },
    });
    node.process = server;
    await server.ready(async () => {
      const { status } = await this.#health(id);
      return status !== undefined && (!isDev || status === 200);
    });
    if (isDev) await this.#devMountIsReady(id);
  }

  async stopNode(id: number, signal: NodeJS.Signals): Promise<void> {
    await this.#process(id).end(signal);
  }

  signalNode(id: number, signal: NodeJS.Signals): void {
    this.#process(id).signal(signal);
  }

  pid(id: number): number {
    return this.#process(id).pid;
  }

  /** The one node that is active and those that run beside it, once there is such a one. */
  async roles(): Promise<{ readonly active: number; readonly others: readonly number[] }> {
    const last = Date.now() + START_LIMIT_MS;
    while (Date.now() < last) {
      const running = this.#nodes.filter((node) => node.process?.isRunning === true);
      const answers = await Promise.all(running.map(async ({ id }) => this.#health(id)));
      const active = running.filter((_, index) => answers[index]?.status === 200);
      const [leader] = active;
      if (leader !== undefined && active.length === 1) {
        const others = running.filter((node) => node !== leader).map(({ id }) => id);
        return { active: leader.id, others };
      }
      await sleep(10 * ASK_AGAIN_MS);
    }
    throw new Error('no node is active');
  }

  /** Gives a node the shares it needs and waits until it is in service. */
  async unseal(id: number): Promise<void> {
    for (const key of this.#shares.slice(0, this.#spec.threshold)) {
      await this.#send(id, 'PUT', '/v1/sys/unseal', { key });
    }
    const last = Date.now() + START_LIMIT_MS;
    while (Date.now() < last) {
      const { status } = await this.#health(id);
      if (status === 200 || (status === 429 && this.#spec.nodes > 1)) return;
      await sleep(ASK_AGAIN_MS);
    }
    throw new Error(`node ${id} is not in service after its unseal`);
  }

  /** The last of what each node printed. */
  output(): string {
    return this.#nodes
      .map((node) => node.process?.output.slice(-OUTPUT_SHOWN) ?? '')
      .join('\n--\n');
  }

  async stop(): Promise<void> {
    for (const node of this.#nodes) await node.process?.end('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  #node(id: number): RunningNode {
    const node = this.#nodes[id];
    if (node === undefined) throw new Error(`no node ${id}`);
    return node;
  }

  #process(id: number): ServerProcess {
    const { process: found } = this.#node(id);
    if (found === undefined) throw new Error(`node ${id} was never started`);
    return found;
  }

  #certificate(name: string): string {
    const found = this.#certificates?.files.get(name);
    if (found === undefined) throw new Error(`no certificate ${name}`);
    return found;
  }

  #reserve(id: number, port: number, clusterPort: number): void {
    const data = path.join(this.folder, `data${id}`);
    this.#nodes.push({ id, port, clusterPort, data, process: undefined });
    this.#variables.set(`node${id}.address`, this.address(id));
    this.#variables.set(`node${id}.cluster`, `127.0.0.1:${clusterPort}`);
  }

  async #prepare(node: RunningNode): Promise<void> {
    if (this.#spec.mode === 'dev') return;
    await mkdir(node.data, { recursive: true });
    const spec = fillExpected(this.#spec, this.#variables);
    const document = configuration(spec, node, this.#certificates);
    await writeFile(this.#configFile(node.id), JSON.stringify(document, null, 2));
  }

  #configFile(id: number): string {
    return path.join(this.folder, `node${id}.json`);
  }

  #configArguments(id: number): readonly string[] {
    return ['server', `-config=${this.#configFile(id)}`];
  }

  /** A dev server mounts secret/ and readies it for versions a moment after it is in service. */
  async #devMountIsReady(id: number): Promise<void> {
    if (this.#spec.args.includes('-dev-no-kv')) return;
    const asked = { method: 'GET', path: '/v1/secret/config', token: 'root', tls: this.tls() };
    const last = Date.now() + MOUNT_LIMIT_MS;
    while (Date.now() < last) {
      const { status } = await request(this.address(id), asked);
      if (status !== 400 && status !== 404) return;
      await sleep(ASK_AGAIN_MS);
    }
  }

  async #initialise(): Promise<void> {
    const { shares, threshold } = this.#spec;
    const asked = { secret_shares: shares, secret_threshold: threshold };
    const { body } = await this.#send(0, 'PUT', '/v1/sys/init', asked);
    const made = body as Partial<Initialised> | undefined; // the answer of sys/init, or an error
    if (made?.keys === undefined) throw new Error(`init answered ${JSON.stringify(body)}`);
    this.#variables.set('root', made.root_token);
    for (const [index, key] of made.keys.entries()) {
      this.#variables.set(`share${index}`, key);
      this.#variables.set(`share${index}.base64`, made.keys_base64?.[index]);
    }
    this.#shares = made.keys;
    await this.unseal(0);
  }

  async #health(id: number): Promise<Answer> {
    return this.#send(id, 'GET', '/v1/sys/health').catch(() => ({}));
  }

  async #send(id: number, method: string, at: string, body?: unknown): Promise<Answer> {
    return request(this.address(id), { method, path: at, body, tls: this.tls(this.#spec.client) });
  }
}

interface Initialised {
  readonly keys: readonly string[];
  readonly keys_base64: readonly string[];
  readonly root_token: string;
}

function devArguments(port: number): readonly string[] {
  const listen = `-dev-listen-address=127.0.0.1:${port}`;
  return ['server', '-dev', '-dev-root-token-id=root', '-dev-no-store-token', listen];
}
