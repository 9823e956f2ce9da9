// Random operations on a state machine and on a model of it, with snapshots, restores and restarts in between. Everything
// that the state machine shows is compared with the model, each snapshot with the model as of its moment.
import type { Snapshot, Timer } from '#raft/driver/ports.ts';
import type { Entry, SnapshotMeta } from '#raft/types.ts';
import { decodeEntry } from '#storage/entry.ts';
import type { MachineMedia } from '#storage/machine-medium.ts';
import type { Failure, Index } from '#storage/physical.ts';
import { decodeRecord } from '#storage/record.ts';
import { openMachine, type Machine } from '#storage/state-machine.ts';
import { readParts } from '#storage/state-stream.ts';
import { step, stream } from '#test/helpers/machine.ts';
import { seededRandom, type Random } from '#test/helpers/random.ts';
import { VirtualMedia } from '#test/simulation/medium.ts';
import { Model, type Keys, type Known } from './keys.ts';

export interface Tally {
  operations: number;
  puts: number;
  deletes: number;
  gets: number;
  lists: number;
  /** Compared with the model, record by record. */
  snapshots: number;
  /** Of a snapshot, and of an archive through the log. */
  restores: number;
  archives: number;
  reopenings: number;
  /** Restarts after which what was not written was applied again. */
  crashes: number;
  readonly differences: string[];
}

export interface RunOptions {
  readonly media: MachineMedia;
  readonly operations: number;
  readonly seed: number;
  /** How many keys there are to choose from. */
  readonly keys: number;
}

/** A snapshot that is being read, and what it must hold. */
interface Reading {
  readonly snapshot: Snapshot;
  readonly keys: Keys;
  readonly done: Promise<readonly Uint8Array[]>;
}

const MAX_SNAPSHOTS = 3;
const MAX_DIFFERENCES = 20;
const PIECE_BYTES = 64 * 1024;

export async function runModel(options: RunOptions): Promise<Tally> {
  const run = new Run(options, await openOn(options.media));
  await run.run();
  return run.tally;
}

export const realTimer: Timer = {
  now: () => performance.now(),
  after: (delay, action) => {
    const turn = delay === 0 ? setImmediate(action) : undefined;
    const timeout = delay === 0 ? undefined : setTimeout(action, delay);
    return () => {
      clearImmediate(turn);
      clearTimeout(timeout);
    };
  },
};

function openOn(media: MachineMedia): Promise<Machine> {
  return openMachine({ media, timer: realTimer, onFailure: fail });
}

function fail(failure: Failure): void {
  throw failure;
}

class Run {
  readonly tally: Tally = {
    operations: 0,
    puts: 0,
    deletes: 0,
    gets: 0,
    lists: 0,
    snapshots: 0,
    restores: 0,
    archives: 0,
    reopenings: 0,
    crashes: 0,
    differences: [],
  };
  readonly #options: RunOptions;
  readonly #random: Random;
  readonly #readings = new Set<Reading>();
  /** Everything since the model was last known to be durable, as the log would have it. */
  #log: Entry[] = [];
  #durable: Keys = new Map();
  #machine: Machine;
  #model = new Model();

