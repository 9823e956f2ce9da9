// Puts together what an unsealed node needs to look after its cluster.
import { millis, type Clock, type Millis } from '#sdk/clock.ts';
import type { Barrier } from '#storage/barrier/barrier.ts';
import type { ClusterStorage } from '#storage/cluster-storage.ts';
import { Admission } from '../cluster/admission.ts';
import { Echoes } from '../cluster/echo.ts';
import type { Storage } from '../config/storage.ts';
import type { Log } from '../log.ts';
import { Autopilot } from './autopilot/autopilot.ts';
import { AUTOPILOT_KEY, configOf, type AutopilotRecord } from './autopilot/config.ts';
import type { RaftControls } from './controls.ts';

export interface RaftSurroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly barrier: Barrier;
  readonly settings: Extract<Storage, { readonly type: 'raft' }>;
}

/** Vault's own, which also hold where the configuration says 0. */
const UPDATE_SECONDS = 2;
const RECONCILE_SECONDS = 10;

/** Nothing runs yet: `autopilot.start` is for the active node. */
export function makeRaftControls(
  { clock, log, barrier, settings }: RaftSurroundings,
  storage: ClusterStorage,
): RaftControls {
  return {
    storage,
    echoes: new Echoes(clock),
    admission: new Admission({ clock, barrier, storage }),
    spoolFolder: settings.path,
    autopilot: new Autopilot({
      clock,
      log,
      storage,
      config: () => configOf(barrier.read<AutopilotRecord>(AUTOPILOT_KEY)?.value),
      updateInterval: interval(settings.autopilot_update_interval, UPDATE_SECONDS),
      reconcileInterval: interval(settings.autopilot_reconcile_interval, RECONCILE_SECONDS),
    }),
  };
}

const interval = (configured: number, usual: number): Millis =>
  millis((configured > 0 ? configured : usual) * 1000);
