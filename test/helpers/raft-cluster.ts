// Plays several Raft cores in memory, with a network and disks that a test can break. No time passes but by `tick`.
import { check, observe } from '#raft/check.ts';
import { newState } from '#raft/state.ts';
import type { State } from '#raft/state.ts';
import { statusOf } from '#raft/status.ts';
import { step } from '#raft/step.ts';
import type {
  Configuration,
  Effect,
  Entry,
  HardState,
  Index,
  Input,
  Message,
  NodeId,
  Outcome,
  Sequence,
  Settings,
  SnapshotMeta,
  Status,
  Suffrage,
  Term,
  Ticket,
} from '#raft/types.ts';

export const node = (name: string): NodeId => name as NodeId;
export const index = (value: number): Index => value as Index;
export const term = (value: number): Term => value as Term;
export const ticket = (value: number): Ticket => value as Ticket;
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export const SETTINGS = {
  electionTicks: 8,
  heartbeatTicks: 2,
  maxAppendBytes: 4096,
  maxInflightAppends: 16,
  maxInflightBytes: 65536,
  maxUncommittedBytes: 65536,
} as const;

export const NOTHING: HardState = {
  term: term(0),
  votedFor: undefined,
  commit: index(0),
  isRecovering: false,
};

export function servers(...names: readonly string[]): Configuration {
  return names.map((name) => server(name, 'voter'));
}

export function server(
  name: string,
  suffrage: Suffrage,
): { readonly id: NodeId; readonly address: string; readonly suffrage: Suffrage } {
  return { id: node(name), address: `${name}:8201`, suffrage };
}

/** What a node has on its disk, its state machine included: the texts that were applied, by index. */
interface Durable {
  hardState: HardState;
  start: SnapshotMeta;
  entries: Entry[];
  applied: Map<Index, string>;
  position: Index;
}

interface World {
  readonly wire: Message[];
  readonly archive: Map<Index, string>;
  readonly settings: Partial<Settings>;
}

export class Player {
  readonly id: NodeId;
  readonly disk: Durable;
  state: State;
  isUp = true;
  /** While it hangs, nothing becomes durable and nothing that waits for it leaves. */
  isDiskHanging = false;
  /** Carries snapshots over at once, as a driver does in a while. */
  isShipping = true;
  readonly effects: Effect[] = [];
  readonly outcomes = new Map<Ticket, Outcome[]>();
  readonly #wire: Message[];
  /** What any node has applied, which is what snapshots are filled from. */
  readonly #archive: Map<Index, string>;
  readonly #settings: Partial<Settings>;
  readonly #waiting: Effect[] = [];
  #starts = 0;

  constructor(id: NodeId, disk: Durable, world: World) {
    this.id = id;
    this.disk = disk;
    this.#wire = world.wire;
    this.#archive = world.archive;
    this.#settings = world.settings;
    this.state = this.#restore();
  }

  #restore(): State {
    const { hardState, start, entries, position } = this.disk;
    this.#starts += 1;
    const seed = Buffer.from(this.id).reduce((sum, byte) => sum * 31 + byte, 7);
    return newState(
      { ...SETTINGS, id: this.id, seed: seed + 1000 * this.#starts, ...this.#settings },
      { hardState, start, entries: [...entries], applied: position },
    );
  }

  /** Loses whatever is not durable and starts again. */
  restart(): void {
    this.#waiting.length = 0;
    this.isUp = true;
    this.isDiskHanging = false;
    this.state = this.#restore();
    this.give({ type: 'flush' });
  }

  get status(): Status {
    return statusOf(this.state);
  }

  /** Applied texts in order. */
  get applied(): string[] {
    return [...this.disk.applied.entries()]
      .toSorted(([one], [other]) => one - other)
      .map(([, text]) => text);
  }

  outcome(asked: number): Outcome | undefined {
    return this.outcomes.get(ticket(asked))?.at(-1);
  }

  /** One input, without the flush that a driver gives when there is no more. */
  give(input: Input): readonly Effect[] {
    if (!this.isUp) return [];
    const before = observe(this.state);
    const [state, effects] = step(this.state, input);
    check(before, state);
    this.state = state;
    this.effects.push(...effects);
    for (const effect of effects) this.#carryOut(effect);
    return effects;
  }

  ask(input: Input): readonly Effect[] {
    return [...this.give(input), ...this.give({ type: 'flush' })];
  }

  tick(times = 1): void {
    for (let time = 0; time < times; time += 1) this.give({ type: 'tick' });
  }

