// What ties an unsealed node to the others of its cluster, as the rest of the server sees it. Nodes that stand alone have
// none.
import type { Network } from '#raft/driver/ports.ts';
import type { ForwardedAnswer, ForwardRequest } from './cluster/forward-client.ts';
import type { ForwardedRequest } from './cluster/forward-server.ts';
import type { Server } from '#raft/types.ts';
import type { Unsealed } from './unsealed.ts';

export interface Link extends Network {
  /**
   * Has the active node answer a request.
   *
   * @throws NotSentError when nothing was done, AnswerLostError when something may have been
   */
  forward(
    leader: Pick<Server, 'id' | 'address'>,
    request: ForwardRequest,
  ): Promise<ForwardedAnswer>;
  close(): Promise<void>;
}

/** Answers a request that another node has sent on. */
export type ForwardedHandler = (forwarded: ForwardedRequest) => void;

/** Opens the port for other nodes, with the keys that are in the barrier. */
export type OpenLink = (services: Unsealed, handler: ForwardedHandler) => Promise<Link>;
