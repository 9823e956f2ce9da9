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

interface Plan {
  readonly folder: string;
  readonly request: Request;
  readonly call: Call;
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
    let isOver = false;
    const answer = (reply: Reply): void => {
      if (isOver) return;
      isOver = true;
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
    if (this.#dice.chance(this.#options.restores)) {
      return {
        folder,
        request: { type: 'restore', keys: this.#allKeys() },
        call: { outcome: 'unknown' },
      };
    }
    const kind = this.#dice.below(10);
    if (kind < 4) {
      return { folder, request: { type: 'read', key }, call: { outcome: 'unknown' } };
    }
    if (kind === 4) {
      return { folder, request: { type: 'list', folder }, call: { outcome: 'unknown' } };
    }
    const value = kind === 5 ? null : this.#value();
    const reads: [string, Value][] = kind < 8 ? [] : [[key, this.#seen.get(key) ?? null]];
    // Some transactions read one key and write another.
    const target = kind === 9 ? folder + this.#name(folder) : key;
    const writes: [string, Value][] = [[target, value]];
    return {
      folder,
      request: { type: 'transaction', transaction: { reads, writes } },
      call: { reads: new Map(reads), writes: new Map(writes), outcome: 'unknown' },
    };
  }

  #allKeys(): readonly string[] {
    return FOLDERS.slice(0, this.#options.folders).flatMap((folder) => {
      const names = folder === 'core/' ? CORE_NAMES : NAMES;
      return names.map((name) => folder + name);
    });
  }

  #name(folder: string): string {
    const names = folder === 'core/' ? CORE_NAMES : NAMES;
    return names[this.#dice.below(this.#options.namesPerFolder)] ?? 'a';
  }

  #value(): string {
    this.#written += 1;
    return String(this.#written);
  }

  #record({ folder, request, call }: Plan, start: number, reply: Reply): void {
    this.#world.counts.add(`operation ${reply.type}`);
    if (reply.type === 'restored') return this.#recordRestore(start, reply);
    const end = this.#world.events.now;
    const done = callOf(request, call, reply);
    if (done === undefined) return;
    for (const [key, value] of done.reads ?? []) this.#seen.set(key, value);
    if (done.outcome === 'done') {
      for (const [key, value] of done.writes ?? []) this.#seen.set(key, value);
    }
    const operation = { call: done, start, end: done.outcome === 'unknown' ? undefined : end };
    this.#add(folder, operation);
  }

  /** To each folder it is a write of all its keys. */
  #recordRestore(start: number, reply: Extract<Reply, { type: 'restored' }>): void {
    const end = reply.isSure ? this.#world.events.now : undefined;
    const outcome = reply.isSure ? 'done' : 'unknown';
    for (const folder of FOLDERS.slice(0, this.#options.folders)) {
      const writes = new Map([...reply.values].filter(([key]) => key.startsWith(folder)));
      this.#add(folder, { call: { writes, outcome }, start, end });
    }
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
    case 'restored':
      return undefined;
    case 'unknown':
      return request.type === 'transaction' ? planned : undefined;
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
