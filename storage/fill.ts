// Fills an empty medium with a state that comes as a stream of bytes, and believes it only if it adds up.
import { Directory } from './directory.ts';
import { Generation, type Standing } from './generation.ts';
import type { MachineMedium } from './machine-medium.ts';
import { RESERVED_PREFIX } from './entry.ts';
import { DamagedError, type Index } from './physical.ts';
import { decodeRecord, encodeRecord, fingerprintOf, StateHash } from './record.ts';
import { beginStaging, chunkKey, stageChunk, type Staging } from './staging.ts';
import { readParts, type Part, type Sum } from './state-stream.ts';

/** Records are written in groups of this size. */
const GROUP_BYTES = 4 * 1024 * 1024;

export interface FillPlan {
  readonly standing: Standing;
  /**
   * `keep`: it is the state of another node. `restamp`: it comes from an archive, and its records count as written by
   * the entry that brings it, because their own indexes are those of another history.
   */
  readonly indexes: 'keep' | 'restamp';
}

/** @throws DamagedError when it is not a whole state; StorageError when the disk fails */
export async function fill(
  medium: MachineMedium,
  pieces: AsyncIterable<Uint8Array>,
  plan: FillPlan,
): Promise<Generation> {
  const filling = new Filling(medium, plan);
  for await (const parts of readParts(pieces)) {
    for (const part of parts) filling.take(part);
    if (filling.bytes > GROUP_BYTES) await filling.write();
  }
  return filling.finish();
}

class Filling {
  readonly #medium: MachineMedium;
  readonly #plan: FillPlan;
  readonly #directory = new Directory();
  /** Of the records as they came. */
  readonly #hash = new StateHash();
  #count = 0;
  #sum: Sum | undefined;
  #staging: Staging | undefined;
  #group = new Map<string, Buffer>();
  #bytes = 0;

  constructor(medium: MachineMedium, plan: FillPlan) {
    this.#medium = medium;
    this.#plan = plan;
    this.#directory.startAt(plan.standing.index);
  }

  get bytes(): number {
    return this.#bytes;
  }

  take(part: Part): void {
    switch (part.type) {
      case 'sum':
        this.#sum = part.sum;
        if (part.sum.staging !== undefined) this.#staging = beginStaging(part.sum.staging.begun);
        break;
      case 'record':
        this.#takeRecord(part.bytes);
        break;
      case 'staged':
        this.#takeStaged(part.bytes);
        break;
      case 'end':
        this.#check();
        break;
    }
  }

  async write(): Promise<void> {
    const group = this.#group;
    this.#group = new Map();
    this.#bytes = 0;
    await this.#medium.write(group, undefined);
  }

  async finish(): Promise<Generation> {
    await this.write();
    const staging = this.#plan.indexes === 'keep' ? this.#staging : undefined;
    const generation = new Generation(this.#directory, this.#medium, staging);
    await generation.write(this.#plan.standing);
    return generation;
  }

  #takeRecord(bytes: Buffer): void {
    const record = decodeRecord(bytes);
    if (record === undefined || record.key.startsWith(RESERVED_PREFIX)) {
      throw new DamagedError('a state has a record that cannot be one');
    }
    const { key, value, index } = record;
    this.#hash.add(fingerprintOf(bytes));
    this.#count += 1;
    const now = this.#plan.standing.index;
    if (this.#plan.indexes === 'restamp') {
      this.#put(key, encodeRecord({ key, value, index: now }), now);
    } else {
      if (index > now) throw new DamagedError(`a state has a record of ${key} from after its end`);
      // What comes is part of a larger buffer, and would keep all of it in memory.
      this.#put(key, Buffer.from(bytes), index);
    }
  }

  #put(key: string, record: Buffer, index: Index): void {
    const entry = { index, fingerprint: fingerprintOf(record) };
    this.#directory.put(key, entry, this.#plan.standing.index);
    this.#group.set(key, record);
    this.#bytes += record.length;
  }

  #takeStaged(bytes: Buffer): void {
    // An archive is a state of another history: nobody is going on with what was laid aside there.
    if (this.#plan.indexes === 'restamp') return;
    if (this.#staging === undefined) throw new DamagedError('a state has a piece of no other');
    this.#group.set(chunkKey(this.#staging.begun, this.#staging.chunks), Buffer.from(bytes));
    this.#bytes += bytes.length;
    this.#staging = stageChunk(this.#staging, bytes);
  }

  #check(): void {
    const { count, hash, staging } = this.#sum ?? { count: 0, hash: new StateHash() };
    const isWhole = this.#count === count && this.#directory.state().count === count;
    if (!isWhole || !this.#hash.equals(hash)) {
      throw new DamagedError(`a state does not add up (${this.#count} records of ${count})`);
    }
    if (this.#plan.indexes === 'keep' && this.#staging?.sum !== staging?.sum) {
      throw new DamagedError('a state has not all that was laid aside');
    }
  }
}