  propose(asked: number, text: string): Outcome | undefined {
    this.ask({ type: 'propose', ticket: ticket(asked), data: bytes(text) });
    return this.outcome(asked);
  }

  /** Forgets entries up to `through`. */
  compact(through: number): void {
    const found = this.state.log.configurations.findLast((one) => one.index <= through);
    const entry = this.disk.entries.find((one) => one.index === through);
    if (found === undefined || entry === undefined) throw new Error('nothing to compact to');
    const snapshot: SnapshotMeta = {
      index: entry.index,
      term: entry.term,
      configuration: found.configuration,
      configurationIndex: found.index,
    };
    this.disk.start = snapshot;
    this.disk.entries = this.disk.entries.filter((one) => one.index > through);
    this.ask({ type: 'compacted', snapshot, through: entry.index });
  }

  /** The state machine now, as another node would get it. */
  snapshot(): SnapshotMeta {
    const { position } = this.disk;
    const found = this.state.log.configurations.findLast((one) => one.index <= position);
    const at = this.disk.entries.find((one) => one.index === position)?.term;
    if (found === undefined) throw new Error('no configuration');
    return {
      index: position,
      term: at ?? this.disk.start.term,
      configuration: found.configuration,
      configurationIndex: found.index,
    };
  }

  /** Nothing is left but what is given; to be seen at the next start. */
  wipe(hardState: HardState): void {
    this.disk.hardState = hardState;
    this.disk.start = {
      index: index(0),
      term: term(0),
      configuration: [],
      configurationIndex: index(0),
    };
    this.disk.entries = [];
    this.disk.applied.clear();
    this.disk.position = index(0);
  }

  hangDisk(): void {
    this.isDiskHanging = true;
  }

  freeDisk(): void {
    this.isDiskHanging = false;
    for (const effect of this.#waiting.splice(0)) this.#carryOut(effect);
  }

  /** The disk hangs on, but does the first of what it was to do. */
  freeSome(count: number): void {
    const some = this.#waiting.splice(0, count);
    this.isDiskHanging = false;
    for (const effect of some) this.#carryOut(effect);
    this.isDiskHanging = true;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  #carryOut(effect: Effect): void {
    const waits =
      effect.type === 'persist' ||
      effect.type === 'install' ||
      (effect.type === 'send' && !effect.isUrgent);
    if (this.isDiskHanging && waits) {
      this.#waiting.push(effect);
      return;
    }
    if (effect.type === 'send') this.#wire.push(effect.message);
    else if (effect.type === 'persist') this.#persist(effect);
    else if (effect.type === 'apply') this.#apply(effect.entries);
    else if (effect.type === 'install') this.#install(effect);
    else if (effect.type === 'ship' && this.isShipping) this.#ship(effect.to);
    else if (effect.type === 'settle') {
      const told = this.outcomes.get(effect.ticket) ?? [];
      this.outcomes.set(effect.ticket, [...told, effect.outcome]);
    }
  }

  #persist(effect: Extract<Effect, { type: 'persist' }>): void {
    if (effect.hardState !== undefined) this.disk.hardState = effect.hardState;
    const first = effect.entries[0];
    if (first !== undefined) {
      this.disk.entries = this.disk.entries.filter((one) => one.index < first.index);
      this.disk.entries.push(...effect.entries);
    }
    this.later({ type: 'persisted', sequence: effect.sequence });
  }

  #ship(to: NodeId): void {
    const snapshot = this.snapshot();
    const { term: current } = this.state;
    this.#wire.push({ from: this.id, to, term: current, type: 'install', snapshot });
    this.later({ type: 'shipped', to, isDone: true });
  }

  #install({ snapshot, keepsLog }: Extract<Effect, { type: 'install' }>): void {
    this.disk.position = snapshot.index;
    if (!keepsLog) {
      this.disk.start = snapshot;
      this.disk.entries = [];
    }
    for (const [at, text] of this.#archive) {
      if (at <= snapshot.index) this.disk.applied.set(at, text);
    }
    this.later({ type: 'installed', snapshot });
  }

  #apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.index !== this.disk.position + 1) throw new Error(`applied out of order`);
      this.disk.position = entry.index;
      if (entry.type === 'data') {
        const text = new TextDecoder().decode(entry.data);
        this.disk.applied.set(entry.index, text);
        this.#archive.set(entry.index, text);
      }
    }
    this.later({ type: 'applied', through: this.disk.position });
  }

  /** Reports of the driver, which it gives when the step is over. */
  readonly reports: Input[] = [];

  later(input: Input): void {
    this.reports.push(input);
  }

  /** Gives what the driver has to report; whether there was anything. */
  report(): boolean {
    const some = this.reports.splice(0);
    for (const input of some) this.give(input);
    if (some.length > 0) this.give({ type: 'flush' });
    return some.length > 0;
  }

  forgetReports(): void {
    this.reports.length = 0;
  }
}

