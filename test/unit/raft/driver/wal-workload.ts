// A scripted life of a write-ahead log, and what the log may hold after each of its steps.
import { isDeepStrictEqual } from 'node:util';
import { setImmediate } from 'node:timers/promises';
import type { Disk } from '#raft/driver/ports.ts';
import { openWal, type OpenedWal } from '#raft/driver/wal-open.ts';
import type { Wal } from '#raft/driver/wal.ts';
import type {
  Configuration,
  Entry,
  HardState,
  Index,
  NodeId,
  SnapshotMeta,
  Term,
} from '#raft/types.ts';
import type { Random } from '#test/helpers/random.ts';
import { VirtualDisk } from '#test/simulation/disk.ts';

export const SETTINGS = { segmentBytes: 8 * 1024 };

/** What a log adds up to. */
export interface Log {
  readonly hardState: HardState;
  readonly start: SnapshotMeta;
  readonly entries: readonly Entry[];
}

export interface Step {
  readonly act: (wal: Wal) => Promise<unknown>;
  /** The logs that the step goes through; it is done with the last. */
  readonly through: readonly Log[];
}

export const data = (index: number, term: number, bytes = 200): Entry => ({
  type: 'data',
  index: index as Index,
  term: term as Term,
  data: Buffer.alloc(bytes, `${index}.${term} `),
});

export const noop = (index: number, term: number): Entry => ({
  type: 'noop',
  index: index as Index,
  term: term as Term,
});

export const servers = (...ids: readonly string[]): Configuration =>
  ids.map((id) => ({ id: id as NodeId, address: `${id}:8201`, suffrage: 'voter' }));

export const change = (index: number, term: number, ...ids: readonly string[]): Entry => ({
  type: 'configuration',
  index: index as Index,
  term: term as Term,
  configuration: servers(...ids),
});

export const vote = (term: number, votedFor: string | undefined, commit: number): HardState => ({
  term: term as Term,
  votedFor: votedFor as NodeId | undefined,
  commit: commit as Index,
  isRecovering: false,
});

export const EMPTY: Log = {
  hardState: vote(0, undefined, 0),
  start: {
    index: 0 as Index,
    term: 0 as Term,
    configuration: [],
    configurationIndex: 0 as Index,
  },
  entries: [],
};

/** The steps of a script, each written down with what it leads to. */
export function script(build: (script: Script) => void): readonly Step[] {
  const made = new Script();
  build(made);
  return made.steps;
}

export class Script {
  readonly steps: Step[] = [];
  #log: Log = EMPTY;

  /** Calls that are made at once. */
  append(...calls: readonly (readonly [HardState | undefined, readonly Entry[]])[]): void {
    const through: Log[] = [];
    for (const [hardState, entries] of calls) {
      if (hardState !== undefined) through.push({ ...this.#last(through), hardState });
      // A large call is written in parts, and each prefix is a log that the node may have.
      for (let count = 1; count <= entries.length; count++) {
        const log = this.#last(through);
        through.push({ ...log, entries: replaced(log, entries.slice(count - 1, count)) });
      }
    }
    this.#step(through, (wal) =>
      Promise.all(calls.map(([hardState, entries]) => wal.append(hardState, entries))),
    );
  }

  compact(through: number, start: SnapshotMeta): void {
    const { hardState, entries } = this.#log;
    const kept = entries.filter(({ index }) => index > through);
    this.#step([{ hardState, start, entries: kept }], (wal) => wal.compact(through as Index));
  }

  reset(start: SnapshotMeta): void {
    const { hardState } = this.#log;
    this.#step([{ hardState, start, entries: [] }], (wal) => wal.reset(start));
  }

  #last(through: readonly Log[]): Log {
    return through.at(-1) ?? this.#log;
  }

  #step(through: readonly Log[], act: Step['act']): void {
    this.steps.push({ act, through });
    this.#log = this.#last(through);
  }
}

function replaced({ entries }: Log, by: readonly Entry[]): readonly Entry[] {
  const first = by[0]?.index ?? Infinity;
  return [...entries.filter(({ index }) => index < first), ...by];
}

