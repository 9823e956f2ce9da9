// Where a request is answered: here on the active node; on a standby from what is stored here, if that is enough, and by
// the active node otherwise. While nobody leads it waits for a while, so that a change of leadership fails no request.
import { millis, type Millis } from '#sdk/clock.ts';
import { ClientError } from '#sdk/errors.ts';
import { NoLeaderError, NotLeaderError } from '#storage/cluster-storage.ts';
import type { Config } from '../config.ts';
import type { Node } from '../node.ts';
import { handle, handleAsStandby, mayAnswer } from '../request/handle.ts';
import type { Arrived } from '../request/stages.ts';
import type { Unsealed } from '../unsealed.ts';
import type { Forwarder, SentOn } from './forward.ts';
import { renderFinished, type Rendered } from './render.ts';
import type { Outgoing } from './send.ts';

/** The longest that a node waits for a leader before it stands for election, at a performance_multiplier of 1. */
const ELECTION_MS = 800;
/** The first election may fail because votes were split, or because a node that should win it cannot. */
const ELECTIONS_WAITED_FOR = 2;
/** A machine that is busy takes its time for an election. */
const PATIENCE_LEAST_MS = 3_000;
/** Storage may know before the node is told: it is asked again this often. */
const LOOK_AGAIN_MS = 50;

/** @throws ClientError 503 while the node is sealed */
export async function dispatch(
  node: Node,
  forwarder: Forwarder,
  received: SentOn,
): Promise<Outgoing> {
  const until = node.clock.now() + patienceOf(node.config);
  for (;;) {
    const seen = node.changes;
    const unsealed = node.unsealed();
    if (unsealed === undefined) throw new ClientError(503, 'Vault is sealed');
    const answer =
      node.activeSince === undefined
        ? await answerAsStandby({ node, forwarder }, unsealed, received)
        : await answerAsActive(node, unsealed, received.arrived);
    if (answer !== undefined) return answer;
    const left = until - node.clock.now();
    if (left <= 0) return redirect(node, received.target) ?? nobodyLeads();
    await node.changed(Math.min(left, LOOK_AGAIN_MS), seen);
  }
}

/** @returns nothing when this node leads no longer; then nothing was done */
export async function answerAsActive(
  node: Node,
  unsealed: Unsealed,
  arrived: Arrived,
): Promise<Rendered | undefined> {
  try {
    const confirmed = node.cluster?.confirm();
    if (confirmed !== undefined) await confirmed;
    return renderFinished(await handle(unsealed, arrived));
  } catch (error) {
    if (isNotDone(error)) return undefined;
    throw error;
  }
}

/** @returns nothing while nobody leads, as far as this node knows */
async function answerAsStandby(
  { node, forwarder }: { readonly node: Node; readonly forwarder: Forwarder },
  unsealed: Unsealed,
  received: SentOn,
): Promise<Outgoing | undefined> {
  const { arrived, target } = received;
  if (isForbidden(arrived)) return redirect(node, target);
  const isServed = !node.config.disable_performance_standby && !isForActiveNode(arrived);
  const finished = isServed ? await answerHere(node, unsealed, arrived) : undefined;
  return finished ?? forwarder.ask(received);
}

async function answerHere(
  node: Node,
  unsealed: Unsealed,
  arrived: Arrived,
): Promise<Rendered | undefined> {
  if (!mayAnswer(unsealed, arrived)) return undefined;
  try {
    await node.cluster?.confirm();
    const finished = await handleAsStandby(unsealed, arrived);
    return finished && renderFinished(finished);
  } catch (error) {
    if (isNotDone(error)) return undefined;
    throw error;
  }
}

const isNotDone = (error: unknown): boolean =>
  error instanceof NotLeaderError || error instanceof NoLeaderError;

/** The client wants to go to the active node by itself. Any value says so. */
const isForbidden = ({ headers }: Arrived): boolean =>
  (headers['x-vault-no-request-forwarding'] ?? '') !== '';

const isForActiveNode = ({ headers }: Arrived): boolean =>
  headers['x-vault-forward'] === 'active-node';

/** To the same path and query on the active node; nothing while it is not known where that is. */
function redirect(node: Node, target: string): Rendered | undefined {
  const address = node.leader()?.apiAddress ?? '';
  if (address === '' || node.activeSince !== undefined) return undefined;
  const location = `${address.replace(/\/$/, '')}${target}`;
  return { status: 307, contentType: undefined, body: undefined, headers: { Location: location } };
}

function nobodyLeads(): never {
  throw new ClientError(500, 'local node not active but active cluster node not found');
}

/** How long a request waits for somebody who leads. */
function patienceOf({ storage }: Config): Millis {
  const multiplier = (storage?.type === 'raft' && storage.performance_multiplier) || 1;
  return millis(Math.max(PATIENCE_LEAST_MS, ELECTION_MS * multiplier * ELECTIONS_WAITED_FOR));
}
