// Two nodes of one cluster within a test, without Raft and without sockets: HTTP goes through pipes in memory, who leads
// is what the test says, and time passes when it says so.
import http from 'node:http';
import { duplexPair, type Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { ECHO_TARGET } from '#server/cluster/echo.ts';
import { ForwardClient } from '#server/cluster/forward-client.ts';
import { ForwardServer } from '#server/cluster/forward-server.ts';
import { parseConfig } from '#server/config.ts';
import { answerForwarded } from '#server/http/answer-forwarded.ts';
import { makeApp } from '#server/http/app.ts';
import type { ForwardedHandler, Link } from '#server/link.ts';
import { makeEntry, type NewMount } from '#server/mount/make-entry.ts';
import { Node } from '#server/node.ts';
import type { NodeId } from '#raft/types.ts';
import { FakeCluster, type FakeClusterStorage } from '#test/helpers/cluster-storage.ts';
import { TimerClock } from '#test/helpers/timer-clock.ts';

type Json = Readonly<Record<string, unknown>>;

export interface Asking {
  /** The root token unless said otherwise; '' for none. */
  readonly token?: string;
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the client has shown in its handshake (DER), and the listener's authorities vouch for. */
  readonly certificate?: Buffer;
}

export interface Answered {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Json;
  readonly data: Json;
  readonly errors: readonly string[];
}

const ROOT = 'root';
const ONE_SHARE = { secret_shares: 1, secret_threshold: 1 };
/** Enough for a request through two servers and their pipes. */
const SETTLING_TURNS = 40;

export async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLING_TURNS; turn += 1) await setImmediate();
}

interface NodeOptions {
  readonly port: number;
  readonly config: string;
  /** Lines of the listener's stanza besides. */
  readonly listener: string;
  /** Connects to the cluster port of another node. */
  readonly dial: (from: NodeId, to: NodeId) => Duplex;
}

export class TestNode {
  readonly clock = new TimerClock();
  readonly storage: FakeClusterStorage;
  readonly node: Node;
  readonly logged: string[] = [];
  readonly #listener: http.Server;
  #forwards: ForwardServer | undefined;
  /** How many requests of clients came in by way of another node. */
  taken = 0;

  constructor(storage: FakeClusterStorage, { port, config, listener: lines, dial }: NodeOptions) {
    this.storage = storage;
    const line = (message: string): void => void this.logged.push(message);
    const text = `
      storage "raft" {
        path = "/nowhere"
        performance_multiplier = 1
      }
      listener "tcp" {
        address = "127.0.0.1:${port}"
        tls_disable = true
        ${lines}
      }
      api_addr = "http://127.0.0.1:${port}"
      cluster_addr = "https://127.0.0.1:${port + 1}"
      ${config}
    `;
    const parsed = parseConfig([{ name: 'test', text }], { env: {}, networks: {} });
    this.node = new Node({
      clock: this.clock,
      log: { trace: line, debug: line, info: line, warn: line, error: line },
      config: parsed,
      physical: storage,
      storageType: 'raft',
      membership: {
        storage,
        openLink: (_, handler) => Promise.resolve(this.#link(handler, dial)),
      },
    });
    this.node.onForwarded(answerForwarded(this.node));
    const [listener] = parsed.listeners;
    if (listener === undefined) throw new Error('there is a listener');
    const handler = makeApp(this.node, listener).callback();
    this.#listener = http.createServer((...exchange) => void handler(...exchange));
  }

  get isActive(): boolean {
    return this.node.activeSince !== undefined;
  }

  /** A connection of another node to the cluster port; one that is closed ends it at once. */
  accept(from: NodeId, stream: Duplex): void {
    if (this.#forwards === undefined) stream.destroy();
    else this.#forwards.accept(from, stream);
  }

  /** Asks as a client does. */
  async ask(method: string, path: string, asking: Asking = {}): Promise<Answered> {
    const { token = ROOT, body, headers = {}, certificate } = asking;
    const [mine, theirs] = pipe();
    if (certificate !== undefined) {
      const getPeerCertificate = (): unknown => ({ raw: certificate });
      Object.assign(theirs, { authorized: true, getPeerCertificate });
    }
    const { promise, resolve, reject } = Promise.withResolvers<Answered>();
    const request = http.request({
      method,
      path: `/v1/${path}`,
      headers: { ...(token === '' ? {} : { 'X-Vault-Token': token }), ...headers },
      createConnection: () => mine,
    });
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => resolve(answered(response, Buffer.concat(chunks).toString())));
    });
    this.#listener.emit('connection', theirs);
    request.end(body === undefined ? undefined : JSON.stringify(body));
    const answer = await promise;
    mine.destroy();
    return answer;
  }

  #link(handler: ForwardedHandler, dial: NodeOptions['dial']): Link {
    const { id } = this.storage;
    const client = new ForwardClient((to) => Promise.resolve(dial(id, to)), this.clock);
    const server = new ForwardServer({
      isMember: () => true,
      handle: (forwarded) => {
        if (forwarded.request.url !== ECHO_TARGET) this.taken += 1;
        handler(forwarded);
      },
    });
    this.#forwards = server;
    return {
      send: () => {},
      listen: () => () => {},
      forward: (leader, request) => client.send(leader, request),
      close: () => {
        this.#forwards = undefined;
        client.close();
        server.close();
        return Promise.resolve();
      },
    };
  }
}

