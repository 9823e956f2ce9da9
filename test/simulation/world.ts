// One simulated world: its nodes, their disks, the network, the clock, and whoever watches. A seed says everything that
// happens in it.
import { votersOf } from '#raft/quorum.ts';
import type { CompactionSettings } from '#raft/driver/compaction.ts';
import type { Configuration, Index, Message, NodeId, Server as Member, Term } from '#raft/types.ts';
import { Events, Process } from './clock.ts';
import { Counts } from './counts.ts';
import { dice, type Dice } from './dice.ts';
import { Invariants, type DurableView, type NodeView } from './invariants.ts';
import type { Ailments } from './light-disk.ts';
import { drainMicrotasks } from './microtasks.ts';
import { SimulatedNetwork } from './network.ts';
import type { Server } from './server.ts';
import type { Trace } from './trace.ts';

/** An entry of a log, by where it stands. */
export interface Place {
  readonly index: Index;
  readonly term: Term;
}

/** A disk as the world treats it. */
export interface HostDisk extends DurableView {
  readonly ailments: Ailments;
  /** The last entry that was reported as durable. */
  readonly promised: Place;
  /** Some of that is not there: the disk lies, or has lied. */
  readonly isLying: boolean;
  /** Since when it has not taken a write that it was given; `undefined` where nobody can look. */
  readonly troubleSince: number | undefined;
  /** Whether its node always notices that it is damaged. */
  readonly showsDamage: boolean;
  /** The node has lost what it may have acknowledged, and knows it. */
  readonly isRecovering: boolean;
  /** What was promised is there after all. */
  settle(): void;
  crash(): void;
  /** What lies on it is damaged, in a way that is noticed. */
  rot(): void;
  /** It is another disk, and empty. */
  wipe(): void;
  /** It belongs to a cluster of these servers. */
  prepare(configuration: Configuration): void;
}

/** One life of a server, as what it is made of gives it to the world. */
export interface Life {
  /** `undefined` while it starts. */
  readonly server: Server | undefined;
  receive(from: NodeId, packet: unknown): void;
}

/** What the servers of a world are made of. */
export interface Kit {
  newDisk(host: () => Host, chance: Dice, counts: Counts): HostDisk;
  open(host: Host, world: World): Life;
}

/** A machine: what stays when its server's process ends. */
export interface Host {
  readonly id: NodeId;
  readonly disk: HostDisk;
  readonly dice: Dice;
  process: Process | undefined;
  life: Life | undefined;
  /** How many times it was started. */
  lives: number;
  /** `gone`: nobody starts it again. */
  state: 'up' | 'down' | 'gone';
  clockRate: number;
  /** What its disk lost was known to others up to here; until it has that again, it is not counted on. */
  lost: Place | undefined;
  isWatched: boolean;
  /** Something was done to what its disk had promised to keep. */
  wasDamaged: boolean;
  /** Since when the process has run, and led the same servers, without a pause. */
  unhinderedSince: number;
  isLeading: boolean;
  configurationIndex: Index;
  readonly heardAt: Map<NodeId, number>;
  readonly compaction: CompactionSettings;
}

export interface Timing {
  readonly tickMs: number;
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  readonly maxAppendBytes: number;
  readonly maxInflightAppends: number;
}

export interface WorldOptions {
  readonly seed: number;
  readonly kit: Kit;
  readonly timing: Timing;
  readonly trace: Trace | undefined;
  /** For all machines; otherwise each has its own. */
  readonly compaction?: CompactionSettings;
}

/** What a node may say when it stops by itself. */
const DISK_TROUBLE = /EIO|^disk$|^cannot start: .*ENOSPC/;

/** How often the whole of every log is looked at, in events. */
const CHECK_ALL_EVERY = 4000;

export class World {
  readonly events = new Events();
  readonly counts = new Counts();
  readonly dice: Dice;
  readonly timing: Timing;
  readonly seed: number;
  readonly network: SimulatedNetwork<unknown>;
  readonly invariants: Invariants;
  readonly #kit: Kit;
  readonly #compaction: CompactionSettings | undefined;
  readonly #trace: Trace | undefined;
  readonly #hosts = new Map<NodeId, Host>();
  readonly #traps = new Map<Message['type'], (host: Host) => void>();
  #leaderTrap: ((host: Host) => void) | undefined;
  #checkedAt = 0;

  constructor({ seed, kit, timing, trace, compaction }: WorldOptions) {
    this.#compaction = compaction;
    this.seed = seed;
    this.dice = dice(seed).fork('world');
    this.timing = timing;
    this.#kit = kit;
    this.#trace = trace;
    const chance = this.dice.fork('network');
    this.network = new SimulatedNetwork(this.events, chance, this.counts, (from, to, packet) =>
      this.#deliver(from, to, packet),
    );
    this.invariants = new Invariants({
      now: () => this.events.now,
      durable: (id) => this.#hosts.get(id)?.disk,
      isDamaged: (id) => this.isDamaged(id),
      whyNotLead: (view) => this.#whyNotLead(view),
    });
  }

