// What ties an unsealed node to the others of its cluster. server/cluster builds it; nodes that stand alone have none.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Network } from '#raft/driver/ports.ts';
import type { Advertisement } from './advertisement.ts';
import type { Unsealed } from './unsealed.ts';

/** A request as it goes from one node to another. */
export interface OutgoingRequest {
  readonly method: string;
  /** As the client sent it: path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer | Readable | undefined;
}

export interface IncomingAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The request did not reach the other node: nothing was done. */
export class NotSentError extends Error {
  override readonly name = 'NotSentError';
}

export interface Link {
  readonly network: Network;
  /**
   * Has another node answer a request.
   *
   * @throws NotSentError when it certainly did not get there; any other error when that is not known
   */
  forward(to: Advertisement, request: OutgoingRequest): Promise<IncomingAnswer>;
  close(): Promise<void>;
}

/** Answers a request that another node has sent on. */
export type ForwardedHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Opens the port for other nodes, with the keys that are in the barrier. */
export type OpenLink = (services: Unsealed, handler: ForwardedHandler) => Promise<Link>;
