// One state from its beginning to the moment when another one replaces it as a whole: the directory, the medium, and what
// is on its way from one to the other.
import type { Directory } from './directory.ts';
import type { MachineMedium, Records } from './machine-medium.ts';
import type { Staging } from './machine-state.ts';
import { Overlay } from './overlay.ts';
import { DamagedError, type Index } from './physical.ts';
import { fingerprintOf, type Written } from './record.ts';

export class Generation {
  readonly directory: Directory;
  readonly medium: MachineMedium;
  readonly overlay = new Overlay();
  /** The state that is being laid aside, if any. */
  staging: Staging | undefined;

  constructor(directory: Directory, medium: MachineMedium, staging?: Staging) {
    this.directory = directory;
    this.medium = medium;
    this.staging = staging;
  }

  apply(index: Index, writes: ReadonlyMap<string, Written | undefined>): void {
    for (const [key, written] of writes) {
      if (written === undefined && this.directory.entry(key) === undefined) continue;
      this.overlay.put(key, written?.record);
    }
    this.directory.apply(index, writes);
  }

  /**
   * The record of a key, checked.
   *
   * @throws DamagedError when the bytes are not those that were written
   */
  record(key: string): Buffer | undefined {
    const entry = this.directory.entry(key);
    if (entry === undefined) return undefined;
    const record = this.overlay.get(key) ?? this.medium.read(key);
    if (record === undefined) throw new DamagedError(`the record of ${key} is missing`);
    if (fingerprintOf(record) !== entry.fingerprint) {
      throw new DamagedError(`the record of ${key} is not the one that was written`);
    }
    return record;
  }

  /** Writes what has gathered, with the state that it leads to. */
  async write(state: Buffer): Promise<void> {
    const records: Records = this.overlay.take();
    await this.medium.write(records, state);
    this.overlay.landed();
  }
}
