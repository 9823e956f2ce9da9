// Random trouble for several Raft cores, in an order that comes again with its seed, and what must hold in spite of it.
import { votersOf } from '#raft/quorum.ts';
import type { Effect, Entry, Index, Message, NodeId, Term } from '#raft/types.ts';
import { Cluster, NOTHING, bytes, servers, ticket } from './raft-cluster.ts';
import type { Player } from './raft-cluster.ts';
import { seededRandom } from './random.ts';
import type { Random } from './random.ts';

const TICK = 10;
const LEASE = 0.8 * 8 * TICK;

interface Watched {
  readonly begun: Map<number, number>;
  leaseUntil: number;
  seen: number;
  pausedUntil: number;
  nextTick: number;
  isRemoved: boolean;
  shipping: { readonly to: NodeId; readonly at: number; readonly install: Message }[];
}

/** What goes wrong how often, in a thousand turns. */
export interface Weather {
  readonly loss: number;
  readonly repeat: number;
  readonly crash: number;
  readonly pause: number;
  readonly hang: number;
  readonly split: number;
  readonly change: number;
  readonly transfer: number;
  readonly compact: number;
  readonly amnesia: number;
}

export const ROUGH: Weather = {
  loss: 50,
  repeat: 20,
  crash: 4,
  pause: 4,
  hang: 30,
  split: 4,
  change: 6,
  transfer: 4,
  compact: 10,
  amnesia: 2,
};

export const QUIET: Weather = {
  loss: 0,
  repeat: 0,
  crash: 0,
  pause: 0,
  hang: 0,
  split: 0,
  change: 0,
  transfer: 0,
  compact: 0,
  amnesia: 0,
};

export class Chaos {
  readonly cluster = new Cluster({ maxAppendBytes: 200, maxInflightAppends: 4 });
  readonly random: Random;
  weather: Weather;
  readonly watched = new Map<NodeId, Watched>();
  readonly committed = new Map<Index, Entry>();
  readonly leaders = new Map<Term, NodeId>();
  readonly asked = new Map<string, number>();
  readonly mine = new Map<string, Index>();
  now = 0;
  nextTicket = 1;
  acknowledged = 0;
  readonly counts = {
    acked: 0,
    reads: 0,
    leases: 0,
    installs: 0,
    changes: 0,
    transfers: 0,
    losses: 0,
    removals: 0,
  };
  cut: (message: Message) => boolean = () => false;

  constructor(seed: number, weather: Weather, names: readonly string[]) {
    this.random = seededRandom(seed);
    this.weather = weather;
    for (const name of names) this.watch(this.cluster.start(name, servers(...names)));
  }

  watch(player: Player): void {
    player.isShipping = false;
    this.watched.set(player.id, {
      begun: new Map(),
      leaseUntil: 0,
      seen: player.effects.length,
      pausedUntil: 0,
      nextTick: this.random.below(TICK),
      isRemoved: false,
      shipping: [],
    });
  }

  chance(outOfThousand: number): boolean {
    return this.random.below(1000) < outOfThousand;
  }

  get players(): Player[] {
    return [...this.cluster.players.values()];
  }

  run(turns: number): void {
    for (let turn = 0; turn < turns; turn += 1) this.turn();
  }

  turn(): void {
    this.now += 1;
    for (const player of this.players) this.live(player);
    this.carry();
    if (this.chance(200)) this.work();
    this.trouble();
  }

  live(player: Player): void {
    const watched = this.at(player);
    if (!player.isUp) {
      if (watched.isRemoved && this.chance(995)) return;
      if (watched.isRemoved) player.wipe(NOTHING);
      if (watched.isRemoved || this.chance(5)) this.restart(player);
      return;
    }
    if (this.now < watched.pausedUntil) return;
    if (this.now >= watched.nextTick) {
      watched.nextTick = this.now + TICK;
      player.tick();
    }
    if (player.isDiskHanging) {
      if (this.chance(50)) player.freeDisk();
      else if (this.chance(300)) player.freeSome(1 + this.random.below(2));
    }
    for (let more = player.report(); more;) more = player.report();
    player.give({ type: 'flush' });
    this.finishShipping(player, watched);
    this.look(player, watched);
  }

  at(player: Player): Watched {
    const watched = this.watched.get(player.id);
    if (watched === undefined) throw new Error('not watched');
    return watched;
  }

  finishShipping(player: Player, watched: Watched): void {
    for (const shipment of watched.shipping.splice(0)) {
      if (this.now < shipment.at) watched.shipping.push(shipment);
      else {
        const isDone = this.chance(800);
        if (isDone) this.cluster.wire.push(shipment.install);
        player.give({ type: 'shipped', to: shipment.to, isDone });
      }
    }
  }

