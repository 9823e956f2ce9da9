// A server that is the core of Raft and hardly more: what the core asks for is carried out in the simplest legal way.
import { newState, type State } from '#raft/state.ts';
import { step } from '#raft/step.ts';
import type {
  Effect,
  Entry,
  Index,
  Input,
  MembershipChange,
  Message,
  NodeId,
  Outcome,
  Round,
  Settings,
  Term,
  Ticket,
} from '#raft/types.ts';
import type { Process } from './clock.ts';
import { viewOf } from './core-view.ts';
import type { Dice } from './dice.ts';
import type { NodeView } from './invariants.ts';
import type { LightDisk, Write } from './light-disk.ts';
import { EMPTY_IMAGE, encodeTransaction, LightMachine, type Image } from './light-machine.ts';
import type { Reply, Request, Server } from './server.ts';

type Persist = Extract<Effect, { type: 'persist' }>;
type Install = Extract<Effect, { type: 'install' }>;
type Send = Extract<Effect, { type: 'send' }>;
type News = Exclude<Effect, Persist | Install | Send | { type: 'apply' | 'settle' }>;

/** Something else to be written. */
interface Job {
  readonly type: 'job';
  readonly write: () => Write | undefined;
  readonly done: () => void;
}

/** What a server needs of its world. */
export interface CorePorts {
  readonly settings: Settings;
  readonly tickMs: number;
  readonly process: Process;
  readonly disk: LightDisk;
  readonly dice: Dice;
  readonly send: (message: Message) => void;
  /** Brings a snapshot to another server, or not. */
  readonly ship: (to: NodeId, image: Image, ended: (isDone: boolean) => void) => void;
  readonly trace: (what: string, detail: unknown) => void;
  /** Told when an entry is applied. */
  readonly applied: (index: Index, checksum: string) => void;
  /** The server is of no use any more: its disk failed, it was removed, or it found a bug in itself. */
  readonly stop: (why: 'disk' | 'removed') => void;
}

/** What is left of the election time-out for a lease; see raft/driver/lease.ts. */
const LEASE_SHARE = 0.8;

/** Entries that are kept in the log for servers that lag a little. */
const TRAILING = 20;

interface Proposal {
  readonly ticket: Ticket;
  readonly term: Term;
  readonly answer: (reply: Reply) => void;
}

export class CoreServer implements Server {
  readonly #ports: CorePorts;
  readonly #machine: { now: LightMachine };
  #state: State;
  readonly #inputs: Input[] = [];
  readonly #waiting: (Persist | Install | Send | Job)[] = [];
  #isWriting = false;
  #isFlushDue = false;
  readonly #applying: Entry[] = [];
  #isApplying = false;
  #hasEnded = false;
  #isDiskFull = false;
  readonly #tickets = new Map<Ticket, (outcome: Outcome) => void>();
  #lastTicket: number;
  readonly #proposals = new Map<Index, Proposal>();
  readonly #reads = new Set<{ index: Index; go: () => void }>();
  readonly #rounds = new Map<Round, number>();
  #leaseUntil = -Infinity;
  #servesFrom: Index | undefined;
  /** Snapshots that have arrived whole, by index and term. */
  readonly #arrived = new Map<string, Image>();

