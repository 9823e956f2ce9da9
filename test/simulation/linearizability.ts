// Whether a history of overlapping operations could have happened one at a time (Wing and Gong 1993, with Lowe's memory
// of what was tried). Knows nothing of Coffer; what the operations do is in `keys-model.ts`.

export interface Operation<Call> {
  readonly call: Call;
  readonly start: number;
  /** `undefined` when nobody knows how it ended: it may take effect at any time after its start, or never. */
  readonly end: number | undefined;
}

export interface Model<State, Call> {
  readonly initial: State;
  /** The state after the call, `undefined` when the call cannot have answered what it did in this state. */
  readonly step: (state: State, call: Call) => State | undefined;
  /** The same for equal states only. */
  readonly keyOf: (state: State) => string;
}

export type Verdict =
  | { readonly type: 'linearizable' }
  /** No order explains the operations; `stuckAt` is the place in the history that the search could not pass. */
  | { readonly type: 'violation'; readonly stuckAt: number }
  /** The search was ended at its bound of work. */
  | { readonly type: 'unknown' };

/** About a second of work. A history of correct storage needs a few steps per operation. */
const MAX_STEPS = 2_000_000;

/** A place in the list of calls and returns by time; lifted out while its operation is in the order that is tried. */
interface Moment {
  readonly operation: number;
  readonly isReturn: boolean;
  readonly time: number;
  before: Moment | undefined;
  after: Moment | undefined;
}

export function checkLinearizable<State, Call>(
  model: Model<State, Call>,
  operations: readonly Operation<Call>[],
  maxSteps: number = MAX_STEPS,
): Verdict {
  return new Search(model, operations).run(maxSteps);
}

interface Choice<State> {
  readonly moment: Moment;
  readonly state: State;
}

class Search<State, Call> {
  readonly #model: Model<State, Call>;
  readonly #operations: readonly Operation<Call>[];
  readonly #head: Moment;
  readonly #returns: readonly (Moment | undefined)[];
  readonly #tried: Tried;
  readonly #order: Choice<State>[] = [];
  /** Operations with a known end that are not in the order yet; those without need not ever be. */
  #left: number;
  #furthest = 0;

  constructor(model: Model<State, Call>, operations: readonly Operation<Call>[]) {
    this.#model = model;
    this.#operations = operations;
    const moments = momentsOf(operations);
    this.#head = linked(moments);
    const returns: (Moment | undefined)[] = operations.map(() => undefined);
    for (const moment of moments) if (moment.isReturn) returns[moment.operation] = moment;
    this.#returns = returns;
    this.#left = moments.filter(({ isReturn }) => isReturn).length;
    this.#tried = new Tried(operations.length);
  }

  run(maxSteps: number): Verdict {
    let state = this.#model.initial;
    let moment = this.#head.after;
    for (let steps = 0; this.#left > 0; steps++) {
      if (steps >= maxSteps) return { type: 'unknown' };
      if (moment === undefined || moment.isReturn) {
        // This operation has ended here, so it must have happened by now: take the last choice back.
        if (moment !== undefined) this.#furthest = Math.max(this.#furthest, moment.operation);
        const choice = this.#order.pop();
        if (choice === undefined) return { type: 'violation', stuckAt: this.#furthest };
        this.#putBack(choice.moment);
        state = choice.state;
        moment = choice.moment.after;
        continue;
      }
      const next = this.#try(moment, state);
      if (next === undefined) moment = moment.after;
      else {
        this.#order.push({ moment, state });
        state = next;
        this.#lift(moment);
        moment = this.#head.after;
      }
    }
    return { type: 'linearizable' };
  }

  #try(moment: Moment, state: State): State | undefined {
    const operation = this.#operations[moment.operation];
    const next = operation && this.#model.step(state, operation.call);
    if (next === undefined) return undefined;
    return this.#tried.isNew(moment.operation, this.#model.keyOf(next)) ? next : undefined;
  }

  #lift(moment: Moment): void {
    this.#tried.flip(moment.operation);
    unlink(moment);
    const end = this.#returns[moment.operation];
    if (end === undefined) return;
    unlink(end);
    this.#left -= 1;
  }

  #putBack(moment: Moment): void {
    this.#tried.flip(moment.operation);
    const end = this.#returns[moment.operation];
    if (end !== undefined) {
      relink(end);
      this.#left += 1;
    }
    relink(moment);
  }
}

/** The sets of operations that were in the order, each with the state that they led to. Exact: hashes only find. */
class Tried {
  readonly #bits: Uint32Array;
  readonly #known = new Map<number, { readonly bits: Uint32Array; readonly state: string }[]>();
  #hash = 0;

  constructor(operations: number) {
    this.#bits = new Uint32Array((operations + 31) >>> 5);
  }

  flip(operation: number): void {
    const word = operation >>> 5;
    this.#bits[word] = ((this.#bits[word] ?? 0) ^ (1 << (operation & 31))) >>> 0;
    this.#hash ^= scrambled(operation);
  }

  /** Whether the set as it is with `operation` has not been seen with this state. */
  isNew(operation: number, state: string): boolean {
    const hash = this.#hash ^ scrambled(operation) ^ hashOf(state);
    const bits = this.#bits.slice();
    const word = operation >>> 5;
    bits[word] = ((bits[word] ?? 0) | (1 << (operation & 31))) >>> 0;
    const known = this.#known.get(hash);
    if (known === undefined) {
      this.#known.set(hash, [{ bits, state }]);
      return true;
    }
    if (known.some((one) => one.state === state && isEqual(one.bits, bits))) return false;
    known.push({ bits, state });
    return true;
  }
}

function momentsOf(operations: readonly Operation<unknown>[]): readonly Moment[] {
  const blank = { before: undefined, after: undefined };
  const moments = operations.flatMap(({ start, end }, operation): Moment[] => {
    const call = { operation, isReturn: false, time: start, ...blank };
    return end === undefined ? [call] : [call, { operation, isReturn: true, time: end, ...blank }];
  });
  // Calls go before returns of the same time: operations that touch overlap.
  return moments.toSorted((a, b) => a.time - b.time || Number(a.isReturn) - Number(b.isReturn));
}

function linked(moments: readonly Moment[]): Moment {
  const head: Moment = {
    operation: -1,
    isReturn: false,
    time: -Infinity,
    before: undefined,
    after: undefined,
  };
  let last = head;
  for (const moment of moments) {
    last.after = moment;
    moment.before = last;
    last = moment;
  }
  return head;
}

function unlink(moment: Moment): void {
  if (moment.before !== undefined) moment.before.after = moment.after;
  if (moment.after !== undefined) moment.after.before = moment.before;
}

function relink(moment: Moment): void {
  if (moment.before !== undefined) moment.before.after = moment;
  if (moment.after !== undefined) moment.after.before = moment;
}

function scrambled(value: number): number {
  const mixed = Math.imul(value + 1, 0x9e3779b1);
  return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) | 0;
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash | 0;
}

function isEqual(a: Uint32Array, b: Uint32Array): boolean {
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
