// Clients that read and write keys of a few folders, each one operation after another, and write down what they saw.
import type { Dice } from './dice.ts';
import { keysModel, type Call, type Value } from './keys-model.ts';
import { checkLinearizable, type Operation } from './linearizability.ts';
import type { Reply, Request } from './server.ts';
import type { Host, World } from './world.ts';

export interface ClientOptions {
  readonly count: number;
  /** Milliseconds between two operations of a client, on average. */
  readonly pause: number;
  /** Milliseconds for which all clients rest, after twice as long. */
  readonly quiet: number;
  readonly folders: number;
  readonly namesPerFolder: number;
  /** How many of the operations save the whole state and put it back. */
  readonly restores: number;
}

/** A client waits no longer for an answer. */
const PATIENCE = 3000;

/** The first are what storage keeps outside of the barrier, and makes durable at once. */
const FOLDERS = ['core/', 'f1/', 'f2/', 'f3/'];
const NAMES = ['a', 'b', 'c', 'd'];
const CORE_NAMES = ['keyring', 'seal-config', 'root-key', 'a'];

const namesIn = (folder: string): readonly string[] => (folder === 'core/' ? CORE_NAMES : NAMES);

interface Plan {
  readonly request: Request;
  /** What it does to each folder that it touches, as far as that is known before. */
  readonly calls: Map<string, Call>;
  isOver: boolean;
}

export class Clients {
  readonly #world: World;
  readonly #options: ClientOptions;
  readonly #dice: Dice;
  readonly #histories = new Map<string, Operation<Call>[]>();
  /** What a client last saw of a key, so that it knows what to expect. */
  readonly #seen = new Map<string, Value>();
  /** Ends what has not been answered. */
  readonly #open = new Set<() => void>();
  #written = 0;
  #isRunning = true;

  constructor(world: World, options: ClientOptions) {
    this.#world = world;
    this.#options = options;
    this.#dice = world.dice.fork('clients');
    for (let client = 0; client < options.count; client++) this.#later();
  }

  /** No new operations. */
  stop(): void {
    this.#isRunning = false;
  }