  constructor(ports: CorePorts) {
    this.#ports = ports;
    const { hardState, start: begin, entries, image } = ports.disk.contents;
    this.#machine = { now: new LightMachine(image) };
    this.#lastTicket = ports.settings.seed * 2 ** 20;
    this.#state = newState(ports.settings, {
      hardState,
      start: begin,
      entries: entries.slice(),
      applied: image.position.index,
    });
    this.#plan(() => this.#tick(), ports.tickMs);
    this.#input({ type: 'flush' });
  }

  get view(): NodeView {
    return viewOf(this.#state, this.#ports.settings.id, {
      applied: this.#machine.now.position.index,
      leaseUntil: this.#ports.process.worldTimeOf(this.#leaseUntil),
    });
  }

  get isServing(): boolean {
    return this.#servesFrom !== undefined && this.#servesFrom <= this.#applied;
  }

  get waiting(): number {
    return this.#tickets.size;
  }

  get checksum(): string {
    return this.#machine.now.checksum;
  }

  get #applied(): Index {
    return this.#machine.now.position.index;
  }

  receive(message: Message): void {
    this.#input({ type: 'receive', message });
  }

  /** A snapshot has arrived whole. */
  receiveSnapshot(from: NodeId, term: Term, image: Image): void {
    const snapshot = image.position;
    this.#arrived.set(`${snapshot.index}/${snapshot.term}`, image);
    const to = this.#ports.settings.id;
    this.#input({ type: 'receive', message: { type: 'install', from, to, term, snapshot } });
  }

  ask(request: Request, answer: (reply: Reply) => void): void {
    if (request.type === 'restore') {
      answer({ type: 'failed' });
    } // there is no such thing here
    else if (request.type === 'transaction') {
      this.#propose(encodeTransaction(request.transaction), answer);
    } else {
      this.#confirm(
        () => answer(this.#look(request)),
        () => answer({ type: 'failed' }),
      );
    }
  }

  change(change: MembershipChange, answer: (isDone: boolean) => void): void {
    this.#ask(
      (ticket) => ({ type: 'change', ticket, change }),
      (outcome) => {
        if (outcome.type !== 'appended') answer(outcome.type === 'committed');
      },
    );
  }

  transfer(to: NodeId | undefined): void {
    this.#ask(
      (ticket) => ({ type: 'transfer', ticket, to }),
      () => undefined,
    );
  }

  stop(done: () => void): void {
    if (this.isServing) this.transfer(undefined);
    this.#plan(done, 2 * this.#ports.settings.electionTicks * this.#ports.tickMs);
  }

  bootstrap(): void {
    const { id } = this.#ports.settings;
    const server = { id, address: id, suffrage: 'voter' } as const;
    this.#ask(
      (ticket) => ({ type: 'bootstrap', ticket, server }),
      () => undefined,
    );
  }

  compact(): void {
    let through = 0 as Index;
    let image = EMPTY_IMAGE;
    const { disk } = this.#ports;
    const save = (): Write | undefined => {
      image = this.#machine.now.image();
      through = Math.min(disk.last, image.position.index - TRAILING) as Index;
      return through > disk.start ? { image } : undefined;
    };
    this.#waiting.push({ type: 'job', write: save, done: () => this.#compacted(image, through) });
    this.#run();
  }

  #compacted(image: Image, through: Index): void {
    const cut = (): Write | undefined =>
      through > this.#ports.disk.start ? { cut: through } : undefined;
    this.#waiting.push({ type: 'job', write: cut, done: () => undefined });
    this.#input({ type: 'compacted', snapshot: image.position, through });
  }

  #plan(action: () => void, millis: number): void {
    this.#ports.process.after(millis, () => {
      if (!this.#hasEnded) action();
    });
  }

  #tick(): void {
    this.#plan(() => this.#tick(), this.#ports.tickMs);
    this.#input({ type: 'tick' });
  }

  #ask(
    question: (ticket: Ticket) => Input,
    settle: (outcome: Outcome, ticket: Ticket) => void,
  ): void {
    this.#lastTicket += 1;
    const ticket = this.#lastTicket as Ticket;
    this.#tickets.set(ticket, (outcome) => settle(outcome, ticket));
    this.#input(question(ticket));
  }

  #input(input: Input): void {
    if (this.#hasEnded) return;
    this.#inputs.push(input);
    if (this.#inputs.length > 1) return; // it is being worked on
    for (;;) {
      const next = this.#inputs[0];
      if (next === undefined) break;
      this.#step(next);
      this.#inputs.shift();
      if (this.#hasEnded) return;
    }
    if (input.type !== 'flush') this.#flushSoon();
  }

  /** What comes within a moment leaves together, as in a driver that is busy. */
  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    const { dice } = this.#ports;
    this.#plan(
      () => {
        this.#isFlushDue = false;
        this.#input({ type: 'flush' });
      },
      dice.chance(0.9) ? 0 : dice.wait(1),
    );
  }

  #step(input: Input): void {
    const at = this.#ports.process.now();
    this.#ports.trace('in', input);
    const [state, effects] = step(this.#state, input);
    this.#state = state;
    for (const effect of effects) {
      this.#ports.trace('out', effect);
      this.#carryOut(effect, at);
      if (this.#hasEnded) return;
    }
    this.#run();
  }

  #carryOut(effect: Effect, at: number): void {
    const { type } = effect;
    if (type === 'persist' || type === 'install') this.#waiting.push(effect);
    else if (type === 'settle') this.#settle(effect.ticket, effect.outcome);
    else if (type === 'apply') {
      this.#applying.push(...effect.entries);
      this.#apply();
    } else if (type !== 'send') this.#hear(effect, at);
    else if (effect.isUrgent || !this.#isPersisting()) this.#ports.send(effect.message);
    else this.#waiting.push(effect);
  }

  #hear(news: News, at: number): void {
    switch (news.type) {
      case 'ship':
        this.#ship(news.to);
        break;
      case 'lead':
        this.#servesFrom = news.from;
        break;
      case 'follow':
        this.#servesFrom = undefined;
        break;
      case 'removed':
        this.#end('removed');
        break;
      case 'configured':
        break;
      case 'round-begun':
      case 'round-confirmed':
      case 'rounds-void':
        this.#lease(news, at);
    }
  }

  #isPersisting(): boolean {
    return this.#isWriting || this.#waiting.some(({ type }) => type !== 'send');
  }

  #lease(effect: Extract<News, { type: `round${string}` }>, at: number): void {
    if (effect.type === 'rounds-void') {
      this.#rounds.clear();
      this.#leaseUntil = -Infinity;
    } else if (effect.type === 'round-begun') this.#rounds.set(effect.round, at);
    else {
      const began = this.#rounds.get(effect.round);
      if (began === undefined) return;
      const { electionTicks } = this.#ports.settings;
      const until = began + LEASE_SHARE * electionTicks * this.#ports.tickMs;
      this.#leaseUntil = Math.max(this.#leaseUntil, until);
      for (const round of this.#rounds.keys()) {
        if (round <= effect.round) this.#rounds.delete(round);
      }
    }
  }

  /** Carries out what waits for the disk, until something has to be written. */
  #run(): void {
    while (!this.#isWriting && !this.#hasEnded) {
      const next = this.#waiting[0];
      if (next === undefined) return;
      if (next.type === 'send') {
        this.#waiting.shift();
        this.#ports.send(next.message);
      } else if (next.type === 'persist') this.#persist();
      else if (next.type === 'install') this.#install(next);
      else this.#work(next);
    }
  }

  #work(job: Job): void {
    const write = job.write();
    if (write === undefined) this.#waiting.shift();
    else {
      this.#write(write, () => {
        this.#waiting.shift();
        job.done();
        this.#run();
      });
    }
  }

  /** All persists up to the next install are written together; sends between them wait for all. */
  #persist(): void {
    const end = this.#waiting.findIndex(({ type }) => type === 'install' || type === 'job');
    const group = this.#waiting.slice(0, end === -1 ? undefined : end);
    const persists = group.filter((one) => one.type === 'persist');
    const last = persists.at(-1);
    this.#write(merged(persists), () => {
      this.#waiting.splice(0, group.length);
      for (const one of group) if (one.type === 'send') this.#ports.send(one.message);
      if (last !== undefined) this.#input({ type: 'persisted', sequence: last.sequence });
      this.#run();
    });
  }

  #install({ snapshot, keepsLog }: Install): void {
    const image = this.#arrived.get(`${snapshot.index}/${snapshot.term}`);
    if (image === undefined) throw new Error(`snapshot ${snapshot.index} has not arrived`);
    this.#write({ image, reset: keepsLog ? undefined : snapshot }, () => {
      this.#waiting.shift();
      this.#applying.length = 0;
      this.#machine.now = new LightMachine(image);
      this.#ports.applied(snapshot.index, this.checksum);
      this.#input({ type: 'installed', snapshot });
      this.#run();
    });
  }

  #write(write: Write, done: () => void): void {
    this.#isWriting = true;
    this.#ports.disk.write(this.#ports.process, write, (outcome) => {
      if (this.#hasEnded) return;
      if (outcome === 'broken') return this.#end('disk');
      this.#setDiskFull(outcome === 'full');
      if (outcome === 'full') return this.#plan(() => this.#write(write, done), 50);
      this.#isWriting = false;
      done();
    });
  }

  #setDiskFull(isFull: boolean): void {
    if (isFull === this.#isDiskFull) return;
    this.#isDiskFull = isFull;
    this.#input({ type: 'disk', isUsable: !isFull });
  }

  #apply(): void {
    if (this.#isApplying || this.#applying.length === 0) return;
    const { dice } = this.#ports;
    if (dice.chance(0.95)) return this.#applyAll();
    this.#isApplying = true; // now and then a state machine has something else to do
    this.#plan(() => {
      this.#isApplying = false;
      this.#applyAll();
    }, dice.wait(5));
  }

  #applyAll(): void {
    for (const entry of this.#applying.splice(0)) {
      const isDone = this.#machine.now.apply(entry);
      this.#ports.applied(entry.index, this.checksum);
      this.#answer(entry, isDone);
    }
    this.#input({ type: 'applied', through: this.#applied });
    for (const read of this.#reads) {
      if (read.index > this.#applied) continue;
      this.#reads.delete(read);
      read.go();
    }
  }

  #answer(entry: Entry, isDone: boolean): void {
    const proposal = this.#proposals.get(entry.index);
    if (proposal === undefined) return;
    this.#proposals.delete(entry.index);
    this.#tickets.delete(proposal.ticket);
    if (proposal.term !== entry.term) proposal.answer({ type: 'failed' });
    else proposal.answer({ type: isDone ? 'done' : 'mismatch' });
  }

  #propose(data: Uint8Array, answer: (reply: Reply) => void): void {
    let index: Index | undefined;
    this.#ask(
      (ticket) => ({ type: 'propose', ticket, data }),
      (outcome, ticket) => {
        if (outcome.type === 'refused') answer({ type: 'failed' });
        else if (outcome.type === 'appended') {
          index = outcome.index;
          this.#proposals.get(index)?.answer({ type: 'unknown' });
          this.#proposals.set(index, { ticket, term: outcome.term, answer });
        } else if (index !== undefined) {
          this.#proposals.delete(index);
          answer({ type: 'unknown' });
        }
      },
    );
  }

  #confirm(go: () => void, fail: () => void): void {
    // Reads that have no lease are rare, so some do without the one that they have.
    const isAsking = this.#ports.dice.chance(0.3);
    if (!isAsking && this.isServing && this.#leaseUntil > this.#ports.process.now()) {
      // Followers may have answered with what this node has committed and not applied yet.
      if (this.#applied >= this.#state.commit) go();
      else this.#reads.add({ index: this.#state.commit, go });
      return;
    }
    this.#ask(
      (ticket) => ({ type: 'read', ticket }),
      (outcome) => {
        if (outcome.type !== 'readable') return fail();
        if (outcome.index <= this.#applied) go();
        else this.#reads.add({ index: outcome.index, go });
      },
    );
  }

  #look(request: Exclude<Request, { type: 'transaction' | 'restore' }>): Reply {
    return request.type === 'read'
      ? { type: 'read', value: this.#machine.now.get(request.key) }
      : { type: 'listed', names: this.#machine.now.list(request.folder) };
  }

  #settle(ticket: Ticket, outcome: Outcome): void {
    const settle = this.#tickets.get(ticket);
    if (outcome.type !== 'appended') this.#tickets.delete(ticket);
    settle?.(outcome);
  }

  #ship(to: NodeId): void {
    this.#ports.ship(to, this.#machine.now.image(), (isDone) => {
      this.#input({ type: 'shipped', to, isDone });
    });
  }

  #end(why: 'disk' | 'removed'): void {
    this.#hasEnded = true;
    this.#ports.stop(why);
  }
}

/** What a group of persists comes to when a later one takes the place of what an earlier one has from its index on. */
function merged(group: readonly Persist[]): Write {
  let hardState;
  let entries: readonly Entry[] = [];
  for (const next of group) {
    hardState = next.hardState ?? hardState;
    const first = next.entries[0];
    if (first === undefined) continue;
    entries = [...entries.filter(({ index }) => index < first.index), ...next.entries];
  }
  return { hardState, entries };
}
