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

/** What a process that is gone hears. */
const NEVER = new Promise<never>(() => undefined);

/** What lies on one node's disk, and stays there when the node crashes. */
export class VirtualMedia implements MachineMedia {
  readonly #options: VirtualMediaOptions;
  #current: Contents = empty();
  #open = new Set<VirtualMedium>();
  #failure: Error | undefined;
  #isDown = false;
  #losesNext = false;
  #names = 0;

  constructor(options: VirtualMediaOptions = {}) {
    this.#options = options;
  }

  open(): Promise<MachineMedium> {
    this.#isDown = false;
    return Promise.resolve(this.#medium(this.#current));
  }

  async create(): Promise<MachineMedium> {
    if (this.#isDown) return NEVER;
    const medium = this.#medium(empty());
    await this.#delay();
    return medium.isGone ? NEVER : medium;
  }

  async promote(medium: MachineMedium): Promise<void> {
    if (!(medium instanceof VirtualMedium)) throw new Error('this is the medium of somebody else');
    if (this.#failure !== undefined) throw this.#failure;
    medium.begin(() => (this.#current = medium.contents));
    await this.#delay();
    if (medium.isGone) return NEVER;
    medium.end();
    return undefined;
  }

  discard(medium: MachineMedium): Promise<void> {
    return medium.close();
  }

  /** The process ends: of the writes that run each is done or not, and nothing is heard of them any more. */
  crash(random: Chance): void {
    this.#isDown = true;
    for (const medium of this.#open) medium.crash(random);
    this.#open = new Set();
  }

  /** From now on every write fails, until it is called with nothing. */
  fail(failure: Error | undefined): void {
    this.#failure = failure;
  }

  /** The next write is told to be done and is not, as a disk may that lies. */
  loseNextWrite(): void {
    this.#losesNext = true;
  }

  /** What lies there is thrown away, because it is damaged. */
  reset(): void {
    this.#current = empty();
  }

  /** How many records the current medium has. */
  get size(): number {
    return this.#current.records.size;
  }

  /** One bit of one record, or of the state, is another one from now on. False when there is nothing. */
  rot(random: Chance): boolean {
    const { records, state } = this.#current;
    const victims = [...records.values(), state].filter((one) => one !== undefined);
    if (victims.length === 0) return false;
    const victim = random.pick(victims);
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
    if (this.#isGone) return NEVER;
    if (this.#running !== undefined) throw new Error('two writes at a time');
    const failure = this.#disk.failure();
    if (failure !== undefined) throw failure;
    const isLost = this.#disk.isLost();
    this.begin(() => {
      if (!isLost) write(this.contents, records, state);
    });
    await this.#disk.delay();
    if (this.#isGone) return NEVER;
    this.end();
    return undefined;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Something is being done, all or nothing: it is done when it ends. */
  begin(action: () => void): void {
    this.#running = action;
  }

  end(): void {
    this.#running?.();
    this.#running = undefined;
  }

  crash(random: Chance): void {
    this.#isGone = true;
    if (random.below(2) === 0) this.end();
    this.#running = undefined;
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
