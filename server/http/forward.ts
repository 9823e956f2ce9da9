// A standby has the active node answer: the request goes on as the client sent it, with what the listener knows of the
// client beside it, and the answer comes back as it is.
import { setMaxListeners } from 'node:events';
import { Readable } from 'node:stream';
import { millis, type Millis } from '#sdk/clock.ts';
import { ClientError } from '#sdk/errors.ts';
import type { NodeId } from '#raft/types.ts';
import { AnswerLostError, NotSentError, type ForwardedAnswer } from '../cluster/forward-client.ts';
import type { ForwardedFacts } from '../cluster/forwarded-facts.ts';
import type { Node } from '../node.ts';
import type { Arrived } from '../request/stages.ts';
import { Upload } from '../request/upload.ts';
import type { Body } from './parse.ts';

export interface SentOn {
  readonly arrived: Arrived;
  readonly method: string;
  /** Path and query, as they came. */
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly body: Body;
  /** When the client is told that its time is up. */
  readonly deadline: Millis;
}

/** Who led when a request was sent may still end it in an orderly way; one that has died never will. */
const AFTER_CHANGE_MS = 2_000;
const LOOK_AGAIN_MS = 1_000;

const ANSWER_LOST =
  'error during forwarding: the active node did not answer, the request may have been carried out';

/** What was read from the client once cannot be sent a second time. */
const UPLOAD_GONE = 'error during forwarding: the active node has changed while it was sent to';

/** Somebody who leads, as far as is known here, and the end of waiting for answers. */
interface Watched {
  readonly id: NodeId;
  readonly gone: AbortController;
}

export class Forwarder {
  readonly #node: Node;
  #watched: Watched | undefined;

  constructor(node: Node) {
    this.#node = node;
  }

  /**
   * Asks whoever leads now.
   *
   * @returns nothing when nothing was done, because nobody leads, as far as is known here, or not any more
   * @throws ClientError 500 when it is not known whether anything was done
   */
  async ask(sent: SentOn): Promise<ForwardedAnswer | undefined> {
    const node = this.#node;
    const { link } = node;
    const leader = node.sendsTo;
    if (link === undefined || leader === undefined) return undefined;
    const { method, target, rawHeaders, deadline } = sent;
    if (sent.body instanceof Upload && sent.body.isTaken) throw new ClientError(500, UPLOAD_GONE);
    const limit = millis(Math.max(1, deadline - node.clock.now()));
    const { signal } = this.#watch(leader.id).gone;
    try {
      const request = { method, target, rawHeaders, body: bodyOf(sent), facts: factsOf(sent) };
      return await link.forward(leader, { ...request, limit, signal });
    } catch (error) {
      if (error instanceof NotSentError) return undefined;
      if (!(error instanceof AnswerLostError)) throw error;
      throw new ClientError(500, ANSWER_LOST, { cause: error });
    }
  }

  #watch(id: NodeId): Watched {
    if (this.#watched?.id === id) return this.#watched;
    const watched: Watched = { id, gone: new AbortController() };
    setMaxListeners(0, watched.gone.signal); // one for each request that waits
    this.#watched = watched;
    void this.#giveUpWhenGone(watched);
    return watched;
  }

  /** Ends what waits for a node that leads no longer and does not answer. */
  async #giveUpWhenGone(watched: Watched): Promise<void> {
    const node = this.#node;
    while (isLedBy(node, watched.id)) await node.changed(LOOK_AGAIN_MS);
    if (this.#watched === watched) this.#watched = undefined;
    node.clock.after(millis(AFTER_CHANGE_MS), () => watched.gone.abort());
  }
}

const bodyOf = ({ body }: SentOn): Buffer | Readable | undefined =>
  body instanceof Upload ? Readable.from(body.passOn(), { objectMode: false }) : body;

function isLedBy(node: Node, id: NodeId): boolean {
  const role = node.cluster?.status().role;
  return role?.type === 'follower' && role.leader === id;
}

function factsOf({ arrived }: SentOn): ForwardedFacts {
  return {
    requestId: arrived.id,
    remoteAddress: arrived.remoteAddress,
    remotePort: arrived.remotePort,
    certificate: arrived.certificate,
    listener: { openedPaths: arrived.openedPaths ?? [] },
  };
}
