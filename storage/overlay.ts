// What was applied and does not lie on the medium yet: the last record of each key. One part is being written, the other
// gathers what comes meanwhile.
import type { Records } from './machine-medium.ts';

const NOTHING: Records = new Map();

/** What an entry of a Map takes besides its record, roughly. */
const PLACE_BYTES = 200;

export class Overlay {
  #gathering = new Map<string, Buffer | undefined>();
  #writing: Records = NOTHING;
  #gatheringBytes = 0;
  #writingBytes = 0;

  /** All that is held here, records that were overwritten before they were written not being counted off. */
  get bytes(): number {
    return this.#gatheringBytes + this.#writingBytes;
  }

  /** What the next `take` will give, by the same count. */
  get gatheringBytes(): number {
    return this.#gatheringBytes;
  }

  /** The record of a key that is there, if it is here. */
  get(key: string): Buffer | undefined {
    return this.#gathering.get(key) ?? this.#writing.get(key);
  }

  put(key: string, record: Buffer | undefined): void {
    this.#gathering.set(key, record);
    this.#gatheringBytes += PLACE_BYTES + (record?.length ?? 0);
  }

  /** All that has gathered, to be written now. It stays readable here until `landed`. */
  take(): Records {
    this.#writing = this.#gathering;
    this.#writingBytes = this.#gatheringBytes;
    this.#gathering = new Map();
    this.#gatheringBytes = 0;
    return this.#writing;
  }

  /** What was taken could not be written: it gathers again, behind what came meanwhile. */
  takeBack(): void {
    this.#gathering = new Map([...this.#writing, ...this.#gathering]);
    this.#gatheringBytes += this.#writingBytes;
    this.landed();
  }

  landed(): void {
    this.#writing = NOTHING;
    this.#writingBytes = 0;
  }
}
