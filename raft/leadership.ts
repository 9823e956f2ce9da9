// What a leader does beside its log: it begins its term, keeps its followers quiet, and steps down when it should.
import { isDiskSound } from './durability.ts';
import { inForce, lastIndex, sizeOf } from './log.ts';
import { plus } from './numbers.ts';
import { emit } from './outbox.ts';
import { followConfiguration, noteRemoved, sayFarewell } from './membership.ts';
import { newQueue } from './queue.ts';
import { beginRound, hearsMajority } from './read-index.ts';
import { appendOwn, replicate } from './replication.ts';
import { becomeFollower } from './role.ts';
import { isAlone, isConfigurationCommitted, isMember, isVoter } from './state.ts';
import type { Leadership, State } from './state.ts';
import { endHandover, proceedWithHandover, recommendSuccessor } from './transfer.ts';
import type { Round } from './types.ts';

export function becomeLeader(state: State): void {
  const first = plus(lastIndex(state.log), 1);
  const inherited = state.log.entries.slice(state.commit - state.log.start.index);
  const lead: Leadership = {
    first,
    peers: new Map(),
    round: 0 as Round,
    confirmed: 0 as Round,
    isVoid: false,
    arrived: [],
    asked: newQueue(),
    proposals: newQueue(),
    change: undefined,
    uncommittedBytes: inherited.reduce((sum, entry) => sum + sizeOf(entry), 0),
    idle: state.settings.heartbeatTicks,
  };
  state.role = 'leader';
  state.leader = state.settings.id;
  state.lead = lead;
  state.votes.clear();
  followConfiguration(state, lead);
  appendOwn(state, lead, { type: 'noop', index: first, term: state.term });
  emit(state, { type: 'lead', term: state.term, from: first });
  state.isFlushing = true;
}

export function tickLeader(state: State, lead: Leadership): void {
  for (const peer of lead.peers.values()) peer.silence += 1;
  lead.idle += 1;
  if (!isDiskSound(state) && !isAlone(state)) return abdicate(state, lead);
  if (!hearsMajority(state, lead)) return becomeFollower(state, state.term, undefined);
  sayFarewell(state, lead);
  endHandover(state);
}

/** Everything that waited to be said is said now. */
export function flushLeader(state: State, lead: Leadership): void {
  const isRound = lead.arrived.length > 0 || lead.idle >= state.settings.heartbeatTicks;
  if (isRound) beginRound(state, lead);
  replicate(state, lead, isRound);
  proceedWithHandover(state, lead);
  if (isDismissed(state)) dismiss(state, lead);
}

/** The cluster has agreed to be led by somebody else. */
function isDismissed(state: State): boolean {
  return isConfigurationCommitted(state) && !isVoter(state, state.settings.id);
}

/** The others have just been told what is committed, so that they know of it too. */
function dismiss(state: State, lead: Leadership): void {
  abdicate(state, lead);
  if (!isMember(state, state.settings.id) && inForce(state.log).index > 0) noteRemoved(state);
}

/** Steps down, and lets the best placed voter know that it need not wait. */
export function abdicate(state: State, lead: Leadership): void {
  recommendSuccessor(state, lead);
  becomeFollower(state, state.term, undefined);
}
