// Who may lead: standing for it, voting, and counting. Nobody disturbs a leader that is heard.
import { isDiskSound } from './durability.ts';
import { invariant } from './invariant.ts';
import { inForce, lastIndex, lastTerm } from './log.ts';
import { becomeLeader } from './leadership.ts';
import { sayNotMember } from './membership.ts';
import { plus } from './numbers.ts';
import { envelope, send } from './outbox.ts';
import { majority, votersOf } from './quorum.ts';
import { isUpToDate } from './replication.ts';
import { becomeFollower } from './role.ts';
import { isConfigurationCommitted, isMember, isVoter, restartTimer, voters } from './state.ts';
import type { State } from './state.ts';
import type { Index, Message, Term } from './types.ts';

type VoteRequest = Extract<Message, { type: 'pre-vote' | 'vote' }>;
type VoteReply = Extract<Message, { type: 'pre-vote-reply' | 'vote-reply' }>;

/** No leader was heard for as long as this node's timer says. */
export function onElectionTimeout(state: State): void {
  becomeFollower(state, state.term, undefined);
  if (canStand(state)) preCampaign(state);
  else if (!isEligible(state)) askWhetherMember(state);
}

/** A cluster of one needs nobody's consent, and nobody else can lead it. */
export function leadAlone(state: State): void {
  const isAlone = voters(state).length === 1 && isVoter(state, state.settings.id);
  if (isAlone && state.leader === undefined && canStand(state)) campaign(state, false);
}

/** Whether this node may lead, as far as it knows by itself. */
export function canStand(state: State): boolean {
  const isWhole = !state.isRecovering && !state.needsSnapshot && state.installing === undefined;
  return isWhole && isEligible(state) && isDiskSound(state);
}

/**
 * A voter, or one that will have been a voter until the configuration that says otherwise is committed: it may be the
 * only server with that configuration, and then nobody else can be elected (Ongaro 2014, 4.2.2).
 */
function isEligible(state: State): boolean {
  if (state.told.isRemoved) return false;
  const { id } = state.settings;
  const before = isConfigurationCommitted(state) ? undefined : state.log.configurations.at(-2);
  return isVoter(state, id) || votersOf(before?.configuration ?? []).includes(id);
}

/** Asks whether it would be elected, which changes nothing for anybody (Ongaro 2014, 9.6). */
function preCampaign(state: State): void {
  state.role = 'pre-candidate';
  canvass(state, { type: 'pre-vote', term: plus(state.term, 1), isTransfer: false });
}

export function campaign(state: State, isTransfer: boolean): void {
  becomeFollower(state, plus(state.term, 1), undefined);
  state.votedFor = state.settings.id;
  state.role = 'candidate';
  canvass(state, { type: 'vote', term: state.term, isTransfer });
}

interface Call {
  readonly type: 'pre-vote' | 'vote';
  readonly term: Term;
  readonly isTransfer: boolean;
}

function canvass(state: State, call: Call): void {
  const place = { lastIndex: lastIndex(state.log), lastTerm: lastTerm(state.log) };
  state.votes.clear();
  for (const to of voters(state)) {
    if (to !== state.settings.id) send(state, { ...envelope(state, to), ...place, ...call });
  }
  count(state, state.settings.id, true);
}

/**
 * A server that has no vote, and that no leader talks to, may have been removed. With a log of nothing it cannot be
 * elected, but those who know will say so.
 */
function askWhetherMember(state: State): void {
  const place = { lastIndex: 0 as Index, lastTerm: 0 as Term };
  for (const to of voters(state)) {
    const term = plus(state.term, 1);
    send(state, { ...envelope(state, to), ...place, type: 'pre-vote', term, isTransfer: false });
  }
}

export function onVoteRequest(state: State, request: VoteRequest): void {
  const isVote = request.type === 'vote';
  const isPatient = hearsLeader(state) && !request.isTransfer;
  if (isVote && !isPatient && request.term > state.term) {
    becomeFollower(state, request.term, undefined);
  }
  const isGranted = !isPatient && mayVote(state, request) && isElectable(state, request);
  if (!isGranted) sayIfStranger(state, request);
  if (isVote && isGranted) vote(state, request);
  // A yes to a question about the next term speaks of that term, a no of the own one.
  const term = isGranted ? request.term : state.term;
  const type = isVote ? 'vote-reply' : 'pre-vote-reply';
  send(state, { ...envelope(state, request.from), type, term, isGranted });
}

/** While a leader may still be heard by others, its lease may hold. */
function hearsLeader(state: State): boolean {
  return state.role === 'leader' || state.silence < state.settings.electionTicks;
}

/** At most one vote in a term; a question about a later term asks for none. */
function mayVote(state: State, request: VoteRequest): boolean {
  // It may have voted, or acknowledged entries, without knowing of it any more.
  if (state.isRecovering) return false;
  if (request.term !== state.term) return request.type === 'pre-vote' && request.term > state.term;
  const isFree = state.votedFor === undefined && state.leader === undefined;
  return isFree || state.votedFor === request.from;
}

/** Its log has everything that a majority may have acknowledged to be durable. */
function isElectable(state: State, request: VoteRequest): boolean {
  return isUpToDate(state, request.lastIndex, request.lastTerm);
}

function vote(state: State, { from, term }: VoteRequest): void {
  invariant(term === state.term, 'a vote is given in the own term');
  if (state.votedFor === from) return;
  invariant(state.votedFor === undefined, 'nobody votes twice in a term');
  state.votedFor = from;
  state.isPromising = true;
  restartTimer(state);
}

function sayIfStranger(state: State, { from }: VoteRequest): void {
  const knows = inForce(state.log).index > 0 && isConfigurationCommitted(state);
  if (knows && !isMember(state, from)) sayNotMember(state, from);
}

export function onVoteReply(state: State, reply: VoteReply): void {
  if (reply.type === 'pre-vote-reply') {
    const asked = plus(state.term, 1);
    const isAnswer = reply.isGranted ? reply.term === asked : reply.term <= state.term;
    if (state.role === 'pre-candidate' && isAnswer) count(state, reply.from, reply.isGranted);
  } else if (state.role === 'candidate' && reply.term === state.term) {
    count(state, reply.from, reply.isGranted);
  }
}

function count(state: State, from: Message['from'], isGranted: boolean): void {
  if (!isVoter(state, from) || state.votes.has(from)) return;
  state.votes.set(from, isGranted);
  const answers = [...state.votes.values()];
  const needed = majority(voters(state).length);
  if (answers.filter((answer) => answer).length >= needed) win(state);
  else if (answers.filter((answer) => !answer).length >= needed) {
    becomeFollower(state, state.term, undefined);
  }
}

function win(state: State): void {
  if (state.role === 'pre-candidate') campaign(state, false);
  else becomeLeader(state);
}
