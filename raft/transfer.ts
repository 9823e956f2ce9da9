// Handing leadership to another voter: bring it up to date, tell it to stand at once, and see how it ends.
import { envelope, sendUrgently, settle } from './outbox.ts';
import type { Progress } from './progress.ts';
import { isCaughtUp } from './replication.ts';
import { voidRounds } from './read-index.ts';
import { isVoter } from './state.ts';
import type { Handover, Leadership, State } from './state.ts';
import type { NodeId, Refusal, Ticket } from './types.ts';

export function transfer(state: State, ticket: Ticket, wanted: NodeId | undefined): void {
  const { lead, settings } = state;
  if (lead === undefined) return refuse(state, ticket, 'not the leader');
  if (state.handover !== undefined) return refuse(state, ticket, 'leadership is being transferred');
  if (wanted === settings.id) {
    settle(state, ticket, { type: 'committed', index: state.commit });
    return;
  }
  const isUnknown = wanted !== undefined && !isVoter(state, wanted);
  if (isUnknown) return refuse(state, ticket, 'unknown server');
  const to = wanted ?? bestPlaced(state, lead)?.id;
  if (to === undefined) return refuse(state, ticket, 'no server can take over');
  const isAnybody = wanted === undefined;
  state.handover = { ticket, to, isAnybody, term: state.term, since: state.now, isAsked: false };
  // Who is told to stand is voted for at once, by servers that hear this leader too.
  voidRounds(state, lead);
}

function refuse(state: State, ticket: Ticket, reason: Refusal): void {
  const leader = state.role === 'leader' ? undefined : state.leader;
  settle(state, ticket, { type: 'refused', reason, leader });
}

/** The voter that is heard and has most of the log. */
function bestPlaced(state: State, lead: Leadership): Progress | undefined {
  let best: Progress | undefined;
  for (const peer of lead.peers.values()) {
    const isAble = isVoter(state, peer.id) && peer.wasHeard && peer.mode !== 'snapshot';
    const isHeard = !peer.isRecovering && peer.silence <= state.settings.electionTicks;
    if (isAble && isHeard && peer.match > (best?.match ?? 0)) best = peer;
  }
  return best;
}

/** Asks the server to stand once it has the whole log: with less it would lose the vote. */
export function proceedWithHandover(state: State, lead: Leadership): void {
  const { handover } = state;
  if (handover === undefined || handover.isAsked || handover.term !== state.term) return;
  const peer = lead.peers.get(handover.to);
  if (peer === undefined || !isCaughtUp(state, peer)) return;
  handover.isAsked = true;
  sendUrgently(state, { ...envelope(state, peer.id), type: 'time-out-now' });
}

/** Ceasing to lead without being told to: somebody else need not wait for the election timer. */
export function recommendSuccessor(state: State, lead: Leadership): void {
  voidRounds(state, lead);
  const best = bestPlaced(state, lead);
  if (best !== undefined) {
    sendUrgently(state, { ...envelope(state, best.id), type: 'time-out-now' });
  }
}

/** The driver hears how it went: as soon as another leader is known, or when time is up and this one leads on. */
export function endHandover(state: State): void {
  const { handover } = state;
  if (handover === undefined) return;
  const isOver =
    state.leader !== undefined &&
    (state.leader !== state.settings.id || state.term !== handover.term);
  if (isOver) {
    state.handover = undefined;
    conclude(state, handover);
    return;
  }
  if (state.now - handover.since <= patience(state)) return;
  state.handover = undefined;
  refuse(state, handover.ticket, 'timed out');
}

/** A leader that waits for longer would be without writes for longer than an election takes. */
function patience(state: State): number {
  const { electionTicks } = state.settings;
  return state.role === 'leader' ? electionTicks : 3 * electionTicks;
}

function conclude(state: State, handover: Handover): void {
  const isDone =
    state.leader === handover.to || (handover.isAnybody && state.leader !== state.settings.id);
  if (isDone) settle(state, handover.ticket, { type: 'committed', index: state.commit });
  else refuse(state, handover.ticket, 'timed out');
}