  /** Delivers some of what is on its way, in any order. */
  carry(): void {
    const { wire } = this.cluster;
    const count = Math.min(wire.length, 1 + this.random.below(8));
    for (let time = 0; time < count; time += 1) {
      const place = this.chance(700) ? 0 : this.random.below(Math.min(wire.length, 20));
      const [message] = wire.splice(place, 1);
      if (message === undefined) return;
      if (this.chance(this.weather.repeat)) wire.push(message);
      const to = this.cluster.players.get(message.to);
      const watched = to && this.at(to);
      if (this.cut(message) || this.chance(this.weather.loss)) continue;
      if (to === undefined || watched === undefined || !to.isUp) continue;
      if (this.now < watched.pausedUntil) {
        wire.push(message);
        return;
      }
      to.give({ type: 'receive', message });
      this.look(to, watched);
    }
  }

  work(): void {
    const player = this.random.pick(this.players);
    const watched = this.at(player);
    if (!player.isUp || this.now < watched.pausedUntil) return;
    const asked = this.nextTicket;
    this.nextTicket += 1;
    if (this.chance(600)) {
      const leader = this.random.pick([player, ...this.cluster.leaders]);
      if (!leader.isUp || this.now < this.at(leader).pausedUntil) return;
      leader.give({ type: 'propose', ticket: ticket(asked), data: bytes(`w${asked}`) });
      if (this.chance(500)) leader.give({ type: 'flush' });
      this.look(leader, this.at(leader));
    } else {
      this.asked.set(`${player.id} ${asked}`, this.acknowledged);
      player.give({ type: 'read', ticket: ticket(asked) });
      this.look(player, watched);
    }
    this.readByLease(player, watched);
  }

  readByLease(player: Player, watched: Watched): void {
    const { lead } = player.state;
    if (lead === undefined || this.now >= watched.leaseUntil) return;
    if (player.disk.position < lead.first) return;
    this.counts.leases += 1;
    if (player.disk.position < this.acknowledged) {
      throw new Error(`${player.id} reads what is old by its lease`);
    }
  }

  trouble(): void {
    const { weather } = this;
    const player = this.random.pick(this.players);
    const watched = this.at(player);
    if (!player.isUp) return;
    if (this.chance(weather.crash)) return this.crash(player);
    if (this.chance(weather.amnesia)) return this.loseDisk(player);
    if (this.chance(weather.pause)) watched.pausedUntil = this.now + this.random.below(40 * TICK);
    if (this.now < watched.pausedUntil) return;
    if (this.chance(weather.hang)) player.hangDisk();
    if (this.chance(weather.split)) this.split();
    if (this.chance(weather.compact)) this.compact(player);
    if (this.chance(weather.transfer)) this.transfer();
    if (this.chance(weather.change)) this.change();
    this.look(player, watched);
  }

  /** One disk at a time loses something; more at once could lose what was acknowledged. */
  loseDisk(player: Player): void {
    const isFewer = this.players.some((one) => votersOf(one.status.configuration).length < 3);
    if (this.isAnyoneHurt || isFewer) return;
    this.crash(player);
    // What it said before it went does not arrive after it came back.
    const { wire } = this.cluster;
    wire.splice(0, wire.length, ...wire.filter(({ from }) => from !== player.id));
    const { disk } = player;
    const way = this.random.below(3);
    if (way === 0) player.wipe(NOTHING);
    else if (way === 1) player.wipe({ ...disk.hardState, isRecovering: true });
    else disk.position = 0 as Index;
    this.counts.losses += 1;
    this.restart(player);
  }

  get isAnyoneHurt(): boolean {
    return this.players.some(({ state }) => state.isRecovering || state.needsSnapshot);
  }

  crash(player: Player): void {
    if (player.isDiskHanging) player.freeSome(this.random.below(player.waiting + 1));
    this.look(player, this.at(player));
    this.cluster.crash(player.id);
    // A state machine is durable up to some earlier entry; the rest is applied again.
    const { disk } = player;
    const lag = this.random.below(disk.position - disk.start.index + 1);
    if (lag > 0) disk.position = (disk.position - lag) as Index;
  }

  restart(player: Player): void {
    this.cluster.restart(player.id);
    const watched = this.at(player);
    watched.begun.clear();
    watched.leaseUntil = 0;
    watched.isRemoved = false;
    watched.shipping = [];
    this.look(player, watched);
  }

  split(): void {
    if (this.chance(400)) {
      this.cut = () => false;
      return;
    }
    const side = new Set(this.players.filter(() => this.chance(500)).map((one) => one.id));
    const isOneWay = this.chance(300);
    this.cut = ({ from, to }) =>
      isOneWay ? side.has(from) && !side.has(to) : side.has(from) !== side.has(to);
  }

  compact(player: Player): void {
    const { log } = player.state;
    const limit = Math.min(player.disk.position, player.state.applied, player.state.durable);
    const isBusy = player.state.installing !== undefined || player.isDiskHanging;
    if (isBusy || limit <= log.start.index + 3) return;
    player.compact(limit - this.random.below(3));
  }

