// A node's part in its cluster while it takes part: the core in its loop, with a disk, a clock, a state machine and, once
// there are others, a network. It ends once and for good; to take part again, another one is opened on the same disk.
import type { State } from '../state.ts';
import { statusOf } from '../status.ts';
import type {
  Entry,
  HardState,
  Index,
  Outcome,
  Settings,
  SnapshotMeta,
  Status,
  Ticket,
} from '../types.ts';
import { Applier } from './applier.ts';
import { Compaction, type CompactionHands, type CompactionSettings } from './compaction.ts';
import { Lease } from './lease.ts';
import { Loop, type Question } from './loop.ts';
import type { Install, News, Persist } from './order.ts';
import type { Part } from './packet.ts';
import { Post } from './post.ts';
import { DiskFullError, type Network, type StateMachine, type Timer } from './ports.ts';
import { Reads, UnconfirmedError } from './reads.ts';
import { Standing, type Role } from './standing.ts';
import { Ticker } from './ticker.ts';
import type { Settle } from './tickets.ts';

/** The log on the disk. */
export interface DurableLog {
  /** Durable when it resolves. @throws DiskFullError when it can be tried again as it is */
  append(hardState: HardState | undefined, entries: readonly Entry[]): Promise<void>;
  compact(through: Index): Promise<void>;
  reset(snapshot: SnapshotMeta): Promise<void>;
  close(): Promise<void>;
}

/** Who is told what happens. All of it is told between two steps, so that it may ask again. */
export interface DriverEvents {
  applied(through: Index): void;
  role(role: Role): void;
}

export interface DriverOptions {
  readonly settings: Settings;
  readonly tickMs: number;
  readonly state: State;
  readonly timer: Timer;
  readonly log: DurableLog;
  /** The log begins after this index. */
  readonly start: Index;
  readonly machine: StateMachine;
  readonly compaction: CompactionSettings;
  readonly events: DriverEvents;
}

/** Elections over, and a few that were lost, before a read is given up. */
const READ_PATIENCE_IN_ELECTIONS = 4;

export class Driver {
  readonly #options: DriverOptions;
  readonly #loop: Loop;
  readonly #applier: Applier;
  readonly #lease: Lease;
  readonly #reads: Reads;
  readonly #compaction: Compaction;
  readonly #post: Post;
  readonly #standing = new Standing();
  readonly #ticker: Ticker;
  #applied: Index;
  #isDiskFull = false;
  #hasEnded = false;
  #ended: Promise<void> | undefined;

