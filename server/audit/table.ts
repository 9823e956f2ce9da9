// The audit devices as they are stored: one record, so that a change of it is one write that every node follows.

export const AUDIT_TABLE_KEY = 'core/audit';

export interface AuditTable {
  readonly entries: readonly DeviceEntry[];
}

export interface DeviceEntry {
  /** With a slash at the end: `file/`. */
  readonly path: string;
  readonly type: string;
  readonly description: string;
  readonly local: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly uuid: string;
  readonly accessor: string;
  /** The key of the device's hashes; it never changes, so that old lines can be searched. */
  readonly salt: string;
}

/** Whether one of two paths lies within the other, so that they cannot both be used. */
export function overlaps(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}
