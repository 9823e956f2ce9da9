// An engine mounted for a test: its paths are called as the server does, over a storage in memory, with a clock that
// the test advances. A handler that fails leaves nothing behind, as in the transaction of a request.
import { formatTime, millis, type Clock, type Millis } from '#sdk/clock.ts';
import type { Caller, MountFacts, Verb } from '#sdk/call.ts';
import { seconds } from '#sdk/duration.ts';
import type { Engine } from '#sdk/engine.ts';
import { ClientError, unsupportedOperation, unsupportedPath } from '#sdk/errors.ts';
import { parseJson } from '#sdk/json.ts';
import { decodeData, type Path } from '#sdk/path.ts';
import type { GrantReply, Reply } from '#sdk/reply.ts';
import type { Storage } from '#sdk/storage.ts';

type Json = Readonly<Record<string, unknown>>;

/** What the client would see of an answer. */
export interface Seen {
  readonly status: number;
  readonly data?: Json | null;
  readonly warnings?: readonly string[];
  readonly leaseDuration?: number;
  readonly errors?: readonly string[];
  readonly grant?: GrantReply;
  readonly body?: string | Uint8Array;
}

/** What of a request a test may choose. */
export interface Asking {
  readonly caller?: Partial<Caller>;
  readonly remoteAddress?: string;
}

export interface MountOptions {
  readonly options?: Readonly<Record<string, string>>;
  readonly storage?: MemoryStorage;
  readonly clock?: TestClock;
}

/** A moment to begin at; which one does not matter. */
const START = millis(Date.parse('2024-05-06T07:08:09.120Z'));
const SYSTEM_LEASE_TTL = seconds(2_764_800);

const CALLER: Caller = {
  displayName: 'token',
  entityId: '',
  policies: ['root'],
  cubbyhole: 'tester',
};

export class TestClock implements Clock {
  #now = START;

  now(): Millis {
    return this.#now;
  }

  /** The moment as Vault prints it. */
  text(): string {
    return formatTime(this.#now);
  }

  advance(byMillis: number): void {
    this.#now = millis(this.#now + byMillis);
  }

  after(): () => void {
    throw new Error('no engine under test sets a timer');
  }
}

/** Values are kept as JSON text and come back frozen, so that no engine changes what others share. */
export class MemoryStorage implements Storage {
  #values = new Map<string, string>();
  /** What was touched, in order, for tests that count. */
  readonly touched: string[] = [];

  get<T>(key: string): T | undefined {
    this.#touch('get', key);
    const text = this.#values.get(key);
    return text === undefined ? undefined : (frozen(parseJson(text)) as T);
  }

  put(key: string, value: object): void {
    this.#touch('put', key);
    this.#values.set(key, JSON.stringify(value));
  }

  delete(key: string): void {
    this.#touch('delete', key);
    this.#values.delete(key);
  }

