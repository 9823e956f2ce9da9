// A message from another server: what it says about terms, and who deals with the rest.
import { onInstall } from './compaction.ts';
import { campaign, canStand, onVoteReply, onVoteRequest } from './election.ts';
import { onAppend } from './following.ts';
import { onNotMember } from './membership.ts';
import { LARGEST_NUMBER } from './numbers.ts';
import { confirmRounds, onRead, onReadReply } from './read-index.ts';
import { noteGoal, onRecover, proceedWithRecovery } from './recovery.ts';
import { onAppendReply } from './replication.ts';
import { becomeFollower } from './role.ts';
import { isMember } from './state.ts';
import type { State } from './state.ts';
import type { Message } from './types.ts';

export function receive(state: State, message: Message): void {
  if (message.to !== state.settings.id || message.from === state.settings.id) return;
  if (!isWellFormed(message)) return;
  if (message.term > state.term && bringsTerm(state, message)) {
    becomeFollower(state, message.term, undefined);
  }
  dispatch(state, message);
  proceedWithRecovery(state);
}

function dispatch(state: State, message: Message): void {
  switch (message.type) {
    case 'pre-vote':
    case 'vote':
      return onVoteRequest(state, message);
    case 'pre-vote-reply':
    case 'vote-reply':
      return onVoteReply(state, message);
    case 'append':
      return onAppend(state, message);
    case 'append-reply':
      return hearFollower(state, message);
    case 'install':
      return onInstall(state, message);
    case 'read':
      return onRead(state, message);
    case 'read-reply':
      return noteGoal(state, message) ? undefined : onReadReply(state, message);
    case 'time-out-now':
      return onTimeOutNow(state, message);
    case 'recover':
      return message.term === state.term ? onRecover(state, message) : undefined;
    case 'not-a-member':
      return onNotMember(state, message);
  }
}

/** Whether this node goes over to a newer term because of a message. */
function bringsTerm(state: State, message: Message): boolean {
  switch (message.type) {
    // Asked for is a term that may never be; a vote depends on more than the term.
    case 'pre-vote':
    case 'vote':
      return false;
    case 'pre-vote-reply':
      return !message.isGranted && isMember(state, message.from);
    // Who has been removed does not disturb those who stay.
    case 'append-reply':
    case 'vote-reply':
    case 'read':
      return isMember(state, message.from);
    case 'not-a-member':
    case 'read-reply':
      return false;
    case 'append':
    case 'install':
    case 'time-out-now':
    case 'recover':
      return true;
  }
}

function hearFollower(state: State, reply: Extract<Message, { type: 'append-reply' }>): void {
  if (state.lead === undefined || reply.term !== state.term) return;
  onAppendReply(state, state.lead, reply);
  confirmRounds(state, state.lead);
}

function onTimeOutNow(state: State, { term, from }: Message): void {
  const isFromLeader = term === state.term && from === state.leader;
  if (isFromLeader && canStand(state)) campaign(state, true);
}

/** A message that no server sends is no message. */
function isWellFormed(message: Message): boolean {
  if (!(message.term <= LARGEST_NUMBER)) return false;
  if (message.type !== 'append') return true;
  let { previousIndex: index, previousTerm: term } = message;
  for (const entry of message.entries) {
    if (entry.index !== index + 1 || entry.term < term) return false;
    ({ index, term } = entry);
  }
  return term <= message.term && index <= LARGEST_NUMBER;
}
