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
    const now = timer.now();
    if (entries.length > 0) meter.logged(entries, now - since, now);
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
    // Whoever has it applied takes the time of that.
    return this.#machine.apply(entries);
  }

  sync(): Promise<Position> {
    return timed('sync', this.#gauging, () => this.#machine.sync());
  }

  snapshot(): Snapshot {
    const { meter, timer } = this.#gauging;
    const since = timer.now();
    const snapshot = this.#machine.snapshot();
    const now = timer.now();
    meter.did('snapshot', now - since, now);
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
  const now = timer.now();
  meter.did(chore, now - since, now);
  return answer;
}
