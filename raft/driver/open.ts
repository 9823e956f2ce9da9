// Opens a node's part in its cluster from what lies on its disk: the log, and the state machine, which may be ahead of
// the log after a snapshot was installed, or behind it after it was lost.
import { newState } from '../state.ts';
import type { Configuration, NodeId, Restored, Settings } from '../types.ts';
import type { CompactionSettings } from './compaction.ts';
import { Driver } from './driver.ts';
import type { DriverEvents } from './options.ts';
import { MeteredLog, MeteredMachine } from './metered.ts';
import type { DurableLog } from './persister.ts';
import {
  CorruptionError,
  type Disk,
  type Meter,
  type Position,
  type StateMachine,
  type Timer,
} from './ports.ts';
import { wasRemoved } from './removed.ts';
import { openWal, startOver, type OpenedWal, type WalSettings } from './wal-open.ts';

export interface OpenOptions {
  readonly settings: Settings;
  readonly tickMs: number;
  readonly timer: Timer;
  /** Where the log is. */
  readonly disk: Disk;
  readonly wal?: WalSettings;
  readonly machine: StateMachine;
  readonly compaction: CompactionSettings;
  readonly events: DriverEvents;
  /** Told of all that the driver does. */
  readonly meter?: Meter | undefined;
}

/** @throws CorruptionError when something is damaged that no other node can replace */
export async function openDriver(options: OpenOptions): Promise<Driver> {
  const { settings, machine } = options;
  const opened = await openOrStartOver(options);
  try {
    const restored = await reconcile(opened, machine.position);
    assertFillable(settings.id, restored);
    const state = newState(settings, restored);
    const isRemoved = await wasRemoved(options.disk);
    const parts = metered(options, opened.wal);
    return new Driver({ ...options, ...parts, state, start: restored.start.index, isRemoved });
  } catch (error) {
    await opened.wal.close();
    throw error;
  }
}

function metered(
  { machine, meter, timer }: OpenOptions,
  log: DurableLog,
): { readonly log: DurableLog; readonly machine: StateMachine } {
  if (meter === undefined) return { log, machine };
  const gauging = { meter, timer };
  return { log: new MeteredLog(log, gauging), machine: new MeteredMachine(machine, gauging) };
}

/** A damaged log is thrown away when others can give this node what it has lost. */
async function openOrStartOver({ disk, wal, settings, machine }: OpenOptions): Promise<OpenedWal> {
  try {
    return await openWal(disk, wal);
  } catch (error) {
    const { configuration } = machine.position;
    if (!(error instanceof CorruptionError) || !hasOthers(configuration, settings.id)) throw error;
    return startOver(disk, wal);
  }
}

/**
 * The state machine holds committed entries only, so what it holds is right even where the log does not reach: the log
 * goes on after it then.
 */
async function reconcile(opened: OpenedWal, position: Position): Promise<Restored> {
  const { hardState, start, entries, wal } = opened;
  const applied = position.index;
  const isKnown =
    applied < start.index ||
    (applied === start.index && position.term === start.term) ||
    entries[applied - start.index - 1]?.term === position.term;
  if (isKnown) return { hardState, start, entries, applied };
  await wal.reset(position);
  return { hardState, start: position, entries: [], applied };
}

/** Whether a state that is damaged can be had again: from the log, or from other servers. */
export async function canRefill(disk: Disk, id: NodeId, wal?: WalSettings): Promise<boolean> {
  const opened = await openWal(disk, wal);
  await opened.wal.close();
  const { start, entries } = opened;
  const last = entries.findLast((entry) => entry.type === 'configuration');
  return start.index === 0 || hasOthers(last?.configuration ?? start.configuration, id);
}

/** A state machine that has lost what the log does not hold any more has to be filled by somebody. */
function assertFillable(id: NodeId, { applied, start }: Restored): void {
  if (applied >= start.index || hasOthers(start.configuration, id)) return;
  throw new CorruptionError(
    `the state ends at ${applied}, the log begins after ${start.index}, and there is no other server`,
  );
}

function hasOthers(configuration: Configuration, id: NodeId): boolean {
  return configuration.some((server) => server.id !== id && server.suffrage === 'voter');
}
