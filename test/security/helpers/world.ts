// A whole server within the test: storage in memory, a clock that the test advances, a log that it reads, and a real
// listener on a port of 127.0.0.1. Mounts, policies and tokens are put in place from within, so that a test speaks of
// the one thing that it is about.
import http from 'node:http';
import net from 'node:net';
import type { ExecutionContext } from 'ava';
import { parseConfig } from '#server/config.ts';
import { listen } from '#server/http/listener.ts';
import { LogLevel, makeLog } from '#server/log.ts';
import { makeEntry, type NewMount } from '#server/mount/make-entry.ts';
import { Node } from '#server/node.ts';
import type { NewToken } from '#server/token/entry.ts';
import { BARE_TOKEN } from '#server/token/store.ts';
import type { Unsealed } from '#server/unsealed.ts';
import { openMemory } from '#storage/memory.ts';
import type { Physical } from '#storage/physical.ts';
import type { Transaction } from '#storage/transaction.ts';
import { TimerClock } from '#test/helpers/timer-clock.ts';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; an empty object where there is none. */
  readonly json: Json;
}

export type Json = Readonly<Record<string, unknown>>;

export interface Asking {
  /** The root token unless another is named; `''` sends none. */
  readonly token?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly raw?: string | Buffer;
}

export interface World {
  readonly node: Node;
  readonly clock: TimerClock;
  readonly physical: Physical;
  readonly port: number;
  readonly root: string;
  /** The one share, as base64. */
  readonly share: string;
  /** Every line that the server has logged. */
  readonly log: readonly string[];
  /** Sends a request to a target below `/v1/`. */
  ask(method: string, path: string, body?: unknown, asking?: Asking): Promise<Answer>;
  /** Sends bytes on a connection of their own, and answers what came back until the server closed it. */
  send(bytes: string | Buffer): Promise<string>;
  /** Does something with the services and a transaction, and commits it. */
  within<T>(action: (services: Unsealed, transaction: Transaction) => T): Promise<T>;
  policy(name: string, text: string): Promise<void>;
  /** Makes a token with these policies; the rest of its entry may be chosen. */
  token(policies: readonly string[], entry?: Partial<NewToken>): Promise<string>;
}

export interface WorldOptions {
  readonly mounts?: readonly NewMount[];
  /** Lines of the listener's stanza. */
  readonly listener?: string;
  /** Lines of the configuration outside of any stanza. */
  readonly config?: string;
}

const KV_V2: NewMount = { kind: 'secret', path: 'secret/', type: 'kv', options: { version: '2' } };
export const KV_V1: NewMount = { kind: 'secret', path: 'kv/', type: 'kv' };
export const USERPASS: NewMount = { kind: 'auth', path: 'auth/userpass/', type: 'userpass' };

/** Starts a server that ends with the test. */
export async function startWorld(t: ExecutionContext, options: WorldOptions = {}): Promise<World> {
  const { mounts = [KV_V1, USERPASS], listener: lines = '', config: more = '' } = options;
  const text = `${more}\nstorage "inmem" {}\nlistener "tcp" {\naddress = "127.0.0.1:0"\ntls_disable = true\n${lines}\n}`;
  const config = parseConfig([{ name: 'test', text }], { env: {}, networks: {} });
  const [listener] = config.listeners;
  if (listener === undefined) throw new Error('there is a listener');
  const clock = new TimerClock();
  const written: string[] = [];
  const log = makeLog({
    level: new LogLevel('trace'),
    format: 'standard',
    clock,
    write: (line) => written.push(line),
  });
  const physical = openMemory();
  const node = new Node({ clock, log, config, physical, storageType: 'inmem' });
  const numbers = { secret_shares: 1, secret_threshold: 1 };
  const first = { mounts: [KV_V2, ...mounts].map(makeEntry) };
  const { shares, rootToken } = await node.initialise(numbers, first);
  const [share = Buffer.alloc(0)] = shares;
  const shareText = share.toString('base64');
  await node.provideShare(share);
  const open = await listen(node, listener);
  const port = Number(open.address.split(':').at(-1));
  const agent = new http.Agent({ keepAlive: true });
  t.teardown(async () => {
    agent.destroy();
    open.cutOff();
    await Promise.all([open.close(), node.close()]);
  });
  const within: World['within'] = async (action) => {
    const services = node.unsealed();
    if (services === undefined) throw new Error('the node is sealed');
    const transaction = services.barrier.begin();
    const result = action(services, transaction);
    await transaction.commit();
    return result;
  };
  return {
    node,
    clock,
    physical,
    port,
    root: rootToken,
    share: shareText,
    log: written,
    within,
    ask: (method, path, body, asking = {}) =>
      request({ agent, port, method, path: `/v1/${path}` }, body, {
        token: rootToken,
        ...asking,
      }),
    send: (bytes) => exchange(port, bytes),
    policy: (name, rules) =>
      within(({ policies }, transaction) => policies.put(transaction, name, rules)),
    token: (policies, entry = {}) =>
      within(
        ({ tokens }, transaction) =>
          tokens.create(transaction, { ...plainToken(clock), ...entry, policies }).token,
      ),
  };
}

/** A service token without end that nobody is the parent of. */
function plainToken(clock: TimerClock): NewToken {
  return {
    ...BARE_TOKEN,
    policies: [],
    path: 'auth/token/create',
    displayName: 'token',
    createdAt: clock.now(),
  };
}

function request(
  options: http.RequestOptions,
  body: unknown,
  { token = '', headers = {}, raw }: Asking,
): Promise<Answer> {
  const sent = raw ?? (body === undefined ? '' : JSON.stringify(body));
  const all = {
    ...(token === '' ? {} : { 'X-Vault-Token': token }),
    ...(sent.length === 0 ? {} : { 'Content-Length': Buffer.byteLength(sent) }),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const asked = http.request({ host: '127.0.0.1', ...options, headers: all }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const { statusCode: status = 0, headers: received } = response;
        resolve({ status, headers: received, text, json: jsonOf(text) });
      });
    });
    asked.on('error', reject);
    asked.end(sent);
  });
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return {};
  }
}

function exchange(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString('latin1')));
    socket.on('error', () => {}); // a server may close before all was sent
    socket.on('close', () => resolve(received));
    socket.end(bytes);
  });
}

/** `data` of an answer of the API. */
export function dataOf({ json }: Answer): Json {
  return (json['data'] ?? {}) as Json;
}

/** The messages of an answer of the API. */
export function errorsOf({ json }: Answer): readonly string[] {
  return (json['errors'] ?? []) as readonly string[];
}
