// A disk that is not there: a folder of files that knows what is durable and what is only in the memory of the system. A
// crash keeps any of the sectors and changes of names that were not synced; faults come per call. Nothing here waits for
// anything but the timer that it is given, and all chance comes from one generator.
import type { Disk, Timer } from '#raft/driver/ports.ts';
import { MountedDisk } from './mounted-disk.ts';
import type { VirtualFile } from './virtual-file.ts';

export interface Chance {
  /** A whole number from 0 to `end` - 1. */
  readonly below: (end: number) => number;
}

export type Operation =
  | 'list'
  | 'open'
  | 'create'
  | 'rename'
  | 'remove'
  | 'syncFolder'
  | 'read'
  | 'write'
  | 'writeDurably'
  | 'allocate'
  | 'truncate'
  | 'sync';

/** One call to the disk, which may be given a fault. */
export interface Call {
  /** Counted from 1 over the life of the disk. */
  readonly number: number;
  readonly operation: Operation;
  /** Empty for the folder. */
  readonly name: string;
}

export type Fault =
  /** No room. Some of the sectors are written, as by a short write. */
  | { readonly type: 'full' }
  /** EIO. Some of it was done; what a sync did not do, no later sync does. */
  | { readonly type: 'error' }
  /** Never answers, or only after that time. What it writes is in memory by then, and durable only once it answers. */
  | { readonly type: 'hang'; readonly milliseconds?: number }
  /** Says that it made durable what it did not. */
  | { readonly type: 'lie' }
  /** Writes that many sectors too far, or before. */
  | { readonly type: 'misdirect'; readonly sectors: number };

export interface Settings {
  /** How long a call takes, in milliseconds of the timer; without one, or at 0, the answer is there at once. */
  latency: (call: Call) => number;
  fault: (call: Call) => Fault | undefined;
  /** All bytes that files may have together. */
  capacity: number;
}

/** A name that goes, one that comes, or both at once. */
export interface NameChange {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly file: VirtualFile;
}

/** The device. It outlives the processes that use it, each through its own `mount`. */
export class VirtualDisk {
  readonly settings: Settings = {
    latency: () => 0,
    fault: () => undefined,
    capacity: Infinity,
  };
  readonly #chance: Chance;
  #names = new Map<string, VirtualFile>();
  #durableNames = new Map<string, VirtualFile>();
  #changes: NameChange[] = [];
  #calls = 0;
  #life = 0;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** The disk as one process sees it. After a crash nothing that it asked is ever answered. */
  mount(timer?: Timer): Disk {
    return new MountedDisk(this, timer);
  }

  /** The power goes. Of what was not synced, any part may stay. */
  crash(): void {
    this.#life += 1;
    const blocked = new Set<string | undefined>();
    for (const change of this.#changes.splice(0)) {
      const names = [change.from, change.to].filter((name) => name !== undefined);
      // What is not there blocks what was done to the same name later, and a rename is whole or not at all.
      if (names.some((name) => blocked.has(name)) || this.#chance.below(2) === 0) {
        for (const name of names) blocked.add(name);
      } else apply(change, this.#durableNames);
    }
    this.#names = new Map(this.#durableNames);
    for (const file of new Set(this.#names.values())) file.crash(this.#chance);
  }

  /** The process ends; the system goes on and keeps what it was given. */
  kill(): void {
    this.#life += 1;
  }

  /** Everything that was written becomes durable, whoever lied about it. */
  settle(): void {
    this.syncNames(this.#changes.slice());
    for (const file of new Set(this.#names.values())) file.settle(file.pending());
  }

  /** Everything is lost, as when the disk is replaced. */
  wipe(): void {
    this.#life += 1;
    this.#names = new Map();
    this.#durableNames = new Map();
    this.#changes = [];
  }

  get files(): readonly { readonly name: string; readonly size: number }[] {
    return [...this.#names].map(([name, file]) => ({ name, size: file.size }));
  }

  /** What a process would read. */
  contents(name: string): Buffer {
    return this.#file(name).read(0, this.#file(name).size);
  }

  /** Changes what lies on the disk behind everybody's back: flips the bits of `mask` in one byte. */
  rot(name: string, offset: number, mask = 1): void {
    this.#file(name).rot(offset, mask);
  }

  /** A file vanishes, or is cut, behind everybody's back. */
  lose(name: string, size?: number): void {
    if (size === undefined) {
      this.#names.delete(name);
      this.#durableNames.delete(name);
    } else this.#file(name).lose(size);
  }

  /** An exact copy, with chance of its own: to try several crashes from one moment. */
  copy(chance: Chance): VirtualDisk {
    const copy = new VirtualDisk(chance);
    const files = new Map<VirtualFile, VirtualFile>();
    const copied = (file: VirtualFile): VirtualFile => {
      const known = files.get(file) ?? file.copy();
      files.set(file, known);
      return known;
    };
    const all = (names: Map<string, VirtualFile>): Map<string, VirtualFile> =>
      new Map([...names].map(([name, file]) => [name, copied(file)]));
    copy.#names = all(this.#names);
    copy.#durableNames = all(this.#durableNames);
    copy.#changes = this.#changes.map((change) => ({ ...change, file: copied(change.file) }));
    copy.#calls = this.#calls;
    return copy;
  }

  // What a mount needs of it.

  get life(): number {
    return this.#life;
  }

  get chance(): Chance {
    return this.#chance;
  }

  get names(): ReadonlyMap<string, VirtualFile> {
    return this.#names;
  }

  get changes(): readonly NameChange[] {
    return [...this.#changes];
  }

  get room(): number {
    const files = [...new Set(this.#names.values())];
    return this.settings.capacity - files.reduce((sum, { size }) => sum + size, 0);
  }

  count(operation: Operation, name: string): Call {
    this.#calls += 1;
    return { number: this.#calls, operation, name };
  }

  change(change: NameChange): void {
    apply(change, this.#names);
    this.#changes.push(change);
  }

  syncNames(changes: readonly NameChange[]): void {
    for (const change of changes) {
      const at = this.#changes.indexOf(change);
      if (at === -1) continue; // another sync was quicker
      this.#changes.splice(at, 1);
      apply(change, this.#durableNames);
    }
  }

  #file(name: string): VirtualFile {
    const file = this.#names.get(name);
    if (file === undefined) throw new Error(`there is no file ${name}`);
    return file;
  }
}

function apply({ from, to, file }: NameChange, names: Map<string, VirtualFile>): void {
  if (from !== undefined) names.delete(from);
  if (to !== undefined) names.set(to, file);
}