  constructor(options: RunOptions, machine: Machine) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#machine = machine;
  }

  async run(): Promise<void> {
    const { operations } = this.#options;
    while (this.tally.operations < operations && this.tally.differences.length === 0) {
      await this.#step();
    }
    await this.#finishReadings();
    this.#compareAll('the end');
    await this.#reopen();
    await this.#machine.close();
  }

  async #step(): Promise<void> {
    const chance = this.#random.below(100_000);
    if (chance < 45_000) await this.#write();
    else if (chance < 85_000) this.#get();
    else if (chance < 98_860) this.#list();
    else if (chance < 98_960) this.#beginSnapshot();
    else if (chance < 99_960) await this.#letOthers();
    else if (chance < 99_976) await this.#sync();
    else if (chance < 99_984) await this.#finishReadings();
    else if (chance < 99_990) await this.#restore();
    else if (chance < 99_994) await this.#restoreByLog();
    else if (chance < 99_997) await this.#crash();
    else await this.#reopen();
  }

  async #write(): Promise<void> {
    const writes = new Map<string, Buffer | undefined>();
    for (let left = 1 + this.#random.below(3); left > 0; left--) {
      const isDelete = this.#random.below(4) === 0;
      writes.set(this.#key(), isDelete ? undefined : this.#value());
    }
    const entry = step(this.#machine.index + 1, { type: 'writes', writes });
    for (const [key, value] of writes) {
      if (value === undefined) this.tally.deletes += 1;
      else this.tally.puts += 1;
      this.#learn(key, value, entry.index);
    }
    this.tally.operations += writes.size;
    this.#log.push(entry);
    await this.#apply(entry);
  }

  #learn(key: string, value: Buffer | undefined, index: Index): void {
    if (value === undefined) this.#model.delete(key);
    else this.#model.put(key, { value: value.toString('latin1'), index });
  }

  async #apply(entry: Entry): Promise<void> {
    const waiting = this.#machine.apply([entry]);
    if (waiting !== undefined) await waiting;
  }

  #get(): void {
    this.tally.operations += 1;
    this.tally.gets += 1;
    this.#compareKey(this.#key());
  }

  #list(): void {
    this.tally.operations += 1;
    this.tally.lists += 1;
    const key = this.#key();
    this.#compareList(key.slice(0, key.lastIndexOf('/', this.#random.below(key.length)) + 1));
  }

  #beginSnapshot(): void {
    if (this.#readings.size >= MAX_SNAPSHOTS) return;
    const snapshot = this.#machine.snapshot();
    const keys = this.#model.keys();
    const reading: Reading = { snapshot, keys, done: this.#read(snapshot, keys) };
    this.#readings.add(reading);
    reading.done.finally(() => this.#readings.delete(reading)).catch(() => undefined);
  }

  async #read(snapshot: Snapshot, keys: Keys): Promise<readonly Uint8Array[]> {
    const pieces: Uint8Array[] = [];
    for await (const piece of snapshot.chunks()) pieces.push(piece);
    snapshot.release();
    await this.#compareSnapshot(pieces, keys);
    this.tally.snapshots += 1;
    return pieces;
  }

  async #finishReadings(): Promise<void> {
    await Promise.all([...this.#readings].map(({ done }) => done));
  }

  #letOthers(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  async #sync(): Promise<void> {
    await this.#machine.sync();
    this.#isDurable();
  }

  #isDurable(): void {
    this.#durable = this.#model.keys();
    this.#log = [];
  }

  /** Goes on for a while after a snapshot, and then back to it. */
  async #restore(): Promise<void> {
    const [pieces, keys, meta] = await this.#takeSnapshot();
    for (let left = this.#random.below(500); left > 0; left--) await this.#write();
    await this.#machine.restore({ meta, chunks: () => stream(pieces) });
    this.#model = new Model(keys);
    this.tally.restores += 1;
    this.#isDurable();
    if (this.#machine.index !== meta.index) this.#differ(`${meta.index} was restored, not here`);
    this.#compareAll('a restore');
  }

  async #restoreByLog(): Promise<void> {
    const [pieces, keys] = await this.#takeSnapshot();
    const next = (): Index => (this.#machine.index + 1) as Index;
    const begun = next();
    await this.#apply(step(begun, { type: 'restore-begin' }));
    const chunks = cut(pieces);
    for (const [number, bytes] of chunks.entries()) {
      const index = next();
      await this.#apply(step(index, { type: 'restore-chunk', begun, number, bytes }));
      // Life goes on, and is thrown away.
      await this.#write();
    }
    const index = next();
    await this.#apply(step(index, { type: 'restore-commit', begun, chunks: chunks.length }));
    this.#model = new Model(new Map([...keys].map(([key, { value }]) => [key, { value, index }])));
    this.tally.archives += 1;
    this.#isDurable();
    if (this.#machine.replacedAt !== index) this.#differ(`${index} was not restored`);
    this.#compareAll('a restore through the log');
  }

  async #takeSnapshot(): Promise<[readonly Uint8Array[], Keys, SnapshotMeta]> {
    await this.#finishReadings();
    const snapshot = this.#machine.snapshot();
    const keys = this.#model.keys();
    return [await this.#read(snapshot, keys), keys, snapshot.meta];
  }

  async #reopen(): Promise<void> {
    await this.#finishReadings();
    await this.#machine.close();
    this.#machine = await openOn(this.#options.media);
    this.tally.reopenings += 1;
    this.#isDurable();
    this.#compareAll('opening it again');
  }

  /** Only memory can be crashed within a process. What is lost is applied again, as from the log. */
  async #crash(): Promise<void> {
    const { media } = this.#options;
    if (!(media instanceof VirtualMedia)) return;
    await this.#finishReadings();
    media.crash(this.#random);
    this.#machine = await openOn(media);
    this.#model = new Model(this.#durable);
    const lost = this.#log.filter((entry) => entry.index > this.#machine.index);
    for (const entry of this.#log) {
      if (entry.index <= this.#machine.index) this.#learnEntry(entry);
    }
    this.#compareAll('a crash');
    for (const entry of lost) {
      this.#learnEntry(entry);
      await this.#apply(entry);
    }
    this.tally.crashes += 1;
  }

  #learnEntry(entry: Entry): void {
    const data = entry.type === 'data' ? decodeEntry(entry.data) : undefined;
    for (const [key, value] of data?.type === 'writes' ? data.writes : []) {
      this.#learn(key, value && Buffer.from(value), entry.index);
    }
  }

  /** Keys lie in folders of different depths, some of which come and go. */
  #key(): string {
    const number = this.#random.below(this.#options.keys);
    const [folder, below] = [`f${number % 7}`, `g${number % 61}`];
    if (number % 10 === 0) return `k${number}`;
    return number % 2 === 0 ? `${folder}/k${number}` : `${folder}/${below}/h${number % 2000}/k`;
  }

  #value(): Buffer {
    const isLarge = this.#random.below(50) === 0;
    const pattern = `${this.tally.puts}/${this.#random.below(1_000_000)} `;
    return Buffer.alloc(this.#random.below(isLarge ? 10_000 : 300), pattern);
  }

  #compareKey(key: string): void {
    const known = this.#model.get(key);
    const value = this.#machine.get(key);
    const found = value && { value: latin1(value), index: this.#machine.indexOf(key) };
    if (!isSame(found, known)) this.#differ(`${key} is ${show(found)}, not ${show(known)}`);
  }

  #compareList(prefix: string): void {
    const [found, known] = [this.#machine.list(prefix), this.#model.list(prefix)];
    const isEqual = found.length === known.length && found.every((name, at) => name === known[at]);
    if (!isEqual) this.#differ(`the list of ${prefix} is ${found.join()}, not ${known.join()}`);
  }

  #compareAll(when: string): void {
    let count = 0;
    const walk = (prefix: string): void => {
      this.#compareList(prefix);
      for (const name of this.#machine.list(prefix)) {
        if (name.endsWith('/')) {
          walk(prefix + name);
        } else {
          this.#compareKey(prefix + name);
          count += 1;
        }
      }
    };
    walk('');
    if (count !== this.#model.size) {
      this.#differ(`after ${when} there are ${count} keys, not ${this.#model.size}`);
    }
  }

  async #compareSnapshot(pieces: readonly Uint8Array[], keys: Keys): Promise<void> {
    let count = 0;
    for await (const parts of readParts(stream(pieces))) {
      for (const part of parts) {
        if (part.type !== 'record') continue;
        count += 1;
        const record = decodeRecord(part.bytes);
        const found = record && { value: latin1(record.value), index: record.index };
        const known = keys.get(record?.key ?? '');
        if (isSame(found, known)) continue;
        this.#differ(`a snapshot has ${show(found)}, not ${show(known)}`);
      }
    }
    if (count !== keys.size) this.#differ(`a snapshot has ${count} keys, not ${keys.size}`);
  }

  #differ(what: string): void {
    if (this.tally.differences.length >= MAX_DIFFERENCES) return;
    this.tally.differences.push(`operation ${this.tally.operations}: ${what}`);
  }
}

function isSame(left: Known | undefined, right: Known | undefined): boolean {
  return left?.index === right?.index && left?.value === right?.value;
}

function show(known: Known | undefined): string {
  if (known === undefined) return 'absent';
  return `${known.value.slice(0, 20)} (${known.value.length} bytes) of ${known.index}`;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** In pieces of a size that has nothing to do with how they came. */
function cut(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const whole = Buffer.concat(pieces);
  const count = Math.ceil(whole.length / PIECE_BYTES);
  return Array.from({ length: count }, (_, at) =>
    whole.subarray(at * PIECE_BYTES, (at + 1) * PIECE_BYTES),
  );
}
