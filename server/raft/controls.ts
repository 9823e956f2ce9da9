// What the system's paths may ask of storage that several nodes share, on the active node.
import type { ClusterStorage } from '#storage/cluster-storage.ts';
import type { Admission } from '../cluster/admission.ts';
import type { Echoes } from '../cluster/echo.ts';
import type { Autopilot } from './autopilot/autopilot.ts';

export interface RaftControls {
  readonly storage: ClusterStorage;
  readonly autopilot: Autopilot;
  readonly echoes: Echoes;
  /** Lets new nodes in. */
  readonly admission: Admission;
  /** Where an archive that is being restored is kept meanwhile: beside the data, so that there is room for it. */
  readonly spoolFolder: string;
}
