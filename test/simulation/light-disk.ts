// A disk that knows entries instead of bytes: what lies on it for sure, and what a crash does to a write that runs. It
// can be slow, hang, be full, fail, lie about a sync, and forget. For worlds in which Raft is what is looked at.
import type { Configuration, Entry, HardState, Index, SnapshotMeta, Term } from '#raft/types.ts';
import type { Process } from './clock.ts';
import type { Counts } from './counts.ts';
import type { Dice } from './dice.ts';
import type { HostDisk, Place } from './world.ts';
import { EMPTY_IMAGE, type Image } from './light-machine.ts';

const NOTHING: SnapshotMeta = EMPTY_IMAGE.position;

const NO_HARD_STATE: HardState = {
  term: 0 as Term,
  votedFor: undefined,
  commit: 0 as Index,
  isRecovering: false,
};

/** What is written at once, in the order in which it reaches the disk. */
export interface Write {
  readonly hardState?: HardState | undefined;
  readonly entries?: readonly Entry[] | undefined;
  /** The log is emptied and begins behind this. */
  readonly reset?: SnapshotMeta | undefined;
  readonly image?: Image | undefined;
  /** Entries up to here are forgotten. */
  readonly cut?: Index | undefined;
}

/** What is wrong with the disk for a while. */
export interface Ailments {
  isHung: boolean;
  isFull: boolean;
  isBroken: boolean;
  isLying: boolean;
  /** How many times longer everything takes. */
  slowness: number;
}

interface Contents {
  hardState: HardState;
  start: SnapshotMeta;
  entries: Entry[];
  image: Image;
}

type Done = (outcome: 'written' | 'full' | 'broken') => void;

interface Job {
  readonly write: Write;
  readonly process: Process;
  readonly done: Done;
}

export class LightDisk implements HostDisk {
  readonly ailments: Ailments = {
    isHung: false,
    isFull: false,
    isBroken: false,
    isLying: false,
    slowness: 1,
  };
  get showsDamage(): boolean {
    return !this.ailments.isLying && this.#promised.length === 0;
  }

  readonly #dice: Dice;
  readonly #counts: Counts;
  #contents: Contents = blank();
  /** What was reported as written and is not: lost by a crash, written by the next honest write. */
  #promised: Write[] = [];
  #running: Job | undefined;
  #troubleSince: number | undefined;

  constructor(chance: Dice, counts: Counts) {
    this.#dice = chance;
    this.#counts = counts;
  }

  get contents(): Readonly<Contents> {
    return this.#contents;
  }

  get vote(): HostDisk['vote'] {
    const { term, votedFor } = this.#contents.hardState;
    return { term, for: votedFor };
  }

  /** Since when a write has been running or refused for want of room. */
  get troubleSince(): number | undefined {
    return this.#troubleSince;
  }

  get start(): Index {
    return this.#contents.start.index;
  }

  get last(): Index {
    return this.#contents.entries.at(-1)?.index ?? this.start;
  }

  get promised(): Place {
    const last = this.#promised.findLast(({ entries }) => (entries?.length ?? 0) > 0);
    const entry = last?.entries?.at(-1) ?? this.#contents.entries.at(-1);
    return entry ?? this.#contents.start;
  }

  get isLying(): boolean {
    return this.#promised.length > 0;
  }

  get isRecovering(): boolean {
    return this.#contents.hardState.isRecovering;
  }