  /** What nobody has answered stays unknown. The folder whose history nobody can explain, if there is one. */
  check(): string | undefined {
    for (const end of this.#open) end();
    for (const [folder, operations] of this.#histories) {
      const verdict = checkLinearizable(keysModel, operations);
      if (verdict.type === 'unknown') this.#world.counts.add('history too hard to judge');
      if (verdict.type === 'violation') {
        return `${folder} is not linearizable around ${shown(operations[verdict.stuckAt])}`;
      }
    }
    return undefined;
  }

  #later(): void {
    const pause = this.#dice.wait(this.#options.pause);
    this.#world.events.after(pause, () => {
      if (this.#isRunning) this.#operate();
    });
  }

  /** Now and then nobody has anything to ask for, and all logs become equal. */
  #isQuiet(): boolean {
    const { quiet } = this.#options;
    return quiet > 0 && this.#world.events.now % (3 * quiet) > 2 * quiet;
  }

  #operate(): void {
    if (this.#isQuiet()) return this.#later();
    const host = this.#target();
    if (host === undefined) return this.#later();
    const plan = this.#plan();
    const start = this.#world.events.now;
    const answer = (reply: Reply): void => {
      if (plan.isOver) return;
      plan.isOver = true;
      cancel();
      this.#open.delete(giveUp);
      this.#record(plan, start, reply);
      this.#later();
    };
    const giveUp = (): void => answer({ type: 'unknown' });
    const cancel = this.#world.events.after(PATIENCE, giveUp);
    this.#open.add(giveUp);
    host.process?.run(() => {
      const server = host.life?.server;
      if (server === undefined) answer({ type: 'failed' });
      else server.ask(plan.request, answer);
    });
  }

  /** Mostly the leader; now and then anybody, who may believe to be the leader. */
  #target(): Host | undefined {
    const { running, leader } = this.#world;
    const others = running.filter((host) => host !== leader && host.life?.server?.view.isLeader);
    if (others.length > 0 && this.#dice.chance(0.3)) return this.#dice.pick(others);
    if (leader !== undefined && this.#dice.chance(0.6)) return leader;
    return running.length === 0 ? undefined : this.#dice.pick(running);
  }

  #plan(): Plan {
    const folder = FOLDERS[this.#dice.below(this.#options.folders)] ?? 'f1/';
    const key = folder + this.#name(folder);
    if (this.#dice.chance(this.#options.restores)) return this.#planRestore();
    const kind = this.#dice.below(10);
    const unknown = new Map<string, Call>([[folder, { outcome: 'unknown' }]]);
    if (kind < 4) return { request: { type: 'read', key }, calls: unknown, isOver: false };
    if (kind === 4) return { request: { type: 'list', folder }, calls: unknown, isOver: false };
    const value = kind === 5 ? null : this.#value();
    const reads: [string, Value][] = kind < 8 ? [] : [[key, this.#seen.get(key) ?? null]];
    // Some transactions read one key and write another.
    const target = kind === 9 ? folder + this.#name(folder) : key;
    const writes: [string, Value][] = [[target, value]];
    const call: Call = { reads: new Map(reads), writes: new Map(writes), outcome: 'unknown' };
    return {
      request: { type: 'transaction', transaction: { reads, writes } },
      calls: new Map([[folder, call]]),
      isOver: false,
    };
  }

  /** To each folder it is a write of all its keys, once anybody knows of what. */
  #planRestore(): Plan {
    const folders = FOLDERS.slice(0, this.#options.folders);
    const keys = folders.flatMap((folder) => namesIn(folder).map((name) => folder + name));
    const onSave = (values: ReadonlyMap<string, Value>): boolean => {
      if (plan.isOver) return false;
      for (const folder of folders) {
        const writes = new Map([...values].filter(([key]) => key.startsWith(folder)));
        plan.calls.set(folder, { writes, outcome: 'unknown' });
      }
      return true;
    };
    const plan: Plan = {
      request: { type: 'restore', keys, onSave },
      calls: new Map(),
      isOver: false,
    };
    return plan;
  }

  #name(folder: string): string {
    return namesIn(folder)[this.#dice.below(this.#options.namesPerFolder)] ?? 'a';
  }

  #value(): string {
    this.#written += 1;
    return String(this.#written);
  }

  #record({ request, calls }: Plan, start: number, reply: Reply): void {
    this.#world.counts.add(`operation ${reply.type}`);
    if (reply.type === 'done' && request.type === 'restore') {
      this.#world.counts.add('operation restored');
    }
    const end = this.#world.events.now;
    for (const [folder, call] of calls) {
      const done = callOf(request, call, reply);
      if (done === undefined) continue;
      if (request.type !== 'restore') this.#see(done);
      this.#add(folder, { call: done, start, end: done.outcome === 'unknown' ? undefined : end });
    }
  }

  #see({ reads, writes, outcome }: Call): void {
    for (const [key, value] of reads ?? []) this.#seen.set(key, value);
    if (outcome !== 'done') return;
    for (const [key, value] of writes ?? []) this.#seen.set(key, value);
  }

  #add(folder: string, operation: Operation<Call>): void {
    const history = this.#histories.get(folder);
    if (history === undefined) this.#histories.set(folder, [operation]);
    else history.push(operation);
    if (this.#world.isTraced) this.#world.note('-', 'client', shown(operation));
  }
}

/** What an operation says of the keys, `undefined` for nothing. */
function callOf(request: Request, planned: Call, reply: Reply): Call | undefined {
  switch (reply.type) {
    case 'read':
      return request.type === 'read'
        ? { reads: new Map([[request.key, reply.value]]), outcome: 'done' }
        : undefined;
    case 'listed':
      return { names: reply.names, outcome: 'done' };
    case 'done':
      return { ...planned, outcome: 'done' };
    case 'mismatch':
      return { ...planned, outcome: 'mismatch' };
    case 'failed':
      return undefined;
    case 'unknown':
      return planned.writes === undefined ? undefined : planned;
  }
}

function shown(operation: Operation<Call> | undefined): string {
  if (operation === undefined) return 'nothing';
  const { call, start, end } = operation;
  const parts = [
    call.reads && `saw ${[...call.reads].map(([key, value]) => `${key}=${value}`).join(' ')}`,
    call.names && `listed [${call.names.join(' ')}]`,
    call.writes && `wrote ${[...call.writes].map(([key, value]) => `${key}=${value}`).join(' ')}`,
    call.outcome,
    `${start.toFixed(3)}..${end?.toFixed(3) ?? ''}`,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}
