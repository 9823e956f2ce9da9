// The media of a state machine in memory, with the ways in which a disk may let it down.
import type { Timer } from '#raft/driver/ports.ts';
import type { MachineMedia, MachineMedium, Records } from '#storage/machine-medium.ts';
import type { Random } from '#test/helpers/random.ts';

interface Contents {
  readonly records: Map<string, Buffer>;
  state: Buffer | undefined;
}

type Chance = Pick<Random, 'below' | 'pick'>;

interface VirtualMediaOptions {
  readonly timer?: Timer;
  readonly random?: Chance;
  /** How long a write takes at most. */
  readonly latency?: number;
}

/** What lies on one node's disk, and stays there when the node crashes. */
export class VirtualMedia implements MachineMedia {
  readonly #options: VirtualMediaOptions;
  #current: Contents = empty();
  #open = new Set<VirtualMedium>();
  #failure: Error | undefined;
  #losesNext = false;
  #names = 0;

  constructor(options: VirtualMediaOptions = {}) {
    this.#options = options;
  }

  open(): Promise<MachineMedium> {
    return Promise.resolve(this.#medium(this.#current));
  }

  create(): Promise<MachineMedium> {
    return Promise.resolve(this.#medium(empty()));
  }

  promote(medium: MachineMedium): Promise<void> {
    if (!(medium instanceof VirtualMedium)) throw new Error('this is the medium of somebody else');
    this.#current = medium.contents;
    return Promise.resolve();
  }

  discard(medium: MachineMedium): Promise<void> {
    return medium.close();
  }

  /** The process ends: of the writes that run each is done or not, and nothing is heard of them any more. */
  crash(random: Chance): void {
    for (const medium of this.#open) medium.crash(random);
    this.#open = new Set();
  }

  /** From now on every write fails. */
  fail(failure: Error): void {
    this.#failure = failure;
  }

  /** The next write is told to be done and is not, as a disk may that lies. */
  loseNextWrite(): void {
    this.#losesNext = true;
  }

  /** How many records the current medium has. */
  get size(): number {
    return this.#current.records.size;
  }

  /** One bit of one record, or of the state, is another one from now on. False when there is nothing. */
  rot(random: Chance): boolean {
    const { records, state } = this.#current;
    const victim = random.pick([...records.values(), state]);
    if (victim === undefined) return false;
    const at = random.below(victim.length);
    victim[at] = (victim[at] ?? 0) ^ (1 << random.below(8));
    return true;
  }

  #medium(contents: Contents): VirtualMedium {
    this.#names += 1;
    const medium: VirtualMedium = new VirtualMedium(`medium ${this.#names}`, contents, {
      delay: () => this.#delay(),
      failure: () => this.#failure,
      isLost: () => this.#isLost(),
    });
    this.#open.add(medium);
    return medium;
  }

  #isLost(): boolean {
    const isLost = this.#losesNext;
    this.#losesNext = false;
    return isLost;
  }

  #delay(): Promise<void> {
    const { timer, random, latency = 0 } = this.#options;
    if (timer === undefined) return Promise.resolve();
    const delay = random === undefined ? latency : random.below(latency + 1);
    return new Promise((resolve) => {
      timer.after(delay, resolve);
    });
  }
}

interface Disk {
  readonly delay: () => Promise<void>;
  readonly failure: () => Error | undefined;
  readonly isLost: () => boolean;
}

class VirtualMedium implements MachineMedium {
  readonly name: string;
  readonly contents: Contents;
  readonly #disk: Disk;
  #running: (() => void) | undefined;
  #isGone = false;

  constructor(name: string, contents: Contents, disk: Disk) {
    this.name = name;
    this.contents = contents;
    this.#disk = disk;
  }

  read(key: string): Buffer | undefined {
    return this.contents.records.get(key);
  }

  state(): Buffer | undefined {
    return this.contents.state;
  }

  async *scan(): AsyncIterable<readonly (readonly [string, Buffer])[]> {
    await this.#disk.delay();
    yield [...this.contents.records];
  }

  async write(records: Records, state: Buffer | undefined): Promise<void> {
    if (this.#running !== undefined) throw new Error('two writes at a time');
    const failure = this.#disk.failure();
    if (failure !== undefined) throw failure;
    const isLost = this.#disk.isLost();
    this.#running = () => {
      if (!isLost) write(this.contents, records, state);
    };
    await this.#disk.delay();
    // A process that is gone hears of nothing.
    if (this.#isGone) return new Promise(() => undefined);
    this.#running();
    this.#running = undefined;
    return undefined;
  }

  crash(random: Chance): void {
    this.#isGone = true;
    if (this.#running !== undefined && random.below(2) === 0) this.#running();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function empty(): Contents {
  return { records: new Map(), state: undefined };
}

function write(contents: Contents, records: Records, state: Buffer | undefined): void {
  for (const [key, record] of records) {
    // A copy, because bits on a disk may change and those in memory do not.
    if (record === undefined) contents.records.delete(key);
    else contents.records.set(key, Buffer.from(record));
  }
  if (state !== undefined) contents.state = Buffer.from(state);
}