  get hosts(): readonly Host[] {
    return [...this.#hosts.values()];
  }

  get running(): readonly Host[] {
    return this.hosts.filter(({ state }) => state === 'up');
  }

  host(id: NodeId): Host {
    const host = this.#hosts.get(id);
    if (host === undefined) throw new Error(`there is no ${id}`);
    return host;
  }

  /** The node that serves as leader in the highest term, as far as it knows. */
  get leader(): Host | undefined {
    let best: Host | undefined;
    let term = -1;
    for (const host of this.#hosts.values()) {
      const server = host.life?.server;
      if (server?.isServing !== true || server.view.term <= term) continue;
      best = host;
      term = server.view.term;
    }
    return best;
  }

  /** The servers as the leader knows them; those that anybody knows when there is none. */
  get configuration(): Configuration {
    const servers = [this.leader, ...this.running].map((host) => host?.life?.server);
    return servers.find((server) => server !== undefined)?.view.configuration ?? [];
  }

  note(who: string, what: string, detail?: unknown): void {
    this.#trace?.add(this.events.now, who, what, detail);
  }

  get isTraced(): boolean {
    return this.#trace !== undefined;
  }

  /** A new machine with an empty disk, not started. */
  addHost(id: NodeId): Host {
    const chance = this.dice.fork(id);
    const disk = this.#kit.newDisk(() => this.host(id), chance.fork('disk'), this.counts);
    const host: Host = {
      id,
      disk,
      dice: chance,
      process: undefined,
      life: undefined,
      lives: 0,
      state: 'down',
      clockRate: 1,
      lost: undefined,
      isWatched: false,
      wasDamaged: false,
      unhinderedSince: 0,
      isLeading: false,
      configurationIndex: 0 as Index,
      heardAt: new Map(),
      compaction: this.#compaction ?? {
        trailingLogs: chance.pick([5, 50, 500]),
        snapshotThreshold: chance.pick([10, 100, 1000]),
        snapshotInterval: chance.pick([1000, 10_000, 1e9]),
      },
    };
    this.#hosts.set(id, host);
    return host;
  }

  start(host: Host): void {
    if (host.state !== 'down') return;
    host.lives += 1;
    this.note(host.id, 'starts', host.lives);
    const process: Process = new Process(this.events, host.clockRate, () => {
      if (host.process === process) this.#moved(host);
    });
    host.process = process;
    host.state = 'up';
    host.isWatched = false;
    host.life = this.#kit.open(host, this);
    this.#moved(host);
  }

  /** The process ends at once, without a word; what the disk had not made durable may be lost. */
  crash(host: Host): void {
    if (host.state !== 'up') return;
    this.note(host.id, 'crashes');
    this.invariants.ended(host.id);
    host.process?.end();
    host.process = undefined;
    host.life = undefined;
    host.state = 'down';
    if (host.disk.isLying) this.#lose(host);
    host.disk.crash();
  }

  /** A server says something. */
  sent(host: Host, message: Message): void {
    this.invariants.sent(message);
    const trap = this.#traps.get(message.type);
    if (trap === undefined) return;
    this.#traps.delete(message.type);
    // It has left; what comes next is the next moment's.
    this.events.after(0, () => trap(host));
  }

  /** Has `strike` called once the next message of a type has been sent, with who sent it. */
  trap(type: Message['type'], strike: (host: Host) => void): void {
    this.#traps.set(type, strike);
  }

  /** Has `strike` called as soon as a node believes to lead that did not before. */
  trapLeader(strike: (host: Host) => void): void {
    this.#leaderTrap = strike;
  }

  untrap(): void {
    this.#leaderTrap = undefined;
    this.#traps.clear();
  }

  /** The server has ended by itself; its process goes with it. */
  stopped(host: Host, why: string): void {
    this.note(host.id, 'stops', why);
    this.counts.add('server stopped by itself');
    // It may come from within a promise, so it is not thrown.
    if (!DISK_TROUBLE.test(why) && !host.wasDamaged) {
      this.invariants.violated(`${host.id} stops, and not for its disk: ${why}`);
    }
    this.crash(host);
    // Somebody looks after it.
    this.events.after(500, () => this.start(host));
  }

  /** What is on its disk cannot be used, and nobody but an operator can say what is to be done. */
  givenUp(host: Host, why: string): void {
    this.note(host.id, 'is given up', why);
    this.counts.add('server given up');
    if (!host.wasDamaged) {
      this.invariants.violated(`nothing has damaged the disk of ${host.id}, and yet: ${why}`);
    }
    this.crash(host);
    host.state = 'gone';
  }

  removed(host: Host): void {
    this.note(host.id, 'is removed');
    this.crash(host);
    host.state = 'gone';
  }

