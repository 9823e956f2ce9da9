// A virtual disk as one process sees it: each call counts, may meet a fault, takes its time, and is never answered once the
// process is gone.
import {
  DiskError,
  DiskFullError,
  type Disk,
  type DiskFile,
  type Timer,
} from '#raft/driver/ports.ts';
import type { Fault, Operation, VirtualDisk } from './disk.ts';
import { VirtualFile, type Pending } from './virtual-file.ts';

/** What all calls have in common. */
class Caller {
  readonly disk: VirtualDisk;
  readonly #timer: Timer | undefined;
  readonly #life: number;

  constructor(disk: VirtualDisk, timer: Timer | undefined) {
    this.disk = disk;
    this.#timer = timer;
    this.#life = disk.life;
  }

  /** `begin` happens now and `finish` when the answer comes. */
  async call<Begun, Result>(
    [operation, name]: readonly [Operation, string],
    begin: (fault: Fault | undefined) => Begun,
    finish: (begun: Begun, fault: Fault | undefined) => Result,
  ): Promise<Result> {
    if (this.disk.life !== this.#life) return forever();
    const call = this.disk.count(operation, name);
    const fault = this.disk.settings.fault(call);
    if (this.disk.life !== this.#life) return forever(); // the fault was a crash
    const begun = begin(fault);
    const latency = this.disk.settings.latency(call);
    const delay = fault?.type === 'hang' ? (fault.milliseconds ?? Infinity) : latency;
    if (delay === Infinity) return forever();
    if (delay > 0 && this.#timer !== undefined) await waited(this.#timer, delay);
    if (this.disk.life !== this.#life) return forever();
    const result = finish(begun, fault);
    if (fault?.type === 'full') throw new DiskFullError(`cannot ${operation} ${name}: ENOSPC`);
    if (fault?.type === 'error') throw new DiskError(`cannot ${operation} ${name}: EIO`);
    return result;
  }
}

export class MountedDisk implements Disk {
  readonly #caller: Caller;

  constructor(disk: VirtualDisk, timer: Timer | undefined) {
    this.#caller = new Caller(disk, timer);
  }

  list(): Promise<readonly string[]> {
    return this.#caller.call(['list', ''], nothing, () => [...this.#disk.names.keys()]);
  }

  open(name: string): Promise<DiskFile> {
    return this.#caller.call(['open', name], nothing, () => this.#opened(name));
  }

  create(name: string): Promise<DiskFile> {
    return this.#caller.call(
      ['create', name],
      (fault) => {
        if (isRefused(fault)) return;
        if (this.#disk.names.has(name)) throw new DiskError(`cannot create ${name}: EEXIST`);
        this.#disk.change({ from: undefined, to: name, file: new VirtualFile() });
      },
      (_, fault) => (isRefused(fault) ? refused() : this.#opened(name)),
    );
  }

  rename(from: string, to: string): Promise<void> {
    return this.#caller.call(
      ['rename', from],
      (fault) => {
        if (isRefused(fault)) return;
        const file = this.#disk.names.get(from);
        if (file === undefined) throw new DiskError(`cannot rename ${from}: ENOENT`);
        this.#disk.change({ from, to, file });
      },
      nothing,
    );
  }

  remove(name: string): Promise<void> {
    return this.#caller.call(
      ['remove', name],
      (fault) => {
        if (isRefused(fault)) return;
        const file = this.#disk.names.get(name);
        if (file === undefined) throw new DiskError(`cannot remove ${name}: ENOENT`);
        this.#disk.change({ from: name, to: undefined, file });
      },
      nothing,
    );
  }

  syncFolder(): Promise<void> {
    return this.#caller.call(
      ['syncFolder', ''],
      () => this.#disk.changes,
      (changes, fault) => {
        if (fault === undefined || fault.type === 'hang') this.#disk.syncNames(changes);
      },
    );
  }

  #opened(name: string): DiskFile {
    const file = this.#disk.names.get(name);
    if (file === undefined) throw new DiskError(`cannot open ${name}: ENOENT`);
    return new MountedFile(this.#caller, name, file);
  }

  get #disk(): VirtualDisk {
    return this.#caller.disk;
  }
}

class MountedFile implements DiskFile {
  readonly #caller: Caller;
  readonly #name: string;
  readonly #file: VirtualFile;

  constructor(caller: Caller, name: string, file: VirtualFile) {
    this.#caller = caller;
    this.#name = name;
    this.#file = file;
  }

  get size(): number {
    return this.#file.size;
  }

  read(offset: number, length: number): Promise<Buffer> {
    return this.#caller.call(['read', this.#name], nothing, () => this.#file.read(offset, length));
  }

  write(offset: number, bytes: Uint8Array): Promise<void> {
    return this.#write('write', offset, bytes);
  }

  writeDurably(offset: number, bytes: Uint8Array): Promise<void> {
    return this.#write('writeDurably', offset, bytes);
  }

  allocate(size: number): Promise<void> {
    return this.#write('allocate', this.#file.size, Buffer.alloc(Math.max(0, size - this.size)));
  }

  truncate(size: number): Promise<void> {
    return this.#caller.call(
      ['truncate', this.#name],
      (fault) => {
        if (!isRefused(fault)) this.#file.truncate(size);
      },
      nothing,
    );
  }

  sync(): Promise<void> {
    return this.#caller.call(
      ['sync', this.#name],
      () => this.#file.pending(),
      (pending, fault) => this.#settle(pending, fault),
    );
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #write(
    operation: 'write' | 'writeDurably' | 'allocate',
    offset: number,
    bytes: Uint8Array,
  ): Promise<void> {
    return this.#caller.call(
      [operation, this.#name],
      (fault) => this.#put(offset, bytes, fault),
      ({ pending, isFull }, fault) => {
        if (operation === 'writeDurably') this.#settle(pending, fault);
        if (isFull) throw new DiskFullError(`cannot ${operation} ${this.#name}: ENOSPC`);
      },
    );
  }

  #put(
    offset: number,
    bytes: Uint8Array,
    fault: Fault | undefined,
  ): { readonly pending: readonly Pending[]; readonly isFull: boolean } {
    const growth = Math.max(0, offset + bytes.length - this.size);
    const isFull = growth > Math.max(0, this.#caller.disk.room);
    if (isFull || isRefused(fault)) {
      // Not more of it than fits: what was refused for want of room does not make the file grow.
      const fits = bytes.subarray(0, Math.max(0, Math.min(bytes.length, this.size - offset)));
      return { pending: this.#file.writeSome(offset, fits, this.#caller.disk.chance), isFull };
    }
    const place = fault?.type === 'misdirect' ? offset + fault.sectors * 512 : offset;
    return { pending: this.#file.write(Math.max(0, place), bytes), isFull: false };
  }

  #settle(pending: readonly Pending[], fault: Fault | undefined): void {
    if (fault?.type === 'lie') return;
    if (isRefused(fault)) this.#file.forget(pending, this.#caller.disk.chance);
    else this.#file.settle(pending);
  }
}

const isRefused = (fault: Fault | undefined): boolean =>
  fault?.type === 'full' || fault?.type === 'error';

const nothing = (): void => undefined;

/** The caller is given the error of the fault instead. */
const refused = (): never => undefined as never;

const forever = <T>(): Promise<T> => new Promise(() => undefined);

const waited = (timer: Timer, delay: number): Promise<void> =>
  new Promise((resolve) => timer.after(delay, resolve));