/** Many more rounds than any test needs: messages that never come to an end are a defect. */
const ENDLESS = 10_000;

export class Cluster {
  readonly players = new Map<NodeId, Player>();
  /** Messages that are on their way. */
  readonly wire: Message[] = [];
  /** Whether a message gets lost. */
  isLost: (message: Message) => boolean = () => false;
  readonly #archive = new Map<Index, string>();
  readonly #settings: Partial<Settings>;

  constructor(settings: Partial<Settings> = {}) {
    this.#settings = settings;
  }

  at(name: string): Player {
    const player = this.players.get(node(name));
    if (player === undefined) throw new Error(`no node ${name}`);
    return player;
  }

  /** A node whose log begins with a configuration that everybody has. */
  start(name: string, configuration: Configuration): Player {
    return this.#join(name, {
      hardState: { term: term(1), votedFor: undefined, commit: index(1), isRecovering: false },
      start: { index: index(1), term: term(1), configuration, configurationIndex: index(1) },
      entries: [],
      applied: new Map(),
      position: index(1),
    });
  }

  /** A node with an empty disk. */
  startEmpty(name: string): Player {
    return this.#join(name, {
      hardState: NOTHING,
      start: { index: index(0), term: term(0), configuration: [], configurationIndex: index(0) },
      entries: [],
      applied: new Map(),
      position: index(0),
    });
  }

  #join(name: string, disk: Durable): Player {
    const { wire } = this;
    const world = { wire, archive: this.#archive, settings: this.#settings };
    const player = new Player(node(name), disk, world);
    this.players.set(player.id, player);
    return player;
  }

  /** Delivers and reports until nothing is left to do. */
  run(): void {
    for (let round = 0; round < ENDLESS; round += 1) {
      const reported = [...this.players.values()].map((player) => player.report());
      const messages = this.wire.splice(0);
      for (const message of messages) this.deliver(message);
      for (const player of this.players.values()) player.give({ type: 'flush' });
      const isBusy = [...this.players.values()].some((player) => player.reports.length > 0);
      if (!isBusy && !reported.includes(true) && messages.length + this.wire.length === 0) return;
    }
    throw new Error('the cluster does not come to rest');
  }

  deliver(message: Message): void {
    if (!this.isLost(message)) this.players.get(message.to)?.give({ type: 'receive', message });
  }

  /** Lets time pass for everybody, with everything delivered between two ticks. */
  tick(times = 1): void {
    for (let time = 0; time < times; time += 1) {
      for (const player of this.players.values()) player.tick();
      this.run();
    }
  }

  /** Makes a node the leader: it alone feels time pass, once nobody waits for another leader. */
  elect(name: string): Player {
    const player = this.at(name);
    for (const one of this.players.values()) one.state.silence = 8;
    for (let tick = 0; tick < 40 && player.status.role !== 'leader'; tick += 1) {
      player.tick();
      this.run();
    }
    if (player.status.role !== 'leader') throw new Error(`${name} was not elected`);
    return player;
  }

  /** Nothing gets to these nodes or comes from them. */
  isolate(...names: readonly string[]): void {
    const alone = new Set(names);
    this.isLost = ({ from, to }) =>
      alone.has(from) !== alone.has(to) || (alone.has(from) && from !== to);
  }

  heal(): void {
    this.isLost = () => false;
  }

  crash(name: string): void {
    const player = this.at(name);
    player.isUp = false;
    player.forgetReports();
  }

  restart(name: string): Player {
    const player = this.at(name);
    player.forgetReports();
    player.restart();
    return player;
  }

  get leaders(): Player[] {
    return [...this.players.values()].filter((player) => player.status.role === 'leader');
  }
}

export function startCluster(names: readonly string[], settings: Partial<Settings> = {}): Cluster {
  const cluster = new Cluster(settings);
  for (const name of names) cluster.start(name, servers(...names));
  return cluster;
}

export const sequence = (value: number): Sequence => value as Sequence;
