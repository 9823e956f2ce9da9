// A storage that an audit broker can follow, without a barrier: what is put is applied at once.
import type { Storage } from '#sdk/storage.ts';
import type { AuditContext } from '#server/audit/broker.ts';
import { MemoryStorage } from './mount.ts';

type Listener = Parameters<AuditContext['observe']>[0];

export class AppliedStorage implements Storage {
  readonly #values = new MemoryStorage();
  readonly #listeners = new Set<Listener>();

  readonly observe: AuditContext['observe'] = (listener) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get<T>(key: string): T | undefined {
    return this.#values.get<T>(key);
  }

  put(key: string, value: object): void {
    this.#values.put(key, value);
    this.#tell(key);
  }

  delete(key: string): void {
    this.#values.delete(key);
    this.#tell(key);
  }

  list(prefix: string): readonly string[] {
    return this.#values.list(prefix);
  }

  #tell(key: string): void {
    for (const listener of this.#listeners) listener([key]);
  }
}
