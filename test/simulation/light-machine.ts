// A state machine that is as small as one can be: values by key, and entries that carry what a client asked for, judged
// when they are applied. For worlds in which Raft is what is looked at.
import type { Position } from '#raft/driver/ports.ts';
import type { Entry, Index, SnapshotMeta, Term } from '#raft/types.ts';
import type { Value } from './keys-model.ts';

/** What a client asks for at once; `reads` is what it wants to find. */
export interface Transaction {
  readonly reads: readonly (readonly [key: string, value: Value])[];
  readonly writes: readonly (readonly [key: string, value: Value])[];
}

/** All that a machine holds. */
export interface Image {
  readonly position: Position;
  readonly values: ReadonlyMap<string, string>;
}

export const EMPTY_IMAGE: Image = {
  position: {
    index: 0 as Index,
    term: 0 as Term,
    configuration: [],
    configurationIndex: 0 as Index,
  },
  values: new Map(),
};

export class LightMachine {
  #position: Position;
  #values: Map<string, string>;
  #sum = 0;

  constructor(image: Image) {
    this.#position = image.position;
    this.#values = new Map(image.values);
    this.#sum = sumOf(this.#values);
  }

  get position(): Position {
    return this.#position;
  }

  get meta(): SnapshotMeta {
    return this.#position;
  }

  /** The same for the same state. */
  get checksum(): string {
    return `${this.#sum}/${this.#position.configurationIndex}`;
  }

  get(key: string): Value {
    return this.#values.get(key) ?? null;
  }

  list(prefix: string): readonly string[] {
    return [...this.#values.keys()].filter((key) => key.startsWith(prefix)).toSorted();
  }

  image(): Image {
    return { position: this.#position, values: new Map(this.#values) };
  }

  /** Whether the transaction of the entry found what it wanted; true for other entries. */
  apply(entry: Entry): boolean {
    const { index, term } = entry;
    if (index !== this.#position.index + 1) {
      throw new Error(`entry ${index} is applied behind ${this.#position.index}`);
    }
    if (entry.type === 'configuration') {
      const { configuration } = entry;
      this.#position = { index, term, configuration, configurationIndex: index };
      return true;
    }
    this.#position = { ...this.#position, index, term };
    return entry.type === 'noop' || this.#run(decodeTransaction(entry.data));
  }

  #run({ reads, writes }: Transaction): boolean {
    if (reads.some(([key, value]) => this.get(key) !== value)) return false;
    for (const [key, value] of writes) this.#set(key, value);
    return true;
  }

  #set(key: string, value: Value): void {
    const old = this.#values.get(key);
    if (old !== undefined) this.#sum ^= hashOf(key, old);
    if (value === null) this.#values.delete(key);
    else {
      this.#values.set(key, value);
      this.#sum ^= hashOf(key, value);
    }
  }
}

export function encodeTransaction(transaction: Transaction): Uint8Array {
  return Buffer.from(JSON.stringify(transaction));
}

function decodeTransaction(data: Uint8Array): Transaction {
  return JSON.parse(Buffer.from(data).toString()) as Transaction; // only what is encoded above comes here
}

function sumOf(values: ReadonlyMap<string, string>): number {
  let sum = 0;
  for (const [key, value] of values) sum ^= hashOf(key, value);
  return sum;
}

function hashOf(key: string, value: string): number {
  let hash = 0x811c9dc5;
  const text = `${key}=${value}`;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) | 0;
}
