// The follower's side of the log: taking what the leader sends, and saying what is there.
import { replaceFrom } from './durability.ts';
import { invariant } from './invariant.ts';
import { append, lastIndex, lastWithin, termAt } from './log.ts';
import { least, most, plus } from './numbers.ts';
import { envelope, send } from './outbox.ts';
import { becomeFollower } from './role.ts';
import type { State } from './state.ts';
import type { Entry, Index, Message, Round, Term } from './types.ts';

type Append = Extract<Message, { type: 'append' }>;

/** A message that only the leader of the present term sends. */
export function hearLeader(state: State, { from }: Message): void {
  invariant(state.role !== 'leader', 'there is one leader in a term');
  invariant(state.leader === undefined || state.leader === from, 'there is one leader in a term');
  if (state.role !== 'follower' || state.leader !== from) becomeFollower(state, state.term, from);
  state.silence = 0;
  state.elapsed = 0;
}

export function onAppend(state: State, message: Append): void {
  if (message.term < state.term) {
    // Only the higher term of the answer matters. The round is of another term, in which this one has no meaning.
    refuse(state, { ...message, round: 0 as Round });
    return;
  }
  hearLeader(state, message);
  if (state.installing !== undefined) refuse(state, message);
  else if (message.previousIndex < state.commit) takeBehindCommit(state, message);
  else takeEntries(state, message);
}

/** What is committed is the leader's as well; only what comes after it can be news. */
function takeBehindCommit(state: State, message: Append): void {
  const { previousIndex, entries } = message;
  const known = state.commit - previousIndex;
  const lastKnown = entries[known - 1];
  if (lastKnown === undefined) {
    accept(state, message, state.commit);
    return;
  }
  invariant(lastKnown.term === termAt(state.log, state.commit), 'what is committed never changes');
  takeEntries(state, {
    ...message,
    previousIndex: state.commit,
    previousTerm: lastKnown.term,
    entries: entries.slice(known),
  });
}

function takeEntries(state: State, message: Append): void {
  const { previousIndex, previousTerm, entries, commit } = message;
  if (termAt(state.log, previousIndex) !== previousTerm) {
    refuse(state, message);
    return;
  }
  const news = entries.findIndex((entry) => termAt(state.log, entry.index) !== entry.term);
  if (news >= 0) appendFrom(state, entries, news);
  const through = plus(previousIndex, entries.length);
  learnCommit(state, least(commit, through));
  accept(state, message, through);
}

/** Truncates only where an entry differs: a message that was overtaken holds less than the log, not better. */
function appendFrom(state: State, entries: readonly Entry[], from: number): void {
  for (let place = from; place < entries.length; place += 1) {
    const entry = entries[place];
    invariant(entry !== undefined, 'a list has no holes');
    if (entry.index <= lastIndex(state.log)) replaceFrom(state, entry.index);
    append(state.log, entry);
  }
}

export function learnCommit(state: State, commit: Index): void {
  state.commit = most(state.commit, commit);
}

export function accept(
  state: State,
  message: { readonly from: Append['from']; readonly round: Round },
  index: Index,
): void {
  reply(state, message, { isAccepted: true, index, hintTerm: 0 as Term });
}

/** Says the last place that could agree: no entry of a later term than the asked one is the leader's. */
function refuse(state: State, message: Append): void {
  const index = lastWithin(state.log, message.previousIndex, message.previousTerm);
  const hintTerm = termAt(state.log, index) ?? (0 as Term);
  reply(state, message, { isAccepted: false, index, hintTerm });
}

function reply(
  state: State,
  message: { readonly from: Append['from']; readonly round: Round },
  answer: { readonly isAccepted: boolean; readonly index: Index; readonly hintTerm: Term },
): void {
  send(state, {
    ...envelope(state, message.from),
    ...answer,
    type: 'append-reply',
    round: message.round,
    lastIndex: lastIndex(state.log),
    needsSnapshot: state.needsSnapshot,
    isInstalling: state.installing !== undefined,
    isRecovering: state.isRecovering,
  });
}
