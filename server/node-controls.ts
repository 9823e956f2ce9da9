// What the system's paths may ask of the node that they run on.
import type { InFlight } from './in-flight.ts';
import type { LogLevel } from './log.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { RaftControls } from './raft/controls.ts';
import type { Rekey } from './rekey.ts';
import type { RootGeneration } from './root-generation.ts';

/** Facts of the configuration and of the life of this node. */
export interface NodeControls {
  readonly clusterName: string;
  readonly clusterId: string;
  readonly storageType: string;
  /** Where clients are told to find this node. */
  readonly apiAddress: string;
  /** Where other nodes would find it. */
  readonly clusterAddress: string;
  /** Whether `sys/raw` is served (`raw_storage_endpoint`). */
  readonly isRawServed: boolean;
  /** The configuration files as operators may see them, without secrets. */
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly logLevel: LogLevel;
  readonly inFlight: InFlight;
  readonly metrics: Metrics;
  /** What is done with shares of the key; given up when the node is sealed. */
  readonly rootGeneration: RootGeneration;
  readonly rekey: Rekey;
  /** Storage that several nodes share; `undefined` with any other. */
  readonly raft: RaftControls | undefined;
  /** Has another node be active, if there is one that can. */
  stepDown(): Promise<void>;
  /** Ends everything that exists only while unsealed, and forgets the keys. */
  seal(): Promise<void>;
}
