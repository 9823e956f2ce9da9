// The connections to one active node over which requests are forwarded: few, kept, and handed out only when the other
// end has proven who it is, so that nothing is ever sent to somebody else.
import { Agent, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import type { NodeId } from '#raft/types.ts';

export type DialPeer = (to: NodeId, address: string) => Promise<Duplex>;

/** At a time; more requests wait for one of them to end. */
const MAX_CONNECTIONS = 64;
const MAX_IDLE_CONNECTIONS = 16;

/** Less than the active node keeps one that is idle: so it is never closed there just when it is used here. */
const IDLE_MS = 60_000;

export class PeerAgent extends Agent {
  readonly #dial: () => Promise<Duplex>;

  constructor(dial: () => Promise<Duplex>) {
    super({
      keepAlive: true,
      maxSockets: MAX_CONNECTIONS,
      maxFreeSockets: MAX_IDLE_CONNECTIONS,
      timeout: IDLE_MS,
    });
    this.#dial = dial;
  }

  override createConnection(
    _: ClientRequestArgs,
    done: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    void this.#connect(done);
  }

  async #connect(done: (error: Error | null, stream: Duplex) => void): Promise<void> {
    let stream: Duplex;
    try {
      stream = await this.#dial();
    } catch (error) {
      done(error as Error, undefined as never);
      return;
    }
    done(null, stream);
  }

  /** Closes what nobody uses; whether nothing is left. */
  rest(): boolean {
    for (const sockets of Object.values(this.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy();
    }
    return Object.keys(this.sockets).length === 0 && Object.keys(this.requests).length === 0;
  }
}
