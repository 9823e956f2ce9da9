// A network that loses, repeats, delays and reorders, whose paths may be clogged for a while or cut in one direction.
import type { NodeId } from '#raft/types.ts';
import type { Events } from './clock.ts';
import type { Counts } from './counts.ts';
import type { Dice } from './dice.ts';

/** How bad the network is all the time. */
export interface Weather {
  readonly loss: number;
  readonly repetition: number;
  /** Milliseconds that every packet takes at least, and that it takes more on average. */
  readonly delay: number;
  readonly jitter: number;
  /** How many packets are much later than that, so that they meet another leader. */
  readonly lateness: number;
}

/** How late such a packet is, on average. */
const LATE_MILLIS = 1500;

/** One direction between two nodes. */
export type Path = readonly [from: NodeId, to: NodeId];

const CALM: Weather = { loss: 0, repetition: 0, delay: 0.3, jitter: 0.3, lateness: 0 };

export class SimulatedNetwork<Packet> {
  readonly #events: Events;
  readonly #dice: Dice;
  readonly #counts: Counts;
  readonly #deliver: (from: NodeId, to: NodeId, packet: Packet) => void;
  /** How many partitions cut a path. */
  readonly #cuts = new Map<string, number>();
  /** Until when what is sent on a path is held up. */
  readonly #clogs = new Map<string, number>();
  #weather: Weather = CALM;

  constructor(
    events: Events,
    chance: Dice,
    counts: Counts,
    deliver: (from: NodeId, to: NodeId, packet: Packet) => void,
  ) {
    this.#events = events;
    this.#dice = chance;
    this.#counts = counts;
    this.#deliver = deliver;
  }

  get weather(): Weather {
    return this.#weather;
  }

  change(weather: Weather): void {
    this.#weather = weather;
  }

  send(from: NodeId, to: NodeId, packet: Packet): void {
    const path = nameOf(from, to);
    if (this.#isCut(path)) return this.#counts.add('packet cut off');
    if (this.#dice.chance(this.#weather.loss)) return this.#counts.add('packet lost');
    this.#carry(path, from, to, packet);
    if (!this.#dice.chance(this.#weather.repetition)) return;
    this.#counts.add('packet repeated');
    this.#carry(path, from, to, packet);
  }

  /** Cuts paths until the answer is called; what is on its way arrives. */
  cut(paths: readonly Path[]): () => void {
    const names = paths.map(([from, to]) => nameOf(from, to));
    for (const name of names) this.#cuts.set(name, (this.#cuts.get(name) ?? 0) + 1);
    return () => {
      for (const name of names) this.#cuts.set(name, (this.#cuts.get(name) ?? 1) - 1);
    };
  }

  clog([from, to]: Path, millis: number): void {
    this.#clogs.set(nameOf(from, to), this.#events.now + millis);
  }

  /** Everything works from now on. */
  calm(): void {
    this.#weather = CALM;
    this.#cuts.clear();
    this.#clogs.clear();
  }

  isOpen(from: NodeId, to: NodeId): boolean {
    return !this.#isCut(nameOf(from, to));
  }

  #carry(path: string, from: NodeId, to: NodeId, packet: Packet): void {
    const { delay, jitter, lateness } = this.#weather;
    const late = this.#dice.chance(lateness) ? this.#dice.wait(LATE_MILLIS) : 0;
    if (late > 0) this.#counts.add('packet late');
    const held = Math.max(0, (this.#clogs.get(path) ?? 0) - this.#events.now);
    if (held > 0) this.#counts.add('packet held up');
    this.#events.after(held + late + delay + this.#dice.wait(jitter), () =>
      this.#deliver(from, to, packet),
    );
  }

  #isCut(path: string): boolean {
    return (this.#cuts.get(path) ?? 0) > 0;
  }
}

function nameOf(from: NodeId, to: NodeId): string {
  return `${from}>${to}`;
}
