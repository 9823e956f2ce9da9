// An audit broker on a storage of its own, and what its devices have written.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { AuditBroker, type AuditMeter } from '#server/audit/broker.ts';
import { newSalt } from '#server/audit/hash.ts';
import { AUDIT_TABLE_KEY, type DeviceEntry } from '#server/audit/table.ts';
import { AppliedStorage } from './audit-storage.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { TimerClock } from './timer-clock.ts';

export interface Line {
  readonly type: string;
  readonly auth: Readonly<Record<string, unknown>>;
  readonly request: Readonly<Record<string, unknown>>;
  readonly response: Readonly<Record<string, unknown>>;
}

interface Setting {
  readonly allowsPrefix?: boolean;
  readonly meter?: AuditMeter;
  /** What is stored before there is a broker. */
  readonly devices?: readonly DeviceEntry[];
}

export class AuditBench {
  readonly clock = new TimerClock();
  readonly storage = new AppliedStorage();
  readonly warnings: string[] = [];
  readonly folder: string;
  readonly broker: AuditBroker;

  constructor(t: ExecutionContext, { devices, allowsPrefix = false, ...rest }: Setting = {}) {
    this.folder = temporaryFolder(t);
    if (devices !== undefined) this.store(...devices);
    this.broker = new AuditBroker({
      clock: this.clock,
      allowsPrefix,
      log: { warn: (message, facts) => this.warnings.push(`${message}: ${facts?.['path']}`) },
      read: (key) => this.storage.get(key),
      observe: this.storage.observe,
      ...rest,
    });
    t.teardown(() => this.broker.close());
  }

  /** The devices become these. */
  store(...entries: readonly DeviceEntry[]): void {
    this.storage.put(AUDIT_TABLE_KEY, { entries });
  }

  path(name: string): string {
    return join(this.folder, `${name}.log`);
  }

  text(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  lines(name: string): readonly Line[] {
    return this.text(name)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
  }

  /** A file device as it is stored. */
  file(name: string, options: Readonly<Record<string, string>> = {}): DeviceEntry {
    return device(name, { file_path: this.path(name), ...options });
  }
}

export function device(
  name: string,
  options: Readonly<Record<string, string>>,
  type = 'file',
): DeviceEntry {
  return {
    path: `${name}/`,
    type,
    description: '',
    local: false,
    options,
    uuid: `uuid-${name}`,
    accessor: `audit_${type}_00000000`,
    salt: newSalt(),
  };
}
