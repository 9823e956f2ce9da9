// A node's part in its cluster while it takes part: the core in its loop, with a disk, a clock, a state machine and, once
// there are others, a network. It ends once and for good; to take part again, another one is opened on the same disk.
import type { State } from '../state.ts';
import { statusOf } from '../status.ts';
import type { Entry, Index, Message, NodeId, Outcome, Status, Ticket } from '../types.ts';
import { Applier } from './applier.ts';
import { Comparison, type ComparisonHands } from './comparison.ts';
import { Compaction, type CompactionHands } from './compaction.ts';
import { Lease } from './lease.ts';
import { Loop, type Question } from './loop.ts';
import type { Install, News } from './order.ts';
import type { Part } from './packet.ts';
import { markRemoved } from './removed.ts';
import type { DriverOptions } from './options.ts';
import { Post } from './post.ts';
import { Persister, type LogExtent, type PersisterHands } from './persister.ts';
import type { Network } from './ports.ts';
import { Report } from './report.ts';
import { Reads, UnconfirmedError } from './reads.ts';
import { Snapshots, type SnapshotHands } from './snapshots.ts';
import { Standing, type Role } from './standing.ts';
import { Ticker } from './ticker.ts';
import type { Settle } from './tickets.ts';

const NOTHING = Promise.resolve();

/** Elections over, and a few that were lost, before a read is given up. */
const READ_PATIENCE_IN_ELECTIONS = 4;

export class Driver {
  readonly #options: DriverOptions;
  readonly #loop: Loop;
  readonly #applier: Applier;
  readonly #lease: Lease;
  readonly #reads: Reads;
  readonly #compaction: Compaction;
  readonly #persister: Persister;
  readonly #snapshots: Snapshots;
  readonly #comparison: Comparison;
  readonly #post: Post;
  readonly #standing = new Standing();
  readonly #ticker: Ticker;
  readonly #report: Report;
  #applied: Index;
  /** A snapshot has arrived, and the core does not know it yet. */
  #hasArrived = false;
  #hasEnded = false;
  #ended: Promise<void> | undefined;

  constructor(options: DriverOptions) {
    const { settings, tickMs, state, timer, machine } = options;
    this.#options = options;
    this.#applied = machine.position.index;
    this.#report = new Report(options.meter, timer);
    this.#post = new Post(settings.id, (from, part) => this.#receive(from, part));
    this.#post.configure(statusOf(state).configuration);
    this.#applier = new Applier(machine, {
      applying: (since) => this.#report.applying(since),
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
    this.#persister = new Persister(options.log, this.#persisterHands());
    this.#snapshots = new Snapshots(this.#snapshotHands());
    this.#comparison = new Comparison(this.#comparisonHands());
    this.#ticker = new Ticker(timer, tickMs, () => this.#tick());
  }

  get role(): Role {
    return this.#standing.role;
  }

  get applied(): Index {
    return this.#applied;
  }

  /** The cluster has removed this node before. */
  get isRemoved(): boolean {
    return this.#options.isRemoved;
  }

  status(): Status {
    return statusOf(this.#loop.state);
  }

  /** What the core knows, to be looked at and not kept. */
  get state(): State {
    return this.#loop.state;
  }

  get logExtent(): LogExtent {
    return this.#options.log.extent;
  }

  /** Until when nobody else can lead, by this node's timer; in the past when it does not know. */
  get leaseUntil(): number {
    return this.#lease.until;
  }

  /** Takes part from now on; with a network as soon as it is given one. */
  start(network: Network | undefined): void {
    if (this.#hasEnded) return;
    if (this.isRemoved) {
      this.#standing.end({ type: 'removed' });
      this.#tellRole();
      return;
    }
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
      // A follower may have applied, and answered with, what this node has committed and is still applying.
      if (this.#applied >= this.#loop.state.commit) return undefined;
    }
    if (this.#hasEnded) return Promise.reject(new UnconfirmedError('the node takes no part'));
    return this.#reads.confirm();
  }

  /** Ends it: what waits is lost, and what is on its way to the disk is waited for. */
  end(role: Role = { type: 'stopped' }, also: Promise<void> = NOTHING): Promise<void> {
    return (this.#ended ??= Promise.all([this.#end(role), also]).then(() => undefined));
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
    this.#report.ended(this.state);
    this.#tellRole();
    await this.#applier.end();
    await this.#snapshots.end();
    await this.#options.log.close();
  }

  #hands(): ConstructorParameters<typeof Loop>[0]['hands'] {
    return {
      persist: (group) => this.#persister.persist(group),
      install: (install) => this.#report.timed('install', () => this.#install(install)),
      send: (messages) => this.#post.sendMessages(messages),
      apply: (entries, at) => this.#applier.take(entries, at),
      tell: (news, at) => this.#tell(news, at),
      settled: () => this.#settled(),
      failed: (error) => this.fail(error),
    };
  }

  #receive(from: NodeId, part: Part): void {
    switch (part.type) {
      case 'message':
        return this.#loop.input({ type: 'receive', message: part.message });
      case 'checksum':
        return this.#comparison.heard(from, part);
      case 'diverged':
        return this.#comparison.accused(from, part);
      case 'offer':
      case 'chunk':
      case 'progress':
        return this.#snapshots.take(from, part);
    }
  }

  #persisterHands(): PersisterHands {
    return {
      pause: () => this.#pause(),
      usable: (isUsable) => this.#loop.input({ type: 'disk', isUsable }),
      hasEnded: () => this.#hasEnded,
    };
  }

  #comparisonHands(): ComparisonHands {
    const { settings, machine, events } = this.#options;
    return {
      id: settings.id,
      leader: () => this.status().leader,
      configuration: () => this.status().configuration,
      checksum: () => machine.checksum(),
      send: (to, parts) => this.#post.send(to, parts),
      diverged: (index) => events.diverged(index),
    };
  }

