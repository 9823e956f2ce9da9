// A node that may have lost what it acknowledged or promised. It follows, but counts for nothing and votes for nobody
// until it holds everything that was committed at some time after its start. Whoever leads then has to say what that is,
// confirmed by a majority of others: an old leader, too, could fill a node that has forgotten which terms there were.
import { hearLeader } from './following.ts';
import { lastIndex, termAt } from './log.ts';
import { least, plus } from './numbers.ts';
import { envelope, sendUrgently } from './outbox.ts';
import type { State } from './state.ts';
import type { Index, Message, Term } from './types.ts';

/** The leader remembers more of this log than there is: what it once held may have counted. */
export function onRecover(state: State, message: Extract<Message, { type: 'recover' }>): void {
  hearLeader(state, message);
  if (state.isRecovering || holds(state, message.index, message.entryTerm)) return;
  state.isRecovering = true;
  state.isPromising = true;
}

function holds({ log }: State, index: Index, term: Term): boolean {
  const found = termAt(log, index);
  const isOther = found !== undefined && found !== term && term > 0;
  return index <= lastIndex(log) && !isOther;
}

/** Asks when it is time to, and ends the recovery when the answer has been lived up to. */
export function proceedWithRecovery(state: State): void {
  if (!state.isRecovering) return;
  const goal = state.recovery?.goal;
  if (goal === undefined) ask(state);
  else if (least(state.commit, state.durable) >= goal) {
    state.recovery = undefined;
    state.isRecovering = false;
    state.isPromising = true;
  }
}

function ask(state: State): void {
  const { leader, recovery, now } = state;
  const isWaiting = recovery !== undefined && now - recovery.since <= state.settings.electionTicks;
  if (leader === undefined || isWaiting) return;
  const number = state.nextForward;
  state.nextForward = plus(number, 1);
  state.recovery = { number, since: now, goal: undefined };
  sendUrgently(state, { ...envelope(state, leader), type: 'read', ticket: number });
}

/** Whether this was the answer to the question above. */
export function noteGoal(state: State, reply: Extract<Message, { type: 'read-reply' }>): boolean {
  const { recovery } = state;
  if (recovery?.number !== reply.ticket) return false;
  if (reply.term === state.term) state.recovery = { ...recovery, goal: reply.index };
  return true;
}