  settle(): void {
    for (const promised of this.#promised.splice(0)) this.#put(promised);
  }

  termAt(index: Index): Term | undefined {
    if (index === this.start) return this.#contents.start.term;
    return this.#contents.entries[index - this.start - 1]?.term;
  }

  /** One at a time. `done` is called in the process unless that ends before. */
  write(process: Process, write: Write, done: Done): void {
    const job = { write, process, done };
    this.#running = job;
    this.#troubleSince ??= process.worldTimeOf(process.now());
    const millis = (0.1 + this.#dice.wait(0.5)) * this.ailments.slowness;
    process.after(millis, () => this.#finish(job));
  }

  /** The power goes: of what is being written, some may have reached the disk. */
  crash(): void {
    const running = this.#running;
    this.#running = undefined;
    this.#troubleSince = undefined;
    if (this.#promised.length > 0) {
      this.#counts.add('lied sync lost');
      this.#promised = [];
    } else if (running !== undefined) this.#tear(running.write);
  }

  /** The log is found to be damaged, perhaps the state machine too; the hard state is whole. */
  rot(): void {
    const hardState = { ...this.#contents.hardState, isRecovering: true };
    const { image } = this.#contents;
    const isKept = image.position.index > 0 && this.#dice.chance(0.5);
    // What the state machine holds is right, whatever has become of the log.
    this.#contents = isKept
      ? { hardState, start: image.position, entries: [], image }
      : { ...blank(), hardState };
  }

  wipe(): void {
    this.#contents = blank();
    this.#promised = [];
  }

  /** What a node that is set up by hand finds. */
  prepare(configuration: Configuration): void {
    const entry = {
      index: 1 as Index,
      term: 1 as Term,
      type: 'configuration',
      configuration,
    } as const;
    this.#put({
      hardState: { ...NO_HARD_STATE, term: 1 as Term, commit: 1 as Index },
      entries: [entry],
    });
  }

  #finish(job: Job): void {
    if (this.#running !== job) return;
    if (this.ailments.isHung) {
      job.process.after(20, () => this.#finish(job));
      return;
    }
    this.#running = undefined;
    if (this.ailments.isBroken) return job.done('broken');
    if (this.ailments.isFull && job.write.entries !== undefined) return job.done('full');
    this.#troubleSince = undefined;
    if (this.ailments.isLying && job.write.image === undefined) this.#promise(job.write);
    else {
      this.settle();
      this.#put(job.write);
    }
    job.done('written');
  }

  /**
   * Only the log is lied about: no cluster survives votes that are forgotten. What is committed is said in the log, so
   * that nobody knows more of it than the log has.
   */
  #promise(write: Write): void {
    const { hardState } = write;
    const { commit } = this.#contents.hardState;
    if (hardState !== undefined) this.#put({ hardState: { ...hardState, commit } });
    this.#promised.push(write);
  }

  #tear(write: Write): void {
    if (this.#dice.chance(0.3)) return;
    this.#counts.add('write torn');
    const entries = write.entries?.slice(0, this.#dice.below(write.entries.length + 1));
    const { hardState } = write;
    if (write.reset === undefined && write.image === undefined && write.cut === undefined) {
      this.#put({ hardState, entries });
    } else if (this.#dice.chance(0.5)) this.#put(write);
  }

  #put({ hardState, entries, reset, image, cut }: Write): void {
    const contents = this.#contents;
    if (hardState !== undefined) contents.hardState = hardState;
    if (reset !== undefined) {
      contents.start = reset;
      contents.entries = [];
    }
    const first = entries?.[0];
    if (entries !== undefined && first !== undefined) {
      if (first.index > this.last + 1) throw new Error(`a hole in the log before ${first.index}`);
      contents.entries.length = first.index - this.start - 1;
      contents.entries.push(...entries);
    }
    if (image !== undefined) contents.image = image;
    if (cut !== undefined && cut > this.start) this.#cut(cut);
  }

  #cut(through: Index): void {
    const { start, entries } = this.#contents;
    const gone = entries.slice(0, through - start.index);
    const last = gone.at(-1);
    if (last?.index !== through) throw new Error(`the log is cut at ${through} behind its end`);
    const change = gone.findLast(({ type }) => type === 'configuration');
    this.#contents.start = {
      index: through,
      term: last.term,
      configuration: change?.type === 'configuration' ? change.configuration : start.configuration,
      configurationIndex: change?.index ?? start.configurationIndex,
    };
    this.#contents.entries = entries.slice(gone.length);
  }
}

function blank(): Contents {
  return { hardState: NO_HARD_STATE, start: NOTHING, entries: [], image: EMPTY_IMAGE };
}
