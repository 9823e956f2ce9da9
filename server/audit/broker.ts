// Every request and every answer goes on record here, or does not happen.
import { formatTime, millis } from '#sdk/clock.ts';
import { ClientError } from '#sdk/errors.ts';
import type { Finished, Verdict } from '../request/stages.ts';
import type { AuditDevice } from './device.ts';
import { EnabledDevices, messageOf, type DeviceContext, type DeviceDraft } from './enabled.ts';
import { askedPart, type Asked } from './asked.ts';
import { requestEntry, responseEntry } from './entry.ts';
import { AUDITED_HEADERS_KEY, withDefaults, type HeaderTable } from './headers.ts';
import type { Part } from './part.ts';
import { AUDIT_TABLE_KEY, type AuditTable, type DeviceEntry } from './table.ts';
import { TokenFactsCache } from './token-facts.ts';

export interface AuditContext extends DeviceContext {
  /** The decoded value of a key of the whole storage. */
  readonly read: <T>(key: string) => T | undefined;
  /** Calls the listener with the keys of each batch that was applied, until the answer is called. */
  readonly observe: (listener: (keys: readonly string[]) => void) => () => void;
  readonly meter?: AuditMeter;
}

export type EntryType = 'request' | 'response';

/** What is timed and counted, as `sys/metrics` shows it. */
export interface AuditMeter {
  /** How long an entry took: with the device at a path, or with all of them where there is no path. */
  logged(type: EntryType, milliseconds: number, path?: string): void;
  /** No device took an entry. */
  failed(type: EntryType): void;
}

export class AuditBroker {
  readonly #context: AuditContext;
  readonly #enabled: EnabledDevices;
  readonly #stopObserving: () => void;
  #headers: HeaderTable = withDefaults(undefined);
  /** What the second entry of a request repeats from the first. */
  readonly #askedByVerdict = new WeakMap<Verdict, Asked>();
  readonly #tokenFacts = new TokenFactsCache();
  #lastTime = { at: millis(0), text: '' };
  /** The paths of the devices whose last write failed, so that the operator is told once. */
  readonly #failing = new Set<string>();

  constructor(context: AuditContext) {
    this.#context = context;
    this.#enabled = new EnabledDevices(context);
    this.#loadHeaders();
    this.#loadTable();
    this.#stopObserving = context.observe((keys) => {
      if (keys.includes(AUDITED_HEADERS_KEY)) this.#loadHeaders();
      if (keys.includes(AUDIT_TABLE_KEY)) this.#loadTable();
    });
  }

  /**
   * Puts a request on record before anything is done. Nothing to wait for when no device is enabled.
   *
   * @throws ClientError 500 when no device could write
   */
  request(verdict: Verdict): Promise<void> | undefined {
    if (this.#enabled.all.length === 0) return undefined;
    const asked = this.#asked(verdict);
    return this.#write('request', requestEntry(verdict, asked, this.#time()));
  }

  /**
   * Puts an answer on record before anything of it leaves. Nothing to wait for when no device is enabled.
   *
   * @throws ClientError 500 when no device could write
   */
  response(finished: Finished): Promise<void> | undefined {
    if (this.#enabled.all.length === 0) return undefined;
    const asked = this.#asked(finished.verdict);
    return this.#write('response', responseEntry(finished, asked, this.#time()));
  }

  /** The hash that a device shows for a text; `undefined` when there is no such device. */
  hash(path: string, text: string): string | undefined {
    return this.#enabled.all.find(({ entry }) => entry.path === path)?.hash(text);
  }

  /** @see EnabledDevices.prepare */
  prepare(requestId: string, draft: DeviceDraft): Promise<DeviceEntry> {
    return this.#enabled.prepare(requestId, draft);
  }

  /** @see EnabledDevices.drop */
  drop(requestId: string): void {
    this.#enabled.drop(requestId);
  }

  /** The logs were rotated: begins new files. */
  async reopen(): Promise<void> {
    const reopenOne = async (device: AuditDevice): Promise<void> => {
      try {
        await device.reopen();
      } catch (error) {
        // The old file stays in use, so nothing is lost meanwhile.
        this.#warn('Cannot open the audit device again', device, error);
      }
    };
    await Promise.all(this.#enabled.all.map(reopenOne));
  }

  /** Ends once what was taken has been written. */
  async close(): Promise<void> {
    this.#stopObserving();
    await this.#enabled.close();
  }

  /** Many entries are made in one millisecond. */
  #time(): string {
    const now = this.#context.clock.now();
    if (now !== this.#lastTime.at) this.#lastTime = { at: now, text: formatTime(now) };
    return this.#lastTime.text;
  }

  #loadHeaders(): void {
    this.#headers = withDefaults(this.#context.read<HeaderTable>(AUDITED_HEADERS_KEY));
  }

  #loadTable(): void {
    this.#enabled.follow(this.#context.read<AuditTable>(AUDIT_TABLE_KEY));
  }

  #asked(verdict: Verdict): Asked {
    const known = this.#askedByVerdict.get(verdict);
    if (known !== undefined) return known;
    const asked = askedPart(verdict, this.#headers, this.#tokenFacts);
    this.#askedByVerdict.set(verdict, asked);
    return asked;
  }

  /** One device that writes is enough, but each has had its chance when this ends. */
  async #write(type: EntryType, entry: Part): Promise<void> {
    const started = performance.now();
    // All have begun before the first is waited for.
    const writes = this.#enabled.all.map((device) => this.#writeTo(device, type, entry));
    let isWritten = false;
    for (const write of writes) isWritten = (await write) || isWritten;
    this.#context.meter?.logged(type, performance.now() - started);
    if (isWritten) return;
    this.#context.meter?.failed(type);
    throw new ClientError(500, 'internal error');
  }

  async #writeTo(device: AuditDevice, type: EntryType, entry: Part): Promise<boolean> {
    const started = performance.now();
    const { path } = device.entry;
    try {
      await device.write(entry);
      this.#failing.delete(path);
      return true;
    } catch (error) {
      if (!this.#failing.has(path)) this.#warn('An audit device does not write', device, error);
      this.#failing.add(path);
      return false;
    } finally {
      this.#context.meter?.logged(type, performance.now() - started, path);
    }
  }

  #warn(message: string, { entry }: AuditDevice, error: unknown): void {
    this.#context.log.warn(message, { path: entry.path, cause: messageOf(error) });
  }
}