  constructor(options: DriverOptions) {
    const { settings, tickMs, state, timer, machine } = options;
    this.#options = options;
    this.#applied = machine.position.index;
    this.#post = new Post(settings.id, (_, part) => this.#receive(part));
    this.#post.configure(statusOf(state).configuration);
    this.#applier = new Applier(machine, {
      applied: (entries, through) => this.#appliedTo(entries, through),
      failed: (error) => this.fail(error),
    });
    this.#loop = new Loop({ state, timer, hands: this.#hands() });
    const electionTime = settings.electionTicks * tickMs;
    this.#lease = new Lease(electionTime);
    this.#reads = new Reads(
      {
        ask: (begin, settle) => this.#askRead(begin, settle),
        applied: () => this.#applied,
      },
      timer,
      READ_PATIENCE_IN_ELECTIONS * electionTime,
    );
    this.#compaction = new Compaction(options.compaction, this.#compactionHands(), {
      start: options.start,
      applied: this.#applied,
      now: timer.now(),
    });
    this.#ticker = new Ticker(timer, tickMs, () => this.#tick());
  }

  get role(): Role {
    return this.#standing.role;
  }

  get applied(): Index {
    return this.#applied;
  }

  status(): Status {
    return statusOf(this.#loop.state);
  }

  /** Takes part from now on; with a network as soon as it is given one. */
  start(network: Network | undefined): void {
    if (this.#hasEnded) return;
    if (this.#standing.role.type === 'stopped') {
      this.#standing.follow(this.status().term, undefined);
      this.#tellRole();
      this.#ticker.start();
      // A sole voter leads at once.
      this.#loop.input({ type: 'flush' });
    }
    if (network !== undefined) this.#post.connect(network);
  }

  /**
   * Proposes an entry and says at once where it stands in the log. `settle` hears of it now, and again should it be lost;
   * `close` is to be called once it has been applied.
   */
  propose(data: Uint8Array, settle: Settle): Ticket | undefined {
    return this.#loop.askNow((ticket) => ({ type: 'propose', ticket, data }), settle);
  }

  close(ticket: Ticket): void {
    this.#loop.close(ticket);
  }

  /** The last word on a change, a transfer, a bootstrap. */
  ask(question: Question): Promise<Exclude<Outcome, { type: 'appended' }>> {
    return new Promise((resolve) => {
      this.#loop.ask(question, (outcome) => {
        if (outcome.type !== 'appended') resolve(outcome);
      });
    });
  }

  /** See `ClusterStorage.confirm`. @throws UnconfirmedError */
  confirm(): Promise<void> | undefined {
    if (this.#standing.role.type === 'leader' && this.#lease.holds(this.#options.timer.now())) {
      return undefined;
    }
    if (this.#hasEnded) return Promise.reject(new UnconfirmedError('the node takes no part'));
    return this.#reads.confirm();
  }

  /** Ends it: what waits is lost, and what is on its way to the disk is waited for. */
  end(role: Role = { type: 'stopped' }): Promise<void> {
    return (this.#ended ??= this.#end(role));
  }

  /** Something has happened after which this node cannot be right any more. */
  fail(cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : 'unknown error';
    this.end({ type: 'stopped', reason }).catch(() => undefined);
  }

  async #end(role: Role): Promise<void> {
    this.#hasEnded = true;
    this.#ticker.stop();
    this.#post.end();
    this.#loop.end();
    this.#reads.end();
    this.#standing.end(role);
    this.#tellRole();
    await this.#applier.end();
    await this.#options.log.close();
  }

  #hands(): ConstructorParameters<typeof Loop>[0]['hands'] {
    return {
      persist: (group) => this.#persist(group),
      install: (install) => this.#install(install),
      send: (messages) => this.#post.sendMessages(messages),
      apply: (entries) => this.#applier.take(entries),
      tell: (news, at) => this.#tell(news, at),
      settled: () => this.#tellRole(),
      failed: (error) => this.fail(error),
    };
  }

  #receive(part: Part): void {
    if (part.type === 'message') this.#loop.input({ type: 'receive', message: part.message });
  }

  #compactionHands(): CompactionHands {
    return {
      sync: () => this.#options.machine.sync(),
      compact: (through) => this.#options.log.compact(through),
      compacted: (snapshot, through) => this.#loop.input({ type: 'compacted', snapshot, through }),
      failed: (error) => this.fail(error),
    };
  }

  #tick(): void {
    this.#loop.input({ type: 'tick' });
    this.#reads.tick();
    this.#compaction.check(this.#options.timer.now());
  }

  #askRead(begin: () => void, settle: Settle): void {
    this.#loop.ask((ticket) => {
      begin();
      return { type: 'read', ticket };
    }, settle);
  }

  /** A disk that is full is tried again until there is room; meanwhile this node must not lead. */
  async #persist(group: readonly Persist[]): Promise<void> {
    const { hardState, entries } = merge(group);
    while (!this.#hasEnded) {
      try {
        await this.#options.log.append(hardState, entries);
        this.#setDiskFull(false);
        return;
      } catch (error) {
        if (!(error instanceof DiskFullError)) throw error;
        this.#setDiskFull(true);
        await this.#pause();
      }
    }
  }

  /** The state machine first: what it holds is right whatever the log holds. */
  #install(install: Install): Promise<void> {
    return Promise.reject(new Error(`no snapshot of ${install.snapshot.index} is there`));
  }

  #setDiskFull(isFull: boolean): void {
    if (isFull === this.#isDiskFull) return;
    this.#isDiskFull = isFull;
    this.#loop.input({ type: 'disk', isUsable: !isFull });
  }

  #pause(): Promise<void> {
    const { timer, tickMs } = this.#options;
    return new Promise((resolve) => {
      timer.after(tickMs, resolve);
    });
  }

  #appliedTo(entries: readonly Entry[], through: Index): void {
    this.#applied = through;
    this.#compaction.applied(entries, this.#options.timer.now());
    this.#loop.input({ type: 'applied', through });
    this.#standing.applied(through);
    this.#options.events.applied(through);
    this.#reads.applied(through);
  }

  #tell(news: Exclude<News, { type: 'settle' }>, at: number): void {
    switch (news.type) {
      case 'lead':
        this.#standing.lead(news.term, news.from, this.#applied);
        break;
      case 'follow':
        this.#standing.follow(news.term, news.leader);
        break;
      case 'round-begun':
        this.#lease.begin(news.round, at);
        break;
      case 'round-confirmed':
        this.#lease.confirm(news.round);
        break;
      case 'rounds-void':
        this.#lease.end();
        break;
      case 'configured':
        this.#post.configure(news.configuration);
        break;
      case 'ship':
        break;
      case 'removed':
        this.#removed();
        break;
    }
  }

  #removed(): void {
    this.end({ type: 'removed' }).catch(() => undefined);
  }

  #tellRole(): void {
    const role = this.#standing.news();
    if (role !== undefined) this.#options.events.role(role);
  }
}

/** What a group of persists comes to: a later one takes the place of what an earlier one has from its index on. */
function merge(group: readonly Persist[]): Pick<Persist, 'hardState' | 'entries'> {
  let hardState: HardState | undefined;
  let entries: readonly Entry[] = [];
  for (const next of group) {
    hardState = next.hardState ?? hardState;
    const [first] = next.entries;
    if (first === undefined) continue;
    const last = entries.at(-1);
    const kept =
      last === undefined || last.index < first.index
        ? entries
        : entries.filter(({ index }) => index < first.index);
    entries = kept.length === 0 ? next.entries : [...kept, ...next.entries];
  }
  return { hardState, entries };
}
