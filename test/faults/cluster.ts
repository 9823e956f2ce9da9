// Three servers that share a cluster: started, joined, unsealed, ended, and started again on what they left.
import http from 'node:http';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request, type Answer, type Request } from '#test/conformance/kit/http.ts';
import { ServerProcess } from '#test/conformance/kit/process.ts';

export const NODES = 3;

/** How long a node may take to be in service, and the cluster to be whole. */
const READY_LIMIT_MS = 60_000;
const ASK_AGAIN_MS = 50;

/** Where a node runs: its addresses, its folder, and what goes before its command. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly clusterPort: number;
  readonly data: string;
  readonly before: readonly string[];
}

/** Asks one node; with the root token unless another is given, or none (`null`). */
export type Ask = (node: number, asked: Request) => Promise<Answer>;

export interface ClusterOptions {
  readonly command: readonly string[];
  readonly places: readonly Place[];
  readonly settings?: Readonly<Record<string, unknown>>;
}

export class Cluster {
  readonly #options: ClusterOptions;
  readonly #folder: string;
  readonly #processes: (ServerProcess | undefined)[] = [];
  readonly #agents = Array.from({ length: NODES }, () => new http.Agent({ keepAlive: true }));
  #root = '';
  #share = '';

  private constructor(options: ClusterOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
  }

