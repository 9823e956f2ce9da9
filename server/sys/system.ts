// What the handlers of the system backend are given as `engine`: the whole storage, and the services of the node.
import type { Storage } from '#sdk/storage.ts';
import type { AuditBroker } from '../audit/broker.ts';

export interface System {
  /** The keys of the whole storage, in the transaction of the request. */
  readonly transaction: Storage;
  readonly services: SystemServices;
}

export interface SystemServices {
  readonly audit: AuditBroker;
}
