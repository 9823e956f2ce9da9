// The log and the state machine as the driver uses them, with what they do counted and timed.
import type { Entry, HardState, Index, SnapshotMeta } from '../types.ts';
import type { DurableLog, LogExtent } from './persister.ts';
import type { Chore, Meter, Position, Snapshot, StateMachine, Timer } from './ports.ts';

/** Where the figures go, and what they are taken with. */
export interface Gauging {
  readonly meter: Meter;
  readonly timer: Pick<Timer, 'now'>;
}

export class MeteredLog implements DurableLog {
  readonly #log: DurableLog;
  readonly #gauging: Gauging;

  constructor(log: DurableLog, gauging: Gauging) {
    this.#log = log;
    this.#gauging = gauging;
  }

  get extent(): LogExtent {
    return this.#log.extent;
  }

  async append(hardState: HardState | undefined, entries: readonly Entry[]): Promise<void> {
    const { meter, timer } = this.#gauging;
    const since = timer.now();
    await this.#log.append(hardState, entries);
    if (entries.length > 0) meter.logged(entries, timer.now() - since);
  }

  compact(through: Index): Promise<void> {
    return timed('compact', this.#gauging, () => this.#log.compact(through));
  }

  reset(snapshot: SnapshotMeta): Promise<void> {
    return this.#log.reset(snapshot);
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}

export class MeteredMachine implements StateMachine {
  readonly #machine: StateMachine;
  readonly #gauging: Gauging;

  constructor(machine: StateMachine, gauging: Gauging) {
    this.#machine = machine;
    this.#gauging = gauging;
  }

  get position(): Position {
    return this.#machine.position;
  }

  apply(entries: readonly Entry[]): Promise<void> | undefined {
    const { meter, timer } = this.#gauging;
    const since = timer.now();
    const applied = (): void => meter.applied(entries.length, timer.now() - since);
    const slow = this.#machine.apply(entries);
    if (slow !== undefined) return slow.then(applied);
    applied();
    return undefined;
  }

  sync(): Promise<Position> {
    return timed('sync', this.#gauging, () => this.#machine.sync());
  }

  snapshot(): Snapshot {
    const { meter, timer } = this.#gauging;
    const since = timer.now();
    const snapshot = this.#machine.snapshot();
    meter.did('snapshot', timer.now() - since);
    return snapshot;
  }

  restore(snapshot: Snapshot): Promise<void> {
    return timed('restore', this.#gauging, () => this.#machine.restore(snapshot));
  }

  checksum(): Uint8Array {
    return this.#machine.checksum();
  }
}

/** Work that fails is not counted. */
export async function timed<T>(
  chore: Chore,
  { meter, timer }: Gauging,
  work: () => Promise<T>,
): Promise<T> {
  const since = timer.now();
  const answer = await work();
  meter.did(chore, timer.now() - since);
  return answer;
}
