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

/**
 * Handshakes at a time. When a node begins to lead, every request that has waited for it wants a connection; the first of
 * them are to have theirs soon, rather than all of them at the same late moment.
 */
const DIALS_AT_ONCE = 2;

type Done = (error: Error | null, stream: Duplex) => void;

export class PeerAgent extends Agent {
  readonly #dial: () => Promise<Duplex>;
  #dialing = 0;
  #waiting: Done[] = [];

  constructor(dial: () => Promise<Duplex>) {
    super({
      keepAlive: true,
      maxSockets: MAX_CONNECTIONS,
      maxFreeSockets: MAX_IDLE_CONNECTIONS,
      timeout: IDLE_MS,
    });
    this.#dial = dial;
  }

  override createConnection(_: ClientRequestArgs, done: Done): undefined {
    if (this.#dialing < DIALS_AT_ONCE) void this.#connect(done);
    else this.#waiting.push(done);
  }

  async #connect(done: Done): Promise<void> {
    this.#dialing += 1;
    let stream: Duplex;
    try {
      stream = await this.#dial();
    } catch (error) {
      this.#dialing -= 1;
      // The others would learn the same, only later.
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const one of [done, ...waiting]) one(error as Error, undefined as never);
      return;
    }
    this.#dialing -= 1;
    const next = this.#waiting.shift();
    if (next !== undefined) void this.#connect(next);
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
