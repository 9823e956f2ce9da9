// A medium in memory whose writes end when the test says so, well or badly: a slow disk, a failing disk.
import type { Medium } from '#storage/commits.ts';
import { Directory } from '#storage/directory.ts';
import type { Physical } from '#storage/physical.ts';
import { Store } from '#storage/store.ts';

type Records = ReadonlyMap<string, Buffer | undefined>;

export class ControlledMedium implements Medium {
  readonly immediate = false;
  readonly records = new Map<string, Buffer>();
  /** How many records each write had. */
  readonly writes: number[] = [];
  #running: (PromiseWithResolvers<void> & { readonly records: Records }) | undefined;
  readonly #auto: boolean;

  /** `auto`: each write ends by itself, a turn of the event loop later. */
  constructor({ auto = false } = {}) {
    this.#auto = auto;
  }

  get isWriting(): boolean {
    return this.#running !== undefined;
  }

  read(key: string): Buffer | undefined {
    return this.records.get(key);
  }

  write(records: Records): Promise<void> {
    if (this.#running !== undefined) throw new Error('two writes at a time');
    this.writes.push(records.size);
    this.#running = { ...Promise.withResolvers<void>(), records };
    if (this.#auto) setImmediate(() => this.finish());
    return this.#running.promise;
  }

  /** Shows what is being written, as a disk may do before it says that it is done. */
  showEarly(): void {
    for (const [key, record] of this.#running?.records ?? []) {
      if (record === undefined) this.records.delete(key);
      else this.records.set(key, record);
    }
  }

  finish(): void {
    this.showEarly();
    const running = this.#running;
    this.#running = undefined;
    running?.resolve();
  }

  fail(error: Error): void {
    const running = this.#running;
    this.#running = undefined;
    running?.reject(error);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export function openControlled(medium: Medium): Physical {
  return new Store(new Directory(), medium);
}

/** Lets all that is due happen, timers apart. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve));
  });
}
