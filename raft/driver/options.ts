// What a driver is given: its settings, where the node stands, the world around it, and whom to tell.
import type { State } from '../state.ts';
import type { Index, Settings } from '../types.ts';
import type { CompactionSettings } from './compaction.ts';
import type { DurableLog } from './persister.ts';
import type { Disk, Meter, StateMachine, Timer } from './ports.ts';
import type { Role } from './standing.ts';

/** Who is told what happens. All of it is told between two steps, so that it may ask again. */
export interface DriverEvents {
  applied(through: Index): void;
  role(role: Role): void;
  /** The state is not what the log makes of it: it has to be thrown away and filled again. */
  diverged(index: Index): void;
}

export interface DriverOptions {
  readonly settings: Settings;
  readonly tickMs: number;
  readonly state: State;
  readonly timer: Timer;
  readonly log: DurableLog;
  /** Where the log is, and snapshots lie beside it. */
  readonly disk: Disk;
  /** The log begins after this index. */
  readonly start: Index;
  /** See `markRemoved`. */
  readonly isRemoved: boolean;
  readonly machine: StateMachine;
  readonly compaction: CompactionSettings;
  readonly events: DriverEvents;
  readonly meter?: Meter | undefined;
}
