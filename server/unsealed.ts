// What exists only while the node is unsealed: a record of services, each of which was given only what it needs.
import type { Clock } from '#sdk/clock.ts';
import type { Barrier } from '#storage/barrier/barrier.ts';
import type { AuditBroker } from './audit/broker.ts';
import type { EntityStore } from './identity/entities.ts';
import type { LeaseManager } from './lease/manager.ts';
import type { Log } from './log.ts';
import type { MountTable } from './mount/table.ts';
import type { NodeControls } from './node-controls.ts';
import type { PolicyStore } from './policy/store.ts';
import type { TokenStore } from './token/store.ts';

export interface Unsealed {
  readonly clock: Clock;
  readonly log: Log;
  readonly barrier: Barrier;
  readonly mounts: MountTable;
  readonly tokens: TokenStore;
  readonly policies: PolicyStore;
  readonly entities: EntityStore;
  readonly leases: LeaseManager;
  readonly audit: AuditBroker;
  /** What a request may ask of the node itself. */
  readonly node: NodeControls;
}