/** What an opened log may be, when some steps are done and another one may be under way. */
export function isOneOf(opened: Log, done: Log, underWay: readonly Log[]): boolean {
  const possible = [done, ...underWay];
  const log = possible.find(
    ({ start, entries }) =>
      isDeepStrictEqual(opened.start, start) && isDeepStrictEqual(opened.entries, entries),
  );
  if (log === undefined) return false;
  // Term and vote may be ahead of the entries, never behind them; the commit may be of either.
  const ahead = possible.slice(possible.indexOf(log));
  const last = opened.entries.at(-1)?.index ?? opened.start.index;
  const clamped = (commit: number): number => Math.max(opened.start.index, Math.min(commit, last));
  return (
    possible.some(({ hardState }) => clamped(hardState.commit) === opened.hardState.commit) &&
    ahead.some(({ hardState }) =>
      isDeepStrictEqual({ ...hardState, commit: 0 }, { ...opened.hardState, commit: 0 }),
    )
  );
}

export const logOf = ({ hardState, start, entries }: OpenedWal): Log => ({
  hardState,
  start,
  entries: entries.map((entry) =>
    entry.type === 'data' ? { ...entry, data: Buffer.from(entry.data) } : entry,
  ),
});

/** Where a life ended: which call of the disk was the last, and what was done by then. */
export interface End {
  readonly device: VirtualDisk;
  readonly done: Log;
  readonly underWay: readonly Log[];
  readonly isFinished: boolean;
}

/** Lives up to a call of the disk, which begins and is never answered; what does not need it may still go on. */
export async function liveUntil(
  stopAt: number,
  random: Random,
  life: (disk: Disk, report: (done: Log, underWay: readonly Log[]) => void) => Promise<void>,
): Promise<End> {
  const device = new VirtualDisk(random);
  let [done, underWay]: [Log, readonly Log[]] = [EMPTY, []];
  let isFinished = false;
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  device.settings.fault = ({ number }) => {
    if (number < stopAt) return undefined;
    stop();
    return number === stopAt ? { type: 'hang' } : undefined;
  };
  const lived = life(device.mount(), (nowDone, nowUnderWay) => {
    [done, underWay] = [nowDone, nowUnderWay];
  }).then(() => (isFinished = true));
  await Promise.race([lived, stopped]);
  if (random.below(2) === 0) await setImmediate();
  device.settings.fault = () => undefined;
  return { device, done, underWay, isFinished };
}

export const meta = (index: number, term: number, at: number, ...ids: string[]): SnapshotMeta => ({
  index: index as Index,
  term: term as Term,
  configuration: servers(...ids),
  configurationIndex: at as Index,
});

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** Every kind of work, over several segments. */
export const STEPS = script((life) => {
  life.append([vote(1, 'a', 0), [change(1, 1, 'a'), noop(2, 1)]]);
  life.append([undefined, [data(3, 1)]], [undefined, [data(4, 1), data(5, 1)]]);
  life.append([vote(1, 'a', 5), range(6, 20).map((index) => data(index, 1))]);
  life.append([vote(2, 'b', 5), []]);
  life.append([vote(2, 'b', 10), [noop(15, 2), change(16, 2, 'a', 'b'), data(17, 2)]]);
  life.compact(10, meta(10, 1, 1, 'a'));
  life.append([undefined, [data(18, 2, 1500)]], [vote(3, undefined, 18), [data(19, 2, 3000)]]);
  life.append([undefined, range(20, 45).map((index) => data(index, 3, 500))]);
  life.compact(40, meta(40, 3, 16, 'a', 'b'));
  life.append([vote(4, 'a', 45), [noop(46, 4), data(47, 4, 10_000)]]);
  life.reset(meta(90, 4, 60, 'a', 'b', 'c'));
  life.append([vote(5, 'c', 90), range(91, 100).map((index) => data(index, 5))]);
  life.compact(95, meta(95, 5, 60, 'a', 'b', 'c'));
});

export async function live(
  disk: Disk,
  report: (done: Log, underWay: readonly Log[]) => void,
  { steps, settings } = { steps: STEPS, settings: SETTINGS },
): Promise<void> {
  const { wal } = await openWal(disk, settings);
  let done = EMPTY;
  for (const { act, through } of steps) {
    report(done, through);
    await act(wal);
    done = through.at(-1) ?? done;
    report(done, []);
  }
  await wal.close();
}
