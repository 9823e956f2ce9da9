// The devices that are enabled now. They are those of the table in storage, on every node: a device begins and ends
// when a change of the table has been applied.
import { randomBytes, randomUUID } from 'node:crypto';
import { millis, type Clock } from '#sdk/clock.ts';
import { badRequest } from '#sdk/errors.ts';
import type { Log } from '../log.ts';
import { AuditDevice, setUp, setUpFailing } from './device.ts';
import { newSalt } from './hash.ts';
import type { AuditTable, DeviceEntry } from './table.ts';

/** What is asked for when a device is enabled. */
export type DeviceDraft = Omit<DeviceEntry, 'uuid' | 'accessor' | 'salt'>;

export interface DeviceContext {
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  /** Whether the configuration allows the option `prefix`. */
  readonly allowsPrefix: boolean;
}

interface Prepared {
  readonly device: AuditDevice;
  readonly tested: Promise<void>;
  readonly cancelClosing: () => void;
}

/** A device that was opened for a request that never committed is closed after this: no request runs as long. */
const PREPARED_LIMIT = millis(120_000);

/** Hexadecimal digits that tell accessors of one type apart, as in those of mounts. */
const ACCESSOR_BYTES = 4;

export class EnabledDevices {
  readonly #context: DeviceContext;
  #devices: readonly AuditDevice[] = [];
  /** By the id of the request that enables the device: when its handler runs again it finds what it has opened. */
  readonly #preparedByRequest = new Map<string, Prepared>();

  constructor(context: DeviceContext) {
    this.#context = context;
  }

  get all(): readonly AuditDevice[] {
    return this.#devices;
  }

  /** Follows the table. What was prepared goes on as it is; what is gone ends once its lines are written. */
  follow(table: AuditTable | undefined): void {
    const present = new Map(this.#devices.map((device) => [device.entry.uuid, device]));
    this.#devices = (table?.entries ?? []).map(
      (entry) => present.get(entry.uuid) ?? this.#adopt(entry.uuid) ?? this.#begin(entry),
    );
    for (const device of present.values()) {
      if (!this.#devices.includes(device)) void device.close();
    }
  }

  /**
   * Opens a device for the request that enables it, and answers its line in the table. It takes entries once the
   * table that has this line is followed.
   *
   * @throws ClientError 400 when an option does not hold or the device takes no line
   */
  async prepare(requestId: string, draft: DeviceDraft): Promise<DeviceEntry> {
    const prepared = this.#preparedByRequest.get(requestId) ?? this.#prepare(requestId, draft);
    try {
      await prepared.tested;
    } catch (error) {
      this.drop(requestId);
      throw badRequest(`audit backend failed test message: ${messageOf(error)}`);
    }
    return prepared.device.entry;
  }

  /** Closes what a request has prepared and will not enable. */
  drop(requestId: string): void {
    const prepared = this.#preparedByRequest.get(requestId);
    if (prepared === undefined) return;
    this.#preparedByRequest.delete(requestId);
    prepared.cancelClosing();
    void prepared.device.close();
  }

  async close(): Promise<void> {
    for (const requestId of this.#preparedByRequest.keys()) this.drop(requestId);
    const devices = this.#devices;
    this.#devices = [];
    await Promise.all(devices.map((device) => device.close()));
  }

  #prepare(requestId: string, draft: DeviceDraft): Prepared {
    const { clock, allowsPrefix } = this.#context;
    const entry = {
      ...draft,
      uuid: randomUUID(),
      accessor: `audit_${draft.type}_${randomBytes(ACCESSOR_BYTES).toString('hex')}`,
      salt: newSalt(),
    };
    const device = new AuditDevice(entry, setUp(entry, allowsPrefix), clock);
    const cancelClosing = clock.after(PREPARED_LIMIT, () => {
      this.drop(requestId);
    });
    const prepared = { device, tested: device.test(), cancelClosing };
    this.#preparedByRequest.set(requestId, prepared);
    return prepared;
  }

  #adopt(uuid: string): AuditDevice | undefined {
    for (const [requestId, { device, cancelClosing }] of this.#preparedByRequest) {
      if (device.entry.uuid !== uuid) continue;
      cancelClosing();
      this.#preparedByRequest.delete(requestId);
      return device;
    }
    return undefined;
  }

  /** A device of the table that cannot be opened stays, and fails: nobody may think that it is on record there. */
  #begin(entry: DeviceEntry): AuditDevice {
    const { clock, allowsPrefix } = this.#context;
    let device: AuditDevice;
    try {
      device = new AuditDevice(entry, setUp(entry, allowsPrefix), clock);
    } catch (error) {
      device = new AuditDevice(entry, setUpFailing(error), clock);
    }
    device.open().catch((error: unknown) => {
      this.#context.log.warn('Cannot open the audit device', {
        path: entry.path,
        cause: messageOf(error),
      });
    });
    return device;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}
