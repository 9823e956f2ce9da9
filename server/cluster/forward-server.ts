// The active node's side of forwarding: requests from members of the cluster, each with what the standby knows of its
// client, for a handler that answers them like any other.
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { NodeId } from '#raft/types.ts';
import { REFUSED_HEADER } from './forward-client.ts';
import { takeFacts, type ForwardedFacts } from './forwarded-facts.ts';

export interface ForwardedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly facts: ForwardedFacts;
  /** The standby. */
  readonly from: NodeId;
  /**
   * Says that nothing was done, so that the standby may look for another active node. A request that was forwarded is
   * never forwarded again: this is what a node does with it that is not active.
   */
  readonly refuse: (reason: string) => void;
}

export interface ForwardServerOptions {
  /** Whether a node is in the cluster's configuration now. */
  readonly isMember: (id: NodeId) => boolean;
  readonly handle: (forwarded: ForwardedRequest) => void;
}

/** A client's headers, as many as a listener takes, and what the standby adds. */
const MAX_HEADER_BYTES = 64 * 1024;
/** Longer than a standby keeps a connection that is idle. */
const IDLE_MS = 300_000;

export class ForwardServer {
  readonly #server: http.Server;
  readonly #options: ForwardServerOptions;
  readonly #peers = new WeakMap<object, NodeId>();

  constructor(options: ForwardServerOptions) {
    this.#options = options;
    // A server that does not listen itself has no time limits: the standby's listener sees to the pace of its client.
    this.#server = http.createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      keepAliveTimeout: IDLE_MS,
      requireHostHeader: false, // a client of HTTP/1.0 sends none, and a node that speaks for itself neither
    });
    this.#server.on('request', (request, response) => this.#take(request, response));
  }

  /** Takes a connection that `from` has made, and proven to be itself on. */
  accept(from: NodeId, stream: Duplex): void {
    this.#peers.set(stream, from);
    this.#server.emit('connection', stream);
  }

  /** Takes nothing more; the connections are those of the port. */
  close(): void {
    this.#server.close();
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const from = this.#peers.get(request.socket);
    const refuse = (reason: string): void => {
      request.resume();
      response.writeHead(503, [REFUSED_HEADER, reason, 'Content-Length', '0']).end();
    };
    if (from === undefined || !this.#options.isMember(from)) {
      refuse('not a member of the cluster');
      return;
    }
    const facts = takeFacts(request);
    if (facts === undefined) refuse('the request does not say whose it is');
    else this.#options.handle({ request, response, facts, from, refuse });
  }
}
