// This node among the others, as the rest of the server sees it: packets of Raft, and requests that are forwarded, over
// the cluster ports.
import type { Clock } from '#sdk/clock.ts';
import { MAX_PACKET_BYTES } from '#raft/driver/packet.ts';
import type { Network, Timer } from '#raft/driver/ports.ts';
import { Transport } from '#raft/driver/transport.ts';
import type { NodeId, Server } from '#raft/types.ts';
import type { Log } from '../log.ts';
import type { HostPort } from './address.ts';
import type { AuthorityRecord } from './authority.ts';
import { dial } from './dial.ts';
import { ForwardClient, type ForwardedAnswer, type ForwardRequest } from './forward-client.ts';
import { ForwardServer, type ForwardServerOptions } from './forward-server.ts';
import { Identity } from './identity.ts';
import { jitter } from './jitter.ts';
import { OnceInAWhile } from './once-in-a-while.ts';
import { ClusterPort } from './port.ts';

export interface ClusterNetworkOptions extends ForwardServerOptions {
  readonly id: NodeId;
  readonly authorities: AuthorityRecord;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  /** Where to listen: one port for each listener that has one. */
  readonly addresses: readonly HostPort[];
}

export class ClusterNetwork implements Network {
  readonly #identity: Identity;
  readonly #transport: Transport;
  readonly #client: ForwardClient;
  readonly #server: ForwardServer;
  #ports: readonly ClusterPort[] = [];

  private constructor(options: ClusterNetworkOptions) {
    const { id, authorities, clock, timer, log } = options;
    const identity = new Identity(id, authorities, clock);
    const unreachable = new OnceInAWhile(clock, (peer, error, times) =>
      log.warn('a node of the cluster cannot be reached', { node_id: peer, error, times }),
    );
    this.#identity = identity;
    this.#transport = new Transport({
      dial: (to, address) => dial(identity, timer, { id: to, address, protocol: 'coffer-raft' }),
      timer,
      random: jitter,
      maxPacketBytes: MAX_PACKET_BYTES,
      failed: (peer, error) => unreachable.say(peer, error.message),
    });
    this.#client = new ForwardClient(
      (to, address) => dial(identity, timer, { id: to, address, protocol: 'coffer-forward' }),
      clock,
    );
    this.#server = new ForwardServer(options);
  }

  /** @throws Error of node:net when an address cannot be had */
  static async open(options: ClusterNetworkOptions): Promise<ClusterNetwork> {
    const { clock, log, addresses } = options;
    const opened = new ClusterNetwork(options);
    const strangers = new OnceInAWhile(clock, (_, error, times) =>
      log.warn('a connection to the cluster port was refused', { error, times }),
    );
    const portOptions = {
      identity: opened.#identity,
      clock,
      welcome: {
        'coffer-raft': (socket, from) => opened.#transport.accept(from, socket),
        'coffer-forward': (socket, from) => opened.#server.accept(from, socket),
      },
      refused: (error) => strangers.say('', error.message),
    } satisfies Parameters<typeof ClusterPort.open>[0];
    try {
      for (const at of addresses) {
        opened.#ports = [...opened.#ports, await ClusterPort.open(portOptions, at)];
      }
    } catch (error) {
      await opened.close();
      throw error;
    }
    return opened;
  }

  /** Where it listens, as the system has it (`:0` was its choice). */
  get addresses(): readonly string[] {
    return this.#ports.map((port) => port.address);
  }

  send(to: NodeId, address: string, packet: Uint8Array, isBulk?: boolean): void {
    this.#transport.send(to, address, packet, isBulk);
  }

  listen(receive: (from: NodeId, packet: Uint8Array) => void): () => void {
    return this.#transport.listen(receive);
  }

  /**
   * Has the active node answer a request.
   *
   * @throws NotSentError when nothing was done, AnswerLostError when something may have been
   */
  forward(
    leader: Pick<Server, 'id' | 'address'>,
    request: ForwardRequest,
  ): Promise<ForwardedAnswer> {
    return this.#client.send(leader, request);
  }

  /** The authorities in the barrier have changed. */
  adopt(authorities: AuthorityRecord): void {
    this.#identity.adopt(authorities);
    for (const port of this.#ports) port.renew();
  }

  /** Ends every connection; nothing is sent, received or forwarded any more. */
  async close(): Promise<void> {
    this.#transport.close();
    this.#client.close();
    this.#server.close();
    await Promise.all(this.#ports.map((port) => port.close()));
  }
}
