// Ceasing to lead or to stand: a newer term, a leader, or a reason of its own makes a node a follower.
import { invariant } from './invariant.ts';
import { emit, envelope, sendUrgently, settle } from './outbox.ts';
import { drain } from './queue.ts';
import { restartTimer } from './state.ts';
import type { Leadership, Read, State } from './state.ts';
import type { NodeId, Term } from './types.ts';

/** A term begins without a vote of this node. */
export function enterTerm(state: State, term: Term): void {
  invariant(term > state.term, 'terms never fall');
  state.term = term;
  state.votedFor = undefined;
  state.isPromising = true;
}

export function becomeFollower(state: State, term: Term, leader: NodeId | undefined): void {
  if (state.lead !== undefined) endLeadership(state, state.lead);
  if (term !== state.term) enterTerm(state, term);
  state.role = 'follower';
  state.leader = leader;
  state.votes.clear();
  restartTimer(state);
}

/** Whoever waits is told; nothing that this node said as a leader binds anybody from now on. */
function endLeadership(state: State, lead: Leadership): void {
  if (!lead.isVoid) emit(state, { type: 'rounds-void' });
  for (const { ticket, index } of drain(lead.proposals)) {
    if (index > state.commit) settle(state, ticket, { type: 'lost' });
  }
  if (lead.change !== undefined) settle(state, lead.change.ticket, { type: 'lost' });
  for (const read of [...drain(lead.asked), ...lead.arrived]) refuseRead(state, read);
  state.lead = undefined;
  // It has not heard a leader: it may vote for the next one at once.
  state.silence = state.settings.electionTicks;
}

export function refuseRead(state: State, { from, ticket }: Read): void {
  if (from === undefined) {
    const leader = state.role === 'leader' ? undefined : state.leader;
    settle(state, ticket, { type: 'refused', reason: 'not the leader', leader });
  } else {
    sendUrgently(state, { ...envelope(state, from), type: 'read-reply', ticket, index: undefined });
  }
}