  /** A cluster of three voters with `secret/` (kv 2) and `plain/` (kv 1). */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'faults-'));
    const cluster = new Cluster(options, folder);
    try {
      await cluster.#form();
      return cluster;
    } catch (error) {
      const output = cluster.output();
      await cluster.stop();
      throw new Error(`${String(error)}\n${output}`, { cause: error });
    }
  }

  readonly ask: Ask = async (node, asked) =>
    request(this.address(node), { token: this.#root, agent: this.#agent(node), ...asked });

  address(node: number): string {
    const { host, port } = this.#place(node);
    return `http://${host}:${port}`;
  }

  signal(node: number, signal: NodeJS.Signals): void {
    this.#process(node).signal(signal);
  }

  isRunning(node: number): boolean {
    return this.#processes[node]?.isRunning === true;
  }

  async end(node: number, signal: NodeJS.Signals): Promise<void> {
    await this.#process(node).end(signal);
  }

  /** Starts a node again on what it left, and gives it its share. */
  async revive(node: number): Promise<void> {
    await this.#launch(node);
    await this.#unseal(node);
  }

  /** The number of the active node; waits until there is one. */
  async active(): Promise<number> {
    const last = Date.now() + READY_LIMIT_MS;
    while (Date.now() < last) {
      for (let node = 0; node < NODES; node += 1) {
        if ((await this.#health(node)) === 200) return node;
      }
      await sleep(ASK_AGAIN_MS);
    }
    throw new Error(`no node is active\n${this.output()}`);
  }

  /** Waits until every node is in service, and one of them active. */
  async whole(): Promise<void> {
    const last = Date.now() + READY_LIMIT_MS;
    let seen: readonly (number | undefined)[] = [];
    while (Date.now() < last) {
      seen = await Promise.all(this.#options.places.map(async (_, node) => this.#health(node)));
      const active = seen.filter((status) => status === 200).length;
      if (active === 1 && seen.every((status) => status === 200 || status === 429)) return;
      await sleep(ASK_AGAIN_MS);
    }
    throw new Error(`the cluster is not whole: ${seen.join(' ')}\n${this.output()}`);
  }

  output(): string {
    return this.#processes
      .map((process, node) => `node ${node}: ${process?.output}`)
      .join('\n--\n');
  }

  async stop(): Promise<void> {
    for (const agent of this.#agents) agent.destroy();
    await Promise.all(this.#processes.map(async (process) => process?.end('SIGKILL')));
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #form(): Promise<void> {
    for (let node = 0; node < NODES; node += 1) {
      await this.#configure(node);
      await this.#launch(node);
    }
    const made = await this.#open(0, 'PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 });
    const { keys, root_token: root } = (made.body ?? {}) as Partial<Made>;
    if (keys?.[0] === undefined) throw new Error(`init answered ${JSON.stringify(made)}`);
    [this.#share, this.#root] = [keys[0], root ?? ''];
    await this.#unseal(0);
    for (let node = 1; node < NODES; node += 1) await this.#join(node);
    await this.#voters();
    await this.whole();
    await this.#must('sys/mounts/secret', { type: 'kv', options: { version: '2' } });
    await this.#must('sys/mounts/plain', { type: 'kv' });
  }

  async #configure(node: number): Promise<void> {
    const { host, port, clusterPort, data } = this.#place(node);
    await mkdir(data, { recursive: true });
    const raft = { path: data, node_id: `node${node}`, performance_multiplier: '1' };
    const address = `${host}:${port}`;
    const cluster = `${host}:${clusterPort}`;
    const config = {
      api_addr: `http://${address}`,
      cluster_addr: `https://${cluster}`,
      disable_mlock: true,
      listener: [{ tcp: { address, cluster_address: cluster, tls_disable: true } }],
      storage: { raft: { ...raft, ...this.#options.settings } },
    };
    await writeFile(this.#configFile(node), JSON.stringify(config));
  }

  async #launch(node: number): Promise<void> {
    this.#processes[node] = new ServerProcess({
      command: [...this.#place(node).before, ...this.#options.command],
      args: ['server', `-config=${this.#configFile(node)}`],
      env: { HOME: this.#folder },
    });
    await this.#until(node, (status) => status !== undefined, 'answers');
  }

  async #unseal(node: number): Promise<void> {
    await this.#open(node, 'PUT', 'sys/unseal', { key: this.#share });
    await this.#until(node, (status) => status === 200 || status === 429, 'is in service');
  }

  async #join(node: number): Promise<void> {
    await this.#open(node, 'POST', 'sys/storage/raft/join', { leader_api_addr: this.address(0) });
    await this.#unseal(node);
  }

  async #voters(): Promise<void> {
    const last = Date.now() + READY_LIMIT_MS;
    while (Date.now() < last) {
      const { body } = await this.ask(0, { method: 'GET', path: 'sys/storage/raft/configuration' });
      const servers = (body as Partial<Configured> | undefined)?.data?.config.servers ?? [];
      if (servers.filter(({ voter }) => voter).length === NODES) return;
      await sleep(ASK_AGAIN_MS);
    }
    throw new Error('the three nodes did not all become voters');
  }

  async #must(at: string, body: unknown): Promise<void> {
    const answer = await this.ask(0, { method: 'POST', path: at, body });
    if (answer.status !== 204) throw new Error(`${at}: ${JSON.stringify(answer)}`);
  }

  async #until(
    node: number,
    isEnough: (status: number | undefined) => boolean,
    what: string,
  ): Promise<void> {
    const last = Date.now() + READY_LIMIT_MS;
    while (Date.now() < last) {
      if (isEnough(await this.#health(node))) return;
      if (!this.isRunning(node)) throw new Error(`node ${node} ended\n${this.output()}`);
      await sleep(ASK_AGAIN_MS);
    }
    throw new Error(`node ${node} never ${what}\n${this.output()}`);
  }

  async #health(node: number): Promise<number | undefined> {
    if (!this.isRunning(node)) return undefined;
    const asked = this.#open(node, 'GET', 'sys/health').catch(() => undefined);
    const late = sleep(HEALTH_LIMIT_MS, undefined, { ref: false });
    return (await Promise.race([asked, late]))?.status;
  }

  #process(node: number): ServerProcess {
    const process = this.#processes[node];
    if (process === undefined) throw new Error(`node ${node} does not run`);
    return process;
  }

  /** Asks what needs no token. */
  async #open(node: number, method: string, at: string, body?: unknown): Promise<Answer> {
    return this.ask(node, { method, path: at, body, token: null });
  }

  #agent(node: number): http.Agent {
    const agent = this.#agents[node];
    if (agent === undefined) throw new Error(`there is no node ${node}`);
    return agent;
  }

  #place(node: number): Place {
    const place = this.#options.places[node];
    if (place === undefined) throw new Error(`there is no node ${node}`);
    return place;
  }

  #configFile = (node: number): string => path.join(this.#folder, `node${node}.json`);
}

/** A node that is stopped, or behind a partition, does not answer. */
const HEALTH_LIMIT_MS = 1_000;

interface Made {
  readonly keys: readonly string[];
  readonly root_token: string;
}

interface Configured {
  readonly data: {
    readonly config: { readonly servers: readonly { readonly voter: boolean }[] };
  };
}