  list(prefix: string): readonly string[] {
    if (prefix !== '') this.#touch('list', prefix.replace(/\/$/, ''));
    const names = [...this.#values.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => /^[^/]*\/?/.exec(key.slice(prefix.length))?.[0] ?? '');
    return [...new Set(names)].toSorted((one, other) =>
      Buffer.from(one).compare(Buffer.from(other)),
    );
  }

  keys(): readonly string[] {
    return [...this.#values.keys()].toSorted();
  }

  /** Undoes whatever `action` changed when it fails. */
  async atomically<T>(action: () => T | Promise<T>): Promise<T> {
    const before = new Map(this.#values);
    try {
      return await action();
    } catch (error) {
      this.#values = before;
      throw error;
    }
  }

  #touch(what: string, key: string): void {
    if (!/^[^/]+(\/[^/]+)*$/s.test(key)) throw new Error(`"${key}" is no key`);
    this.touched.push(`${what} ${key}`);
  }
}

/** A mount with one engine. `read`, `list` and so on answer what a client would see. */
export class TestMount {
  readonly storage: MemoryStorage;
  readonly clock: TestClock;
  readonly facts: MountFacts;
  readonly #engine: Engine;
  readonly #instance: unknown;

  constructor(engine: Engine, { options = {}, storage, clock }: MountOptions = {}) {
    this.storage = storage ?? new MemoryStorage();
    this.clock = clock ?? new TestClock();
    this.facts = {
      path: `${engine.type}/`,
      type: engine.type,
      accessor: `${engine.type}_12345678`,
      uuid: '2b7bb3d6-40a3-4dbc-b2ae-5c4a8c0cb6cb',
      options,
      defaultLeaseTtl: SYSTEM_LEASE_TTL,
      maxLeaseTtl: SYSTEM_LEASE_TTL,
    };
    this.#engine = engine;
    this.#instance = engine.start({ mount: this.facts, clock: this.clock });
  }

  read(path: string, query: Json = {}, asking?: Asking): Promise<Seen> {
    return this.#seen('read', path, query, asking);
  }

  list(path: string, asking?: Asking): Promise<Seen> {
    return this.#seen('list', path, {}, asking);
  }

  write(path: string, body: Json = {}, asking?: Asking): Promise<Seen> {
    return this.#seen('write', path, body, asking);
  }

  patch(path: string, body: Json, asking?: Asking): Promise<Seen> {
    return this.#seen('patch', path, body, asking);
  }

  delete(path: string, asking?: Asking): Promise<Seen> {
    return this.#seen('delete', path, {}, asking);
  }

  /** The capability that a write of `path` needs. */
  capability(url: string): 'create' | 'update' {
    const { path, captures } = this.#target(url);
    if (path.exists === undefined) return 'update';
    const { data } = decodeData(path, 'read', captures, {});
    const call = {
      engine: this.#instance,
      storage: this.storage,
      data: data as Record<string, string>,
    };
    return path.exists(call) ? 'update' : 'create';
  }

  /** Renews a login's token. */
  renew(grant: GrantReply, policies: readonly string[]): unknown {
    return this.#engine.renew?.({
      engine: this.#instance,
      storage: this.storage,
      mount: this.facts,
      clock: this.clock,
      internal: grant.internal,
      policies,
      metadata: grant.metadata,
    });
  }

  async #seen(verb: Verb, url: string, sent: Json, asking: Asking = {}): Promise<Seen> {
    try {
      // What is sent goes through JSON, as it does on the wire.
      const parameters = parseJson(JSON.stringify(sent)) as Json;
      return await this.storage.atomically(() => this.#call(verb, url, parameters, asking));
    } catch (error) {
      if (error instanceof ClientError) return { status: error.status, errors: error.errors };
      throw error;
    }
  }

  async #call(verb: Verb, url: string, parameters: Json, asking: Asking): Promise<Seen> {
    const { path, captures } = this.#target(url);
    const operation = path.operations[verb];
    if (operation === undefined) throw unsupportedOperation();
    const { data, warnings } = decodeData(path, verb, captures, parameters);
    const added: string[] = [...warnings];
    const answer = await operation.handler({
      engine: this.#instance,
      storage: this.storage,
      mount: this.facts,
      clock: this.clock,
      caller: { ...CALLER, ...asking.caller },
      request: { id: 'id', path: url, verb, remoteAddress: asking.remoteAddress ?? '127.0.0.1' },
      warn: (message) => added.push(message),
      data,
      parameters,
    });
    return shown(answer, verb, added);
  }

  #target(url: string): { path: Path; captures: Readonly<Record<string, string>> } {
    for (const path of this.#engine.paths) {
      const captures = path.matcher.match(url);
      if (captures !== undefined) return { path, captures };
    }
    throw unsupportedPath();
  }
}

function shown(answer: Reply | undefined, verb: Verb, warnings: readonly string[]): Seen {
  if (answer === undefined) {
    const isQuestion = verb === 'read' || verb === 'list';
    return isQuestion ? { status: 404, errors: [] } : { status: 204 };
  }
  const added = warnings.length === 0 ? {} : { warnings };
  switch (answer.kind) {
    case 'data': {
      const { status = 200, data, leaseDuration } = answer;
      return { status, data, ...added, ...(leaseDuration === undefined ? {} : { leaseDuration }) };
    }
    case 'grant':
      return { status: 200, grant: answer, ...added };
    case 'raw':
      return { status: answer.status, body: answer.body };
    case 'auth':
    case 'lease':
    case 'stream':
      throw new Error(`no engine under test answers with ${answer.kind}`);
  }
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}