  /** Runs until a moment, or until `isEnough`. */
  run(until: number, isEnough: () => boolean = () => false): boolean {
    for (;;) {
      if (isEnough()) return true;
      if (!this.events.next(until)) return false;
      if (this.invariants.violation !== undefined) throw this.invariants.violation;
      if (this.events.happened - this.#checkedAt > CHECK_ALL_EVERY) this.checkAll();
    }
  }

  checkAll(): void {
    this.#checkedAt = this.events.happened;
    const servers = this.running.map(({ life }) => life?.server);
    this.invariants.checkAll(servers.flatMap((server) => (server ? [server.view] : [])));
  }

  /** Whether a node's disk has lost, or may lose, what it had promised to keep. */
  isDamaged(id: NodeId): boolean {
    const host = this.#hosts.get(id);
    if (host === undefined) return false;
    const { disk } = host;
    if (host.state === 'gone' || disk.isRecovering || disk.isLying) return true;
    const { lost } = host;
    if (lost === undefined) return false;
    // What another leader has put in its place is as good.
    const isThere = disk.start >= lost.index || (disk.termAt(lost.index) ?? -1) >= lost.term;
    if (isThere) host.lost = undefined;
    return !isThere;
  }

  /**
   * Whether a disk may lose everything that it holds: only a minority is damaged at any time, and unless the node knows
   * about it, most of the others have durably all that it may have acknowledged. Otherwise no algorithm could keep what
   * was acknowledged.
   */
  mayDamage(host: Host): boolean {
    const leader = this.leader;
    const voters = votersOf(this.configuration);
    if (leader === undefined || leader === host || voters.length < 3) return false;
    const others = voters.filter((id) => id !== host.id && !this.isDamaged(id));
    if (others.length * 2 <= voters.length) return false;
    const { index, term } = host.disk.promised;
    const holders = others.filter((id) => {
      const { disk } = this.host(id);
      return disk.start >= index || (disk.last >= index && disk.termAt(index) === term);
    });
    return host.disk.showsDamage || holders.length * 2 > voters.length;
  }

  pause(
    host: Host,
    millis: number,
    arrange: <T>(waiting: readonly T[]) => readonly T[],
  ): () => void {
    const { process } = host;
    process?.pause();
    const resume = (): void => {
      if (process?.isPaused !== true) return;
      host.unhinderedSince = this.events.now;
      process.resume(arrange);
    };
    this.events.after(millis, resume);
    return resume;
  }

  fail(message: string): never {
    throw this.invariants.violated(message);
  }

  /** A leader that hears no majority, or has a disk that takes nothing, steps down by itself. */
  #whyNotLead({ id, configuration }: NodeView): string | undefined {
    const host = this.host(id);
    const { tickMs, electionTicks } = this.timing;
    // Ticks are counted, and a round has to begin and to be answered.
    const since = this.events.now - 3 * electionTicks * tickMs;
    if (host.unhinderedSince > since) return undefined;
    const voters = votersOf(configuration);
    if (voters.length === 1) return undefined; // nobody else could lead
    const { troubleSince } = host.disk;
    if (troubleSince !== undefined && troubleSince < since) return 'its disk takes nothing';
    const heard = voters.filter((other) => other === id || (host.heardAt.get(other) ?? 0) > since);
    return heard.length * 2 > voters.length ? undefined : 'it hears no majority';
  }

  /** A disk that has lied was lucky unless others have what it loses. */
  #lose(host: Host): void {
    if (!this.mayDamage(host)) host.disk.settle();
    else {
      host.lost = host.disk.promised;
      host.wasDamaged = true;
    }
  }

  /** What lies on the disk of a machine that is down is damaged. */
  rot(host: Host): void {
    host.lost = host.disk.promised;
    host.wasDamaged = true;
    host.disk.rot();
  }

  #leads(host: Host): void {
    host.unhinderedSince = this.events.now;
    const strike = this.#leaderTrap;
    if (strike === undefined) return;
    this.#leaderTrap = undefined;
    this.events.after(0, () => strike(host));
  }

  #deliver(from: NodeId, to: NodeId, packet: unknown): void {
    const host = this.#hosts.get(to);
    const { process, life } = host ?? {};
    if (process === undefined || life === undefined) return;
    process.run(() => {
      host?.heardAt.set(from, this.events.now);
      life.receive(from, packet);
    });
  }

  #moved(host: Host): void {
    drainMicrotasks();
    const server = host.life?.server;
    if (server === undefined || host.state !== 'up') return;
    const { view } = server;
    if (view.isLeader && !host.isLeading) this.#leads(host);
    host.isLeading = view.isLeader;
    if (view.configurationIndex !== host.configurationIndex) {
      host.configurationIndex = view.configurationIndex;
      host.unhinderedSince = this.events.now; // others make a majority now
    }
    if (host.isWatched) this.invariants.moved(view);
    else {
      host.isWatched = true;
      this.invariants.started(view);
    }
  }
}

export const voter = (id: NodeId): Member => ({ id, address: id, suffrage: 'voter' });
