// An unsealed server in memory, without a listener: requests go through the same steps as those that arrive over HTTP,
// and time passes when the test says so.
import { setImmediate } from 'node:timers/promises';
import type { Verb } from '#sdk/call.ts';
import { seconds } from '#sdk/duration.ts';
import type { Engine } from '#sdk/engine.ts';
import { parseConfig } from '#server/config.ts';
import { renderFinished } from '#server/http/render.ts';
import { NotSentError } from '#server/cluster/forward-client.ts';
import type { OpenLink } from '#server/link.ts';
import type { Log } from '#server/log.ts';
import { catalog } from '#server/mount/catalog.ts';
import { makeEntry, type NewMount } from '#server/mount/make-entry.ts';
import type { Catalog } from '#server/mount/table.ts';
import { Node } from '#server/node.ts';
import { handle } from '#server/request/handle.ts';
import type { Unsealed } from '#server/unsealed.ts';
import type { ShareNumbers } from '#storage/seal/seal.ts';
import { openMemory } from '#storage/memory.ts';
import type { ClusterStorage } from '#storage/cluster-storage.ts';
import type { Physical } from '#storage/physical.ts';
import type { Transaction } from '#storage/transaction.ts';
import { TimerClock } from '#test/helpers/timer-clock.ts';

type Json = Readonly<Record<string, unknown>>;

/** What the client would see of an answer. */
export interface Answered {
  readonly status: number;
  readonly body: Json;
  readonly data: Json;
  readonly auth: Json;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

export interface Asking {
  /** The root token unless said otherwise; '' for none. */
  readonly token?: string;
  readonly body?: Json;
  readonly wrapTtl?: number;
  readonly wrapFormat?: 'token' | 'jwt';
  readonly remoteAddress?: string;
  /** Paths that the listener lets anybody ask for. */
  readonly openedPaths?: readonly string[];
}

export interface ServerOptions {
  /** Engines besides those of the program, by their types. */
  readonly engines?: readonly Engine[];
  readonly physical?: Physical;
  /** Storage that several nodes share, in the place of `physical`. */
  readonly cluster?: ClusterStorage;
  /** The stanza, where it matters. */
  readonly storage?: string;
  readonly clock?: TimerClock;
  /** Lines of the configuration file besides. */
  readonly config?: string;
  /** One share of one unless said otherwise. */
  readonly numbers?: ShareNumbers;
}

const ROOT_TOKEN = 'root';
const ONE_SHARE: ShareNumbers = { secret_shares: 1, secret_threshold: 1 };
/** Enough for whatever runs behind an answer over a storage that never waits. */
const SETTLING_TURNS = 12;

export class TestServer {
  readonly clock: TimerClock;
  readonly root = ROOT_TOKEN;
  /** What the server logged, without the values beside the messages. */
  readonly logged: string[] = [];
  readonly #physical: Physical;
  readonly #cluster: ClusterStorage | undefined;
  readonly #catalog: Catalog;
  #node: Node;
  readonly #config: string;
  readonly #numbers: ShareNumbers;
  #shares: readonly Buffer[] = [];
  #calls = 0;

  private constructor({
    engines = [],
    physical,
    cluster,
    storage = 'storage "inmem" {}',
    clock,
    config = '',
    numbers = ONE_SHARE,
  }: ServerOptions) {
    this.#config = storage + CONFIG + config;
    this.#cluster = cluster;
    this.#numbers = numbers;
    this.clock = clock ?? new TimerClock();
    this.#physical = cluster ?? physical ?? openMemory();
    this.#catalog = withEngines(engines);
    this.#node = this.#makeNode();
  }

  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const server = new TestServer(options);
    const { shares } = await server.#node.initialise(server.#numbers, { rootTokenId: ROOT_TOKEN });
    server.#shares = shares.map((share) => Buffer.from(share));
    await server.unseal();
    return server;
  }

  /** The services; fails while the server is sealed. */
  get services(): Unsealed {
    const unsealed = this.#node.unsealed();
    if (unsealed === undefined) throw new Error('the server is sealed');
    return unsealed;
  }

  /** The shares of the key in hex, as they were when the server was initialised. */
  get shares(): readonly string[] {
    return this.#shares.map((share) => share.toString('hex'));
  }

  /** Hands other shares in than those of the beginning. */
  async unsealWith(shares: readonly string[]): Promise<void> {
    for (const share of shares) await this.#node.provideShare(Buffer.from(share, 'hex'));
  }

  async seal(): Promise<void> {
    await this.#node.seal();
  }

  async unseal(): Promise<void> {
    for (const share of this.#shares.slice(0, this.#numbers.secret_threshold)) {
      await this.#node.provideShare(Buffer.from(share));
    }
    await this.settle();
  }