  #snapshotHands(): SnapshotHands {
    const { disk, machine, settings } = this.#options;
    return {
      disk,
      snapshot: () => this.#applier.alone(() => Promise.resolve(machine.snapshot())),
      logStart: () => this.#compaction.start,
      installFor: (to, snapshot) => {
        const { role, term } = this.status();
        if (role !== 'leader') return undefined;
        return { type: 'install', from: settings.id, to, term, snapshot };
      },
      wants: (install) => this.#wants(install),
      send: (to, parts) => this.#post.send(to, parts),
      shipped: (to, isDone) => this.#loop.input({ type: 'shipped', to, isDone }),
      arrived: (message) => {
        this.#hasArrived = true;
        this.#loop.input({ type: 'receive', message });
      },
    };
  }

  #wants({ term, snapshot }: Message & { readonly type: 'install' }): 'yes' | 'not now' | 'never' {
    if (snapshot.index <= this.#applied) return 'never';
    const { installing, term: current } = this.#loop.state;
    return this.#hasArrived || installing !== undefined || term < current ? 'not now' : 'yes';
  }

  #compactionHands(): CompactionHands {
    return {
      sync: () => this.#options.machine.sync(),
      heldAt: () => this.#snapshots.heldAt,
      compact: (through) => this.#options.log.compact(through),
      compacted: (snapshot, through) => this.#loop.input({ type: 'compacted', snapshot, through }),
      failed: (error) => this.fail(error),
    };
  }

  #tick(): void {
    this.#loop.input({ type: 'tick' });
    this.#reads.tick();
    this.#snapshots.tick();
    this.#compaction.check(this.#options.timer.now());
  }

  #askRead(begin: () => void, settle: Settle): void {
    this.#loop.ask((ticket) => {
      begin();
      return { type: 'read', ticket };
    }, settle);
  }

  /** The state machine first: what it holds is right whatever the log holds. */
  async #install({ snapshot, keepsLog }: Install): Promise<void> {
    await this.#applier.alone(async () => {
      const file = await this.#snapshots.arrived(snapshot);
      try {
        await this.#options.machine.restore(file);
      } finally {
        file.release();
      }
      this.#applier.skipTo(snapshot.index);
    });
    if (!keepsLog) {
      this.#compaction.reset(snapshot.index);
      await this.#persister.reset(snapshot);
    }
    await this.#snapshots.installed();
    this.#loop.input({ type: 'installed', snapshot });
    this.#moved(snapshot.index);
  }

  #pause(): Promise<void> {
    const { timer, tickMs } = this.#options;
    return new Promise((resolve) => {
      timer.after(tickMs, resolve);
    });
  }

  #appliedTo(entries: readonly Entry[], through: Index): void {
    const now = this.#options.timer.now();
    this.#report.applied(entries.length, now);
    this.#compaction.applied(entries, now);
    this.#loop.input({ type: 'applied', through });
    this.#moved(through);
    this.#comparison.applied(through);
  }

  /** The state is that after an entry. */
  #moved(through: Index): void {
    this.#applied = through;
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
        this.#lease.end();
        this.#snapshots.cancel();
        this.#standing.follow(news.term, news.leader);
        break;
      case 'round-begun':
        this.#lease.begin(news.round, at);
        break;
      case 'round-confirmed':
        this.#report.confirmed(this.#lease.confirm(news.round), at);
        break;
      case 'rounds-void':
        this.#lease.end();
        break;
      case 'configured':
        this.#post.configure(news.configuration);
        break;
      case 'ship':
        this.#snapshots.ship(news.to);
        break;
      case 'removed':
        this.#removed();
        break;
    }
  }

  /** Without the mark the others have to tell this node again. */
  #removed(): void {
    const marked = markRemoved(this.#options.disk).catch(() => undefined);
    this.end({ type: 'removed' }, marked).catch(() => undefined);
  }

  #settled(): void {
    // By now the core has said whether it wants what has arrived.
    this.#hasArrived = false;
    this.#report.stepped(this.state);
    this.#tellRole();
  }

  #tellRole(): void {
    const role = this.#standing.news();
    if (role !== undefined) this.#options.events.role(role);
  }
}
