// The requests that run at this moment, as sys/in-flight-req shows them.
import { formatTime, type Millis } from '#sdk/clock.ts';

/** What is remembered of a request; how it is shown is decided when somebody asks. */
export interface RunningRequest {
  readonly at: Millis;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly path: string;
  readonly method: string;
}

/** Under the names of the wire. */
export interface ShownRequest {
  readonly start_time: string;
  readonly client_remote_address: string;
  readonly request_path: string;
  readonly request_method: string;
}

export class InFlight {
  readonly #running = new Map<string, RunningRequest>();
  #idle = Promise.withResolvers<void>();

  begin(id: string, request: RunningRequest): void {
    this.#running.set(id, request);
  }

  end(id: string): void {
    this.#running.delete(id);
    if (this.#running.size === 0) this.#idle.resolve();
  }

  /** Resolves as soon as nothing runs. */
  whenIdle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    this.#idle = Promise.withResolvers();
    return this.#idle.promise;
  }

  get size(): number {
    return this.#running.size;
  }

  /** By their ids. */
  all(): Readonly<Record<string, ShownRequest>> {
    return Object.fromEntries([...this.#running].map(([id, request]) => [id, show(request)]));
  }
}

function show({ at, remoteAddress, remotePort, path, method }: RunningRequest): ShownRequest {
  return {
    start_time: formatTime(at),
    client_remote_address: `${remoteAddress}:${remotePort}`,
    request_path: path,
    request_method: method,
  };
}
