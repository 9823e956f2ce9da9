// The disk of a node that is made of the real code: a virtual disk for its log and a virtual medium for its state.
import type { HardState, Index, Term } from '#raft/types.ts';
import { HARD_STATE_FILE } from '#raft/driver/hard-state.ts';
import { openWal } from '#raft/driver/wal-open.ts';
import type { Timer } from '#raft/driver/ports.ts';
import { termAt, type Log } from '#raft/log.ts';
import type { Configuration } from '#raft/types.ts';
import type { Counts } from './counts.ts';
import type { Dice } from './dice.ts';
import { VirtualDisk, type Call, type Fault } from './disk.ts';
import type { Ailments } from './light-disk.ts';
import { VirtualMedia } from './medium.ts';
import { drainMicrotasks } from './microtasks.ts';
import type { Host, HostDisk, Place } from './world.ts';

/** Small, so that a run goes through many. */
export const SEGMENT_BYTES = 32 * 1024;

const WRITES: ReadonlySet<string> = new Set(['write', 'writeDurably', 'allocate', 'create']);
const SYNCS: ReadonlySet<string> = new Set(['sync', 'writeDurably', 'syncFolder']);
/** A vote that is forgotten may be given twice, and no algorithm stands that: of the votes and the folder no lies. */
const isHonest = (name: string): boolean => name === '' || name.startsWith(HARD_STATE_FILE);

export class WholeDisk implements HostDisk {
  readonly ailments: Ailments = {
    isHung: false,
    isFull: false,
    isBroken: false,
    isLying: false,
    slowness: 1,
  };
  readonly disk: VirtualDisk;
  readonly media: VirtualMedia;
  readonly #dice: Dice;
  readonly #counts: Counts;
  #log: Log | undefined;
  #durable = 0 as Index;
  /** What was durable when the disk began to lie. */
  #honest: Index | undefined;
  isRecovering = false;
  /** Only the node knows. */
  readonly vote = undefined;
  readonly troubleSince = undefined;
  /** What is damaged at the end of a log looks like what a crash leaves. */
  readonly showsDamage = false;

  constructor(host: () => Host, chance: Dice, counts: Counts) {
    this.#dice = chance;
    this.#counts = counts;
    this.disk = new VirtualDisk(chance);
    this.disk.settings.latency = (call) => this.#latency(call);
    this.disk.settings.fault = (call) => this.#fault(call);
    this.media = new VirtualMedia({ timer: timerOf(host), random: chance, latency: 3 });
  }

  get start(): Index {
    return this.#log?.start.index ?? (0 as Index);
  }

  get last(): Index {
    return this.#honest ?? this.#durable;
  }

  get promised(): Place {
    return { index: this.#durable, term: this.termAt(this.#durable) ?? (0 as Term) };
  }

  get isLying(): boolean {
    return this.#honest !== undefined;
  }

  termAt(index: Index): Term | undefined {
    return this.#log && index <= this.#durable ? termAt(this.#log, index) : undefined;
  }

  /** What the node that runs on it knows. */
  note(state: {
    readonly log: Log;
    readonly durable: Index;
    readonly isRecovering: boolean;
  }): void {
    // What is new may be what it has lied about.
    if (!this.ailments.isLying) this.#honest = undefined;
    else this.#honest ??= this.#durable;
    this.#log = state.log;
    this.#durable = state.durable;
    this.isRecovering = state.isRecovering;
  }

  /** The system's memory is written in the end. */
  settle(): void {
    this.#honest = undefined;
    this.disk.settle();
  }

  crash(): void {
    const isOnlyProcess = this.#honest === undefined && this.#dice.chance(0.3);
    if (isOnlyProcess) this.disk.kill();
    else {
      if (this.#honest !== undefined) {
        this.#counts.add('lied sync lost');
        this.#durable = this.#honest;
      }
      this.disk.crash();
      this.#counts.add('power lost');
    }
    this.#honest = undefined;
    this.media.crash(this.#dice);
  }

  rot(): void {
    // Nobody knows what is left, until a node that starts on it says.
    this.#log = undefined;
    this.#durable = 0 as Index;
    const files = this.disk.files.filter(({ size }) => size > 0);
    const file = this.#dice.pick(files);
    const contents = this.disk.contents(file.name);
    // Most of a segment is room that has not been used.
    const used = contents.findLastIndex((byte) => byte !== 0) + 1;
    if (used > 0) this.disk.rot(file.name, this.#dice.below(used), 1 << this.#dice.below(8));
    if (this.#dice.chance(0.3)) this.media.rot(this.#dice);
  }

  wipe(): void {
    this.#log = undefined;
    this.#durable = 0 as Index;
    this.disk.wipe();
  }

  prepare(configuration: Configuration): void {
    const index = 1 as Index;
    const term = 1 as Term;
    const hardState: HardState = { term, votedFor: undefined, commit: index, isRecovering: false };
    const { latency, fault } = this.disk.settings;
    this.disk.settings.latency = () => 0;
    this.disk.settings.fault = () => undefined;
    let isDone = false;
    void (async () => {
      const { wal } = await openWal(this.disk.mount(), { segmentBytes: SEGMENT_BYTES });
      await wal.append(hardState, [{ index, term, type: 'configuration', configuration }]);
      await wal.close();
      isDone = true;
    })();
    drainMicrotasks();
    this.disk.settings.latency = latency;
    this.disk.settings.fault = fault;
    if (!isDone) throw new Error('the log was not made');
  }

  #latency({ operation }: Call): number {
    if (!SYNCS.has(operation)) return 0;
    return (0.1 + this.#dice.wait(0.5)) * this.ailments.slowness;
  }

  #fault({ operation, name }: Call): Fault | undefined {
    const { isHung, isFull, isBroken, isLying } = this.ailments;
    if (isBroken) return { type: 'error' };
    if (isHung) return { type: 'hang', milliseconds: this.#dice.between(100, 3000) };
    if (isFull && WRITES.has(operation)) return { type: 'full' };
    if (isLying && SYNCS.has(operation) && !isHonest(name)) return { type: 'lie' };
    return undefined;
  }
}

/** A medium outlives the processes that use it; its time is that of the one that runs. */
function timerOf(host: () => Host): Timer {
  return {
    now: () => host().process?.now() ?? 0,
    after: (delay, action) => host().process?.after(delay, action) ?? (() => undefined),
  };
}
