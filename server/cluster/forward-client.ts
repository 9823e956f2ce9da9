// The standby's side of forwarding: a request goes to the active node over the cluster port, as the client sent it.
import http, { type IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import type { Clock, Millis } from '#sdk/clock.ts';
import type { Server } from '#raft/types.ts';
import { LIST_STAND_IN } from '../http/list-verb.ts';
import { FACTS_HEADER, FACTS_MAX, encodeFacts, endToEnd } from './forwarded-facts.ts';
import type { ForwardedFacts } from './forwarded-facts.ts';
import { PeerAgent, type DialPeer } from './peer-agent.ts';

export interface ForwardRequest {
  readonly method: string;
  /** Path and query, as they came. */
  readonly target: string;
  /** In turn name and value, as they came; what belongs to one connection is removed here. */
  readonly rawHeaders: readonly string[];
  /** A body that was read, or one that goes through as it comes. */
  readonly body: Buffer | Readable | undefined;
  readonly facts: ForwardedFacts;
  /** How long the answer may take from the end of the body on. */
  readonly limit: Millis;
  /** The client has gone, or the active node is another one by now. */
  readonly signal?: AbortSignal | undefined;
}

export interface ForwardedAnswer {
  readonly status: number;
  /** In turn name and value, without those of the connection. */
  readonly rawHeaders: readonly string[];
  /** To be read to its end, or destroyed. */
  readonly body: Readable;
}

/** Nothing of the request was done: it may be sent again, or elsewhere. */
export class NotSentError extends Error {
  override readonly name = 'NotSentError';
}

/** It was sent, and no answer came: it may have been done, so it must not be sent again. */
export class AnswerLostError extends Error {
  override readonly name = 'AnswerLostError';
}

/** By this the active node says that it has done nothing, and why. */
export const REFUSED_HEADER = 'x-coffer-refused';

export class ForwardClient {
  readonly #dial: DialPeer;
  readonly #clock: Clock;
  readonly #agents = new Map<string, PeerAgent>();
  #isClosed = false;

  constructor(dial: DialPeer, clock: Clock) {
    this.#dial = dial;
    this.#clock = clock;
  }

  /** @throws NotSentError, AnswerLostError */
  async send(
    leader: Pick<Server, 'id' | 'address'>,
    asked: ForwardRequest,
  ): Promise<ForwardedAnswer> {
    if (this.#isClosed) throw new NotSentError('the cluster port is closed');
    if (asked.signal?.aborted === true) throw new NotSentError('given up before it was sent');
    const headers = headersOf(asked);
    const request = http.request({
      agent: this.#agentOf(leader),
      method: asked.method === 'LIST' ? LIST_STAND_IN : asked.method,
      path: asked.target,
      headers,
    });
    return answerOf(await this.#exchange(request, asked));
  }

  /** Ends all connections, whatever they are about. */
  close(): void {
    this.#isClosed = true;
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  /** Connections to who was active before are not kept longer than they are used. */
  #agentOf({ id, address }: Pick<Server, 'id' | 'address'>): PeerAgent {
    const name = `${address} ${id}`;
    const known = this.#agents.get(name);
    if (known !== undefined) return known;
    for (const [other, agent] of this.#agents) if (agent.rest()) this.#agents.delete(other);
    const agent = new PeerAgent(() => this.#dial(id, address));
    this.#agents.set(name, agent);
    return agent;
  }

  #exchange(request: http.ClientRequest, asked: ForwardRequest): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    let isSent = false;
    let cancelLimit = noLimit;
    const giveUp = (): void => void request.destroy(new Error('given up'));
    asked.signal?.addEventListener('abort', giveUp, { once: true });
    request.once('socket', () => (isSent = true));
    request.once('finish', () => {
      cancelLimit = this.#clock.after(
        asked.limit,
        () => void request.destroy(new Error('no answer came in time')),
      );
    });
    request.once('response', (response) => {
      cancelLimit();
      response.once('close', () => asked.signal?.removeEventListener('abort', giveUp));
      resolve(response);
    });
    request.on('error', (error) => {
      cancelLimit();
      reject(
        isSent
          ? new AnswerLostError(error.message, { cause: error })
          : new NotSentError(error.message, { cause: error }),
      );
    });
    request.once('close', () => {
      cancelLimit();
      reject(new AnswerLostError('the connection was closed'));
    });
    sendBody(request, asked.body);
    return promise;
  }
}

const noLimit = (): void => {};

/** @throws NotSentError when the facts are more than the active node takes */
function headersOf({ rawHeaders, body, facts }: ForwardRequest): string[] {
  const encoded = encodeFacts(facts);
  if (encoded.length > FACTS_MAX) throw new NotSentError('there is too much to say of the client');
  const headers = [...endToEnd(rawHeaders), FACTS_HEADER, encoded];
  if (!Buffer.isBuffer(body)) return headers;
  const length = headers.findIndex((name, at) => at % 2 === 0 && isLength(name));
  if (length !== -1) headers.splice(length, 2);
  return [...headers, 'Content-Length', String(body.length)];
}

const isLength = (name: string): boolean => name.toLowerCase() === 'content-length';

function sendBody(request: http.ClientRequest, body: ForwardRequest['body']): void {
  if (body === undefined || Buffer.isBuffer(body)) request.end(body);
  // An error of either side destroys the other, and that is heard of there.
  else pipeline(body, request, () => {});
}

function answerOf(response: IncomingMessage): ForwardedAnswer {
  const refused = response.headers[REFUSED_HEADER];
  if (refused !== undefined) {
    response.resume();
    throw new NotSentError(String(refused));
  }
  return {
    status: response.statusCode ?? 0,
    rawHeaders: endToEnd(response.rawHeaders),
    body: response,
  };
}
