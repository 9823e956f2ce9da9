// The requests that run at this moment, as sys/in-flight-req shows them.

/** Under the names of the wire. */
export interface RunningRequest {
  readonly start_time: string;
  readonly client_remote_address: string;
  readonly request_path: string;
  readonly request_method: string;
}

export class InFlight {
  readonly #running = new Map<string, RunningRequest>();

  /** Remembers a request until what is returned is called. */
  begin(id: string, request: RunningRequest): () => void {
    this.#running.set(id, request);
    return () => void this.#running.delete(id);
  }

  /** By their ids. */
  all(): Readonly<Record<string, RunningRequest>> {
    return Object.fromEntries(this.#running);
  }
}
