// What the write-ahead log knows of its contents without the entries: where it begins and ends, which terms and
// configurations it went through. So it can say what the start of the log is once it has been cut anywhere.
import type { Configuration, Entry, Index, SnapshotMeta, Term } from '../types.ts';

/** The log of a node that has not been told of a cluster. */
export const EMPTY_START: SnapshotMeta = {
  index: 0 as Index,
  term: 0 as Term,
  configuration: [],
  configurationIndex: 0 as Index,
};

interface From<Value> {
  readonly from: Index;
  readonly value: Value;
}

export class LogOutline {
  #start: SnapshotMeta = EMPTY_START;
  #lastIndex: Index = EMPTY_START.index;
  /** In force from an index on; the first covers the start. */
  #terms: From<Term>[] = [];
  #configurations: From<Configuration>[] = [];

  constructor(start: SnapshotMeta, entries: readonly Entry[]) {
    this.reset(start);
    for (const entry of entries) this.append(entry);
  }

  get start(): SnapshotMeta {
    return this.#start;
  }

  get lastIndex(): Index {
    return this.#lastIndex;
  }

  /** An entry replaces what the log holds from its index on. */
  append(entry: Entry): void {
    if (entry.index <= this.#lastIndex) this.#truncate(entry.index);
    if (entry.term !== this.#terms.at(-1)?.value) {
      this.#terms.push({ from: entry.index, value: entry.term });
    }
    if (entry.type === 'configuration') {
      this.#configurations.push({ from: entry.index, value: entry.configuration });
    }
    this.#lastIndex = entry.index;
  }

  reset(start: SnapshotMeta): void {
    this.#start = start;
    this.#lastIndex = start.index;
    this.#terms = [{ from: start.index, value: start.term }];
    this.#configurations = [{ from: start.configurationIndex, value: start.configuration }];
  }

  /** What the log begins after once its entries up to `through` are forgotten. */
  startAt(through: Index): SnapshotMeta {
    if (through < this.#start.index || through > this.#lastIndex) {
      throw new RangeError(`the log cannot be cut at ${through}: it does not hold that entry`);
    }
    const configuration = valueAt(this.#configurations, through);
    return {
      index: through,
      term: valueAt(this.#terms, through).value,
      configuration: configuration.value,
      configurationIndex: configuration.from,
    };
  }

  cut(start: SnapshotMeta): void {
    this.#start = start;
    this.#terms = since(this.#terms, start.index);
    this.#configurations = since(this.#configurations, start.index);
  }

  #truncate(index: Index): void {
    this.#terms = this.#terms.filter(({ from }, at) => at === 0 || from < index);
    this.#configurations = this.#configurations.filter(({ from }, at) => at === 0 || from < index);
  }
}

function valueAt<Value>(values: readonly From<Value>[], index: Index): From<Value> {
  const found = values.findLast(({ from }) => from <= index) ?? values[0];
  if (found === undefined) throw new RangeError('a log has at least the value that it starts with');
  return found;
}

/** Without what was followed by another value up to `index`. */
function since<Value>(values: From<Value>[], index: Index): From<Value>[] {
  const first = values.findLastIndex(({ from }) => from <= index);
  return values.slice(Math.max(first, 0));
}