  /** Another process over the same storage; the one before ends in an orderly way only when it is sealed first. */
  async restart(): Promise<void> {
    this.#node = this.#makeNode();
    await this.unseal();
  }

  async call(verb: Verb, path: string, asking: Asking = {}): Promise<Answered> {
    const { token = ROOT_TOKEN, body = {}, wrapTtl, remoteAddress = '127.0.0.1' } = asking;
    const { wrapFormat = 'token' } = asking;
    const finished = await handle(this.services, {
      stage: 'arrived',
      id: this.#nextId(),
      at: this.clock.now(),
      verb,
      path: verb === 'list' && !path.endsWith('/') ? `${path}/` : path,
      parameters: body,
      token: token === '' ? undefined : token,
      wrap: wrapTtl === undefined ? undefined : { ttl: seconds(wrapTtl), format: wrapFormat },
      headers: {},
      remoteAddress,
      remotePort: 40_000,
      openedPaths: asking.openedPaths ?? [],
    });
    const { status, body: text } = renderFinished(finished);
    return answered(status, typeof text === 'string' ? (JSON.parse(text) as Json) : {});
  }

  /** A call that must succeed. */
  async must(verb: Verb, path: string, asking: Asking = {}): Promise<Answered> {
    const answer = await this.call(verb, path, asking);
    if (answer.status < 300) return answer;
    throw new Error(`${verb} ${path}: ${answer.status} ${answer.errors.join('; ')}`);
  }

  /** Makes a token by the API. */
  async token(body: Json = {}, parent = ROOT_TOKEN): Promise<string> {
    const { auth } = await this.must('write', 'auth/token/create', { token: parent, body });
    return String(auth['client_token']);
  }

  /** Something in a transaction of its own. */
  async transact<T>(action: (transaction: Transaction) => T): Promise<T> {
    const transaction = this.services.barrier.begin();
    const result = action(transaction);
    await transaction.commit();
    return result;
  }

  putPolicy(name: string, text: string): Promise<void> {
    return this.transact((transaction) => this.services.policies.put(transaction, name, text));
  }

  /** Enables a mount and gives its accessor. */
  async mount(mount: NewMount): Promise<string> {
    const { mounts } = this.services;
    const entry = makeEntry(mount);
    await this.transact((transaction) =>
      mounts.put(transaction, [...mounts.entries(transaction), entry]),
    );
    return entry.accessor;
  }

  /** Lets time pass, and what happens then happen. */
  async advance(byMillis: number): Promise<void> {
    this.clock.advance(byMillis);
    await this.settle();
  }

  /** Lets what runs behind the answers come to rest. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < SETTLING_TURNS; turn++) await setImmediate();
  }

  /** The keys of storage below a prefix. */
  keys(prefix: string): readonly string[] {
    return this.#physical
      .list(prefix)
      .flatMap((name) => (name.endsWith('/') ? this.keys(prefix + name) : [prefix + name]));
  }

  #nextId(): string {
    this.#calls += 1;
    return `6f5a2f4c-0000-4000-8000-${String(this.#calls).padStart(12, '0')}`;
  }

  #makeNode(): Node {
    return new Node({
      clock: this.clock,
      log: this.#log(),
      config: parseConfig([{ name: 'test', text: this.#config }], { env: {}, networks: {} }),
      physical: this.#physical,
      ...(this.#cluster === undefined ? {} : { membership: { storage: this.#cluster, openLink } }),
      storageType: this.#cluster === undefined ? 'inmem' : 'raft',
      catalog: this.#catalog,
    });
  }

  #log(): Log {
    const line = (message: string): void => void this.logged.push(message);
    return { trace: line, debug: line, info: line, warn: line, error: line };
  }
}

/** A test has no other nodes to speak to. */
const openLink: OpenLink = () =>
  Promise.resolve({
    send: () => {},
    listen: () => () => {},
    forward: () => Promise.reject(new NotSentError('there are no other nodes')),
    close: () => Promise.resolve(),
  });

const CONFIG = `
  listener "tcp" {
    address = "127.0.0.1:8200"
    tls_disable = true
  }
  api_addr = "http://127.0.0.1:8200"
  disable_mlock = true
`;

function withEngines(engines: readonly Engine[]): Catalog {
  return {
    ...catalog,
    find: (kind, type, options) =>
      engines.find((engine) => engine.kind === kind && engine.type === type) ??
      catalog.find(kind, type, options),
  };
}

function answered(status: number, body: Json): Answered {
  return {
    status,
    body,
    data: (body['data'] ?? {}) as Json,
    auth: (body['auth'] ?? {}) as Json,
    errors: (body['errors'] ?? []) as readonly string[],
    warnings: (body['warnings'] ?? []) as readonly string[],
  };
}