  transfer(): void {
    const leader = this.cluster.leaders[0];
    if (leader === undefined || !leader.isUp || this.now < this.at(leader).pausedUntil) return;
    const to = this.chance(500) ? undefined : this.random.pick(this.players).id;
    const asked = this.nextTicket;
    this.nextTicket += 1;
    leader.give({ type: 'transfer', ticket: ticket(asked), to });
    this.counts.transfers += 1;
    this.look(leader, this.at(leader));
  }

  change(): void {
    const leader = this.random.pick(this.players);
    if (!leader.isUp || this.now < this.at(leader).pausedUntil) return;
    const { id } = this.random.pick(this.players);
    const isSmall = votersOf(leader.status.configuration).length < 4;
    const type = this.random.pick(['add', 'promote', 'promote', 'demote', 'remove'] as const);
    // Who takes voters away while another is not well may be left without a majority.
    if (isSmall && this.isAnyoneHurt && (type === 'demote' || type === 'remove')) return;
    const asked = ticket(this.nextTicket);
    this.nextTicket += 1;
    if (type === 'add') {
      const suffrage = this.random.pick(['voter', 'nonvoter'] as const);
      const server = { id, address: `${id}:8201`, suffrage };
      leader.give({ type: 'change', ticket: asked, change: { type, server } });
    } else leader.give({ type: 'change', ticket: asked, change: { type, id } });
    this.look(leader, this.at(leader));
  }

  /** Looks at what a node has done since it was looked at. */
  look(player: Player, watched: Watched): void {
    const news = player.effects.slice(watched.seen);
    watched.seen = player.effects.length;
    for (const effect of news) this.note(player, watched, effect);
    if (player.effects.length > 10_000) {
      player.effects.length = 0;
      watched.seen = 0;
    }
  }

  note(player: Player, watched: Watched, effect: Effect): void {
    this.noteRounds(watched, effect);
    if (effect.type === 'lead') this.noteLeader(player, effect.term);
    else if (effect.type === 'settle') this.noteOutcome(player, effect);
    else if (effect.type === 'ship') this.ship(player, watched, effect.to);
    else if (effect.type === 'configured') this.counts.changes += 1;
    else if (effect.type === 'removed') this.noteRemoved(player, watched);
    else if (effect.type === 'apply') {
      for (const entry of effect.entries) this.noteApplied(player, entry);
    }
  }

  noteRounds(watched: Watched, effect: Effect): void {
    if (effect.type === 'round-begun') watched.begun.set(effect.round, this.now);
    else if (effect.type === 'round-confirmed') {
      const begun = watched.begun.get(effect.round) ?? 0;
      watched.leaseUntil = Math.max(watched.leaseUntil, begun + LEASE);
    } else if (effect.type === 'rounds-void') {
      watched.begun.clear();
      watched.leaseUntil = 0;
    }
  }

  noteRemoved(player: Player, watched: Watched): void {
    watched.isRemoved = true;
    this.counts.removals += 1;
    this.cluster.crash(player.id);
  }

  noteLeader(player: Player, term: Term): void {
    const other = this.leaders.get(term);
    if (other !== undefined) throw new Error(`two leaders in term ${term}`);
    this.leaders.set(term, player.id);
  }

  noteApplied(player: Player, entry: Entry): void {
    const known = this.committed.get(entry.index);
    if (known === undefined) this.committed.set(entry.index, entry);
    else if (known.term !== entry.term) throw new Error(`two entries at ${entry.index}`);
    const { lead } = player.state;
    const isOwn = this.mine.get(`${player.id} ${entry.index} ${entry.term}`);
    if (lead !== undefined && isOwn !== undefined && entry.term === player.state.term) {
      this.acknowledged = Math.max(this.acknowledged, entry.index);
      this.counts.acked += 1;
    }
  }

  noteOutcome(player: Player, effect: Extract<Effect, { type: 'settle' }>): void {
    const { outcome } = effect;
    if (outcome.type === 'appended') {
      this.mine.set(`${player.id} ${outcome.index} ${outcome.term}`, outcome.index);
    }
    if (outcome.type !== 'readable') return;
    const before = this.asked.get(`${player.id} ${effect.ticket}`);
    if (before === undefined) throw new Error('answered without a question');
    this.counts.reads += 1;
    if (outcome.index < before) {
      throw new Error(`${player.id} reads ${outcome.index} after ${before} was acknowledged`);
    }
  }

  ship(player: Player, watched: Watched, to: NodeId): void {
    const snapshot = player.snapshot();
    this.counts.installs += 1;
    watched.shipping.push({
      to,
      at: this.now + this.random.below(20 * TICK),
      install: { from: player.id, to, term: player.state.term, type: 'install', snapshot },
    });
  }

  /** Everything heals: soon there is one leader, and a write reaches everybody who is a member. */
  heal(): void {
    this.cut = () => false;
    for (const player of this.players) {
      if (!player.isUp && !this.at(player).isRemoved) this.restart(player);
      player.freeDisk();
      this.at(player).pausedUntil = 0;
    }
  }
}
