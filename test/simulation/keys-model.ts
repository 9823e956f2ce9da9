// What operations on keys do, for the check of linearizability: reads, writes, lists and transactions on the keys of one
// folder. Folders do not know of each other, so that each is checked alone.
import type { Model, Operation } from './linearizability.ts';

/** `null` stands for a key that is not there. */
export type Value = string | null;

/** All that a call saw and did, at one moment. */
export interface Call {
  /** What keys held when it happened. */
  readonly reads?: ReadonlyMap<string, Value>;
  /** The keys of the folder that were there. */
  readonly names?: readonly string[];
  readonly writes?: ReadonlyMap<string, Value>;
  /**
   * `done`: it saw `reads` and `names`, and its writes took effect. `mismatch`: it saw anything but all of `reads`, and
   * wrote nothing. `unknown`: it wrote if it saw what it wanted to see.
   */
  readonly outcome: 'done' | 'mismatch' | 'unknown';
}

interface Keys {
  readonly values: ReadonlyMap<string, string>;
  readonly text: string;
}

export const keysModel: Model<Keys, Call> = {
  initial: { values: new Map(), text: '' },
  step: (state, call) => {
    if (call.outcome === 'mismatch') return sees(state, call) ? undefined : state;
    if (sees(state, call)) return call.writes === undefined ? state : written(state, call.writes);
    return call.outcome === 'unknown' ? state : undefined;
  },
  keyOf: ({ text }) => text,
};

/** An operation on whole paths, as a client that knows nothing of models writes it down: one line of JSON each. */
export interface RecordedOperation {
  readonly client: number | string;
  readonly key: string;
  readonly op: 'read' | 'write' | 'delete' | 'cas' | 'list';
  /** What was read (`null`: absent), written, or listed. */
  readonly value?: Value | readonly string[];
  /** `cas` only: what the key had to hold. */
  readonly expected?: Value;
  readonly start: number;
  /** Absent or `null` when no answer came. */
  readonly end?: number | null;
  /**
   * `failed`: surely nothing was done, and nothing seen. `mismatch`: a `cas` that found something else. `unknown`: it
   * may have been done, or be done later.
   */
  readonly outcome: 'ok' | 'failed' | 'mismatch' | 'unknown';
}

/** The operations on each folder (the key up to its last slash; a key without one is alone). */
export function byFolder(
  recorded: Iterable<RecordedOperation>,
): ReadonlyMap<string, readonly Operation<Call>[]> {
  const folders = new Map<string, Operation<Call>[]>();
  for (const one of recorded) {
    if (one.outcome === 'failed' || saysNothing(one)) continue;
    const folder = folderOf(one);
    const operations = folders.get(folder) ?? [];
    operations.push({
      call: callOf(one),
      start: one.start,
      end: one.outcome === 'unknown' ? undefined : (one.end ?? undefined),
    });
    folders.set(folder, operations);
  }
  return folders;
}

function folderOf({ key, op }: RecordedOperation): string {
  if (op === 'list') return key;
  const slash = key.lastIndexOf('/');
  return slash < 0 ? key : key.slice(0, slash + 1);
}

/** A read that was never answered. */
function saysNothing({ op, outcome }: RecordedOperation): boolean {
  return outcome === 'unknown' && (op === 'read' || op === 'list');
}

function callOf(one: RecordedOperation): Call {
  const value = typeof one.value === 'string' ? one.value : null;
  const name = one.key;
  const outcome = one.outcome === 'ok' || one.outcome === 'failed' ? 'done' : one.outcome;
  switch (one.op) {
    case 'read':
      return { reads: new Map([[name, value]]), outcome };
    case 'write':
      return { writes: new Map([[name, value]]), outcome };
    case 'delete':
      return { writes: new Map([[name, null]]), outcome };
    case 'cas':
      return {
        reads: new Map([[name, one.expected ?? null]]),
        writes: new Map([[name, value]]),
        outcome,
      };
    case 'list': {
      const names = Array.isArray(one.value) ? (one.value as readonly string[]) : [];
      return { names: names.map((below) => one.key + below), outcome };
    }
  }
}

function sees({ values }: Keys, { reads, names }: Call): boolean {
  for (const [name, value] of reads ?? []) if ((values.get(name) ?? null) !== value) return false;
  if (names === undefined) return true;
  return names.length === values.size && names.every((name) => values.has(name));
}

function written(state: Keys, writes: ReadonlyMap<string, Value>): Keys {
  const values = new Map(state.values);
  for (const [name, value] of writes) {
    if (value === null) values.delete(name);
    else values.set(name, value);
  }
  const sorted = [...values].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { values, text: JSON.stringify(sorted) };
}
