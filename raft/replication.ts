// The leader's side of the log: appending its own entries, bringing them to the others, and knowing what is committed.
import { invariant } from './invariant.ts';
import { append, batchFrom, lastIndex, lastTerm, lastWithin, sizeOf, termAt } from './log.ts';
import { least, most, plus } from './numbers.ts';
import { emit, envelope, sendEntries, sendUrgently, settle } from './outbox.ts';
import {
  hasRoom,
  noteAccepted,
  noteSent,
  startProbing,
  startReplicating,
  startShipping,
} from './progress.ts';
import type { Progress } from './progress.ts';
import { peek, take } from './queue.ts';
import { reachedByMajority } from './quorum.ts';
import { voters } from './state.ts';
import type { Leadership, State } from './state.ts';
import type { Entry, Index, Message, Refusal, Term, Ticket } from './types.ts';

type AppendReply = Extract<Message, { type: 'append-reply' }>;

export function propose(state: State, ticket: Ticket, data: Uint8Array): void {
  const { lead } = state;
  const reason = whyNotPropose(state, data.length);
  if (reason !== undefined || lead === undefined) {
    const leader = state.role === 'leader' ? undefined : state.leader;
    settle(state, ticket, { type: 'refused', reason: reason ?? 'not the leader', leader });
    return;
  }
  const index = plus(lastIndex(state.log), 1);
  appendOwn(state, lead, { type: 'data', index, term: state.term, data });
  lead.proposals.items.push({ ticket, index });
  settle(state, ticket, { type: 'appended', index, term: state.term });
}

function whyNotPropose(state: State, length: number): Refusal | undefined {
  const { lead, handover, settings } = state;
  if (lead === undefined) return 'not the leader';
  if (handover !== undefined) return 'leadership is being transferred';
  if (!state.isDiskUsable) return 'the disk is full';
  const waiting = lead.uncommittedBytes;
  // One that is larger than the bound has to go through too, when it is alone.
  const isTooMuch = waiting > 0 && waiting + length > settings.maxUncommittedBytes;
  return isTooMuch ? 'too much is waiting to be committed' : undefined;
}

export function appendOwn(state: State, lead: Leadership, entry: Entry): void {
  append(state.log, entry);
  lead.uncommittedBytes += sizeOf(entry);
}

/** Sends each server what it lacks, as far as there is room, and in a round of heartbeats something in any case. */
export function replicate(state: State, lead: Leadership, isRound: boolean): void {
  for (const peer of lead.peers.values()) {
    const hasSent = sendMissing(state, peer);
    if (!hasSent && (isRound || hasNews(state, peer))) sendAppend(state, peer, []);
  }
}

/** It holds entries that it does not know to be committed. */
function hasNews(state: State, peer: Progress): boolean {
  return peer.mode === 'replicate' && peer.toldCommit < Math.min(state.commit, peer.next - 1);
}

function sendMissing(state: State, peer: Progress): boolean {
  const { log, settings } = state;
  let hasSent = false;
  while (peer.next <= lastIndex(log) && hasRoom(peer, settings)) {
    if (peer.next <= log.start.index) {
      ship(state, peer);
      return hasSent;
    }
    const entries = batchFrom(log, peer.next, settings.maxAppendBytes);
    sendAppend(state, peer, entries);
    noteSent(peer, plus(peer.next, entries.length - 1), bytesOf(entries));
    hasSent = true;
  }
  return hasSent;
}

function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
}

function sendAppend(state: State, peer: Progress, entries: readonly Entry[]): void {
  const { log, commit } = state;
  // A server that needs more than the log holds is asked about the place where the log begins.
  const previousIndex = most(plus(peer.next, -1), log.start.index);
  const previousTerm = termAt(log, previousIndex);
  invariant(previousTerm !== undefined, 'the log holds what is sent');
  const round = state.lead?.round;
  invariant(round !== undefined, 'only a leader sends entries');
  sendEntries(state, {
    ...envelope(state, peer.id),
    type: 'append',
    previousIndex,
    previousTerm,
    entries,
    commit,
    round,
  });
  peer.toldCommit = least(commit, plus(previousIndex, entries.length));
}

function ship(state: State, peer: Progress): void {
  startShipping(peer);
  emit(state, { type: 'ship', to: peer.id });
}

export function onAppendReply(state: State, lead: Leadership, reply: AppendReply): void {
  const peer = lead.peers.get(reply.from);
  if (peer === undefined || reply.index > lastIndex(state.log)) return;
  peer.silence = 0;
  peer.wasHeard = true;
  peer.isRecovering = reply.isRecovering;
  // Who may have forgotten a newer term cannot confirm that there is none.
  if (!reply.isRecovering) peer.round = most(peer.round, reply.round);
  watchForLoss(state, peer, reply);
  if (reply.isAccepted) noteAccepted(peer, reply.index, reply.round);
  if (peer.mode === 'snapshot') afterShipping(state, peer, reply);
  else if (reply.needsSnapshot) ship(state, peer);
  else if (!reply.isAccepted) probeBelow(state, peer, reply);
  else if (peer.mode === 'probe') startReplicating(peer);
  advanceCommit(state, lead);
}

