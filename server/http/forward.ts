// A standby has the active node answer: the request goes on as the client sent it, with what the listener knows of the
// client beside it, and the answer comes back as it is.
import { Readable } from 'node:stream';
import { millis, type Millis } from '#sdk/clock.ts';
import { ClientError } from '#sdk/errors.ts';
import { hostAndPort } from '../addresses.ts';
import type { Advertisement } from '../advertisement.ts';
import { AnswerLostError, NotSentError, type ForwardedAnswer } from '../cluster/forward-client.ts';
import type { ForwardedFacts } from '../cluster/forwarded-facts.ts';
import type { Link } from '../link.ts';
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

/**
 * Asks whoever leads now.
 *
 * @returns nothing when nothing was done, because nobody leads, as far as is known here, or not any more
 * @throws ClientError 500 when it is not known whether anything was done
 */
export async function askLeader(node: Node, sent: SentOn): Promise<ForwardedAnswer | undefined> {
  const { link } = node;
  const leader = node.leader();
  if (link === undefined || leader === undefined || leader.id === node.own.id) return undefined;
  if (sent.body instanceof Upload && sent.body.isTaken) throw new ClientError(500, UPLOAD_GONE);
  try {
    return await exchange({ node, link, leader, sent });
  } catch (error) {
    if (error instanceof NotSentError) return undefined;
    if (!(error instanceof AnswerLostError)) throw error;
    throw new ClientError(500, ANSWER_LOST, { cause: error });
  }
}

const ANSWER_LOST =
  'error during forwarding: the active node did not answer, the request may have been carried out';

/** What was read from the client once cannot be sent a second time. */
const UPLOAD_GONE = 'error during forwarding: the active node has changed while it was sent to';

interface Exchange {
  readonly node: Node;
  readonly link: Link;
  readonly leader: Advertisement;
  readonly sent: SentOn;
}

async function exchange({ node, link, leader, sent }: Exchange): Promise<ForwardedAnswer> {
  const { method, target, rawHeaders, deadline } = sent;
  const gone = new AbortController();
  const watching = new AbortController();
  void giveUpAfter(node, leader, gone, watching.signal);
  try {
    return await link.forward(
      { id: leader.id, address: hostAndPort(leader.clusterAddress) },
      {
        method,
        target,
        rawHeaders,
        body: bodyOf(sent),
        facts: factsOf(sent),
        limit: millis(Math.max(1, deadline - node.clock.now())),
        signal: gone.signal,
      },
    );
  } finally {
    watching.abort();
  }
}

const bodyOf = ({ body }: SentOn): Buffer | Readable | undefined =>
  body instanceof Upload ? Readable.from(body.passOn(), { objectMode: false }) : body;

/** Ends an exchange with a node that leads no longer and does not answer. */
async function giveUpAfter(
  node: Node,
  { id }: Advertisement,
  gone: AbortController,
  answered: AbortSignal,
): Promise<void> {
  while (!answered.aborted && isStillLeader(node, id)) await node.changed(LOOK_AGAIN_MS);
  if (answered.aborted) return;
  node.clock.after(millis(AFTER_CHANGE_MS), () => {
    if (!answered.aborted) gone.abort();
  });
}

function isStillLeader(node: Node, id: Advertisement['id']): boolean {
  const role = node.cluster?.status().role;
  return role?.type === 'follower' && role.leader === id;
}

function factsOf({ arrived }: SentOn): ForwardedFacts {
  return {
    requestId: arrived.id,
    remoteAddress: arrived.remoteAddress,
    remotePort: arrived.remotePort,
    tls: undefined,
    listener: { openedPaths: arrived.openedPaths ?? [] },
  };
}