export interface TwoNodes {
  readonly cluster: FakeCluster;
  /** Leads at first. */
  readonly one: TestNode;
  readonly two: TestNode;
  readonly nodes: readonly TestNode[];
  readonly share: () => Buffer;
  /** What the next connections between them meet. */
  readonly dialFailures: Error[];
}

const KV: NewMount = { kind: 'secret', path: 'secret/', type: 'kv', options: { version: '2' } };

/** Two unsealed nodes with a kv store at secret/. */
export async function twoNodes(
  options: {
    readonly config?: string;
    readonly listener?: string;
    readonly mounts?: readonly NewMount[];
  } = {},
): Promise<TwoNodes> {
  const cluster = new FakeCluster();
  const all: TestNode[] = [];
  const dialFailures: Error[] = [];
  const dial = (from: NodeId, to: NodeId): Duplex => {
    const failure = dialFailures.shift();
    const other = all.find(({ storage }) => storage.id === to);
    if (failure !== undefined || other === undefined) throw failure ?? new Error('no such node');
    const [mine, theirs] = pipe();
    other.accept(from, theirs);
    return mine;
  };
  const make = (id: string, port: number): TestNode => {
    const { config = '', listener = '' } = options;
    const made = new TestNode(cluster.node(id), { port, config, listener, dial });
    all.push(made);
    return made;
  };
  const one = make('one', 8200);
  const two = make('two', 8300);
  const mounts = [KV, ...(options.mounts ?? [])].map(makeEntry);
  const { shares } = await one.node.initialise(ONE_SHARE, { rootTokenId: ROOT, mounts });
  cluster.add({ id: two.storage.id, address: '127.0.0.1:8301', suffrage: 'voter' });
  const share = (): Buffer => Buffer.from(shares[0] ?? '');
  await one.node.provideShare(share());
  await two.node.provideShare(share());
  cluster.elect(one.storage);
  await settle();
  return { cluster, one, two, nodes: all, share, dialFailures };
}

/** Two ends of a connection, with what node:http asks of a socket. */
function pipe(): readonly [Duplex, Duplex] {
  const [mine, theirs] = duplexPair();
  return [asSocket(mine), asSocket(theirs)];
}

function asSocket(stream: Duplex): Duplex {
  for (const name of ['setTimeout', 'setKeepAlive', 'setNoDelay', 'ref', 'unref']) {
    Object.defineProperty(stream, name, { value: () => stream });
  }
  return Object.defineProperty(stream, 'remoteAddress', { value: '192.0.2.7' });
}

function answered(response: http.IncomingMessage, text: string): Answered {
  const body = (text.startsWith('{') ? JSON.parse(text) : {}) as Json;
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body,
    data: (body['data'] ?? {}) as Json,
    errors: (body['errors'] ?? []) as readonly string[],
  };
}