/**
 * A log that has not what it acknowledged has lost entries that may count as committed. An answer may just be late, so
 * the server is asked to look for itself; what it acknowledges anew is all that counts from now on.
 */
function watchForLoss(state: State, peer: Progress, reply: AppendReply): void {
  if (reply.round <= peer.acknowledgedRound) return;
  const differs = !reply.isAccepted && reply.index < peer.match;
  if (reply.lastIndex >= peer.acknowledged && !differs) return;
  if (!reply.isRecovering) {
    const index = peer.acknowledged;
    const entryTerm = termAt(state.log, index) ?? (0 as Term);
    sendUrgently(state, { ...envelope(state, peer.id), type: 'recover', index, entryTerm });
  }
  peer.match = reply.isAccepted ? least(peer.match, reply.index) : (0 as Index);
  if (peer.mode === 'replicate') startProbing(peer, plus(peer.match, 1));
}

function probeBelow(state: State, peer: Progress, reply: AppendReply): void {
  const { log } = state;
  const agreed = lastWithin(log, reply.index, reply.hintTerm);
  // Below the beginning of the log there is nothing to compare with; a snapshot is what helps then.
  const isBelow = reply.index < log.start.index || (termAt(log, agreed) ?? 0) > reply.hintTerm;
  const { mode, next } = peer;
  startProbing(peer, isBelow ? log.start.index : plus(agreed, 1));
  // To try the same again at once would bring the same answer; the next heartbeat shows what is the matter.
  peer.isWaiting = mode === 'probe' && peer.next === next && !isBelow;
}

/** A snapshot is on its way: it has arrived in some way, or has to be sent once more, or nothing is to be done yet. */
function afterShipping(state: State, peer: Progress, reply: AppendReply): void {
  const isFilled = reply.isAccepted && !reply.needsSnapshot && peer.match >= state.log.start.index;
  if (isFilled) startReplicating(peer);
  else if (hasAnsweredSince(peer, reply) && !reply.isInstalling) ship(state, peer);
}

/** An answer from before the snapshot had arrived says nothing about it. */
function hasAnsweredSince(peer: Progress, reply: AppendReply): boolean {
  return peer.shipped !== undefined && reply.round > peer.shipped;
}

/** How carrying a snapshot over went. When it failed, the next heartbeat shows what is needed now. */
export function onShipped(lead: Leadership, to: Progress['id'], isDone: boolean): void {
  const peer = lead.peers.get(to);
  if (peer?.mode !== 'snapshot') return;
  if (isDone) {
    peer.shipped = lead.round;
    return;
  }
  startProbing(peer, plus(peer.match, 1));
  peer.isWaiting = true;
}

/** Only an entry of the own term is committed by counting; it takes all before it along (Ongaro 2014, 3.6.2). */
export function advanceCommit(state: State, lead: Leadership): void {
  const reached = reachedByMajority(voters(state), (voter) => matchOf(state, lead, voter));
  if (reached === undefined || reached <= state.commit) return;
  if (termAt(state.log, reached) !== state.term) return;
  noteCommitted(state, lead, reached);
}

/** This node counts from when its own disk has it, and another one while it is sure of what it has promised. */
function matchOf(state: State, lead: Leadership, voter: Progress['id']): Index {
  if (voter === state.settings.id) return state.durable;
  const peer = lead.peers.get(voter);
  return peer === undefined || peer.isRecovering ? (0 as Index) : peer.match;
}

function noteCommitted(state: State, lead: Leadership, commit: Index): void {
  for (let index = plus(state.commit, 1); index <= commit; index = plus(index, 1)) {
    lead.uncommittedBytes -= sizeOf(state.log.entries[index - state.log.start.index - 1]);
  }
  state.commit = commit;
  for (let first = peek(lead.proposals); first; first = peek(lead.proposals)) {
    if (first.index > commit) break;
    take(lead.proposals);
  }
  if (lead.change !== undefined && lead.change.index <= commit) {
    settle(state, lead.change.ticket, { type: 'committed', index: lead.change.index });
    lead.change = undefined;
  }
}

/** Whether `peer` has everything that the log holds. */
export function isCaughtUp(state: State, peer: Progress): boolean {
  return peer.match === lastIndex(state.log);
}

export function isUpToDate(state: State, index: Index, term: number): boolean {
  const own = lastTerm(state.log);
  return term > own || (term === own && index >= lastIndex(state.log));
}
