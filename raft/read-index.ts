// Linearizable reads: the leader notes what is committed and lets a majority confirm, by answering a round of heartbeats
// that began later, that it still leads. The same rounds are what the driver's lease is made of.
import { emit, envelope, sendUrgently, settle } from './outbox.ts';
import { most, plus } from './numbers.ts';
import { peek, size, take } from './queue.ts';
import { majority, reachedByMajority } from './quorum.ts';
import { refuseRead } from './role.ts';
import { isMember, isVoter, voters } from './state.ts';
import type { Leadership, Read, State } from './state.ts';
import type { Index, Message, NodeId, Refusal, Round, Ticket } from './types.ts';

/** Reads wait for a few milliseconds. Where more come together, something is wrong that waiting does not mend. */
const MAX_WAITING = 10_000;

/** A read of this node. */
export function read(state: State, ticket: Ticket): void {
  const { lead, leader } = state;
  if (waiting(state) >= MAX_WAITING) refuse(state, ticket, CROWDED);
  else if (lead !== undefined) lead.arrived.push(arrival(state, lead, ticket, undefined));
  else if (leader !== undefined) forward(state, leader, ticket);
  else refuse(state, ticket, 'no leader');
}

const CROWDED = 'too many reads are waiting to be confirmed';

function waiting({ lead, forwarded }: State): number {
  return lead === undefined ? forwarded.size : lead.arrived.length + size(lead.asked);
}

/** A read of another server. */
export function onRead(state: State, message: Extract<Message, { type: 'read' }>): void {
  const { lead } = state;
  if (!isMember(state, message.from)) return;
  if (lead === undefined || waiting(state) >= MAX_WAITING) {
    refuseRead(state, { ticket: message.ticket, from: message.from, index: state.commit });
    return;
  }
  lead.arrived.push(arrival(state, lead, message.ticket, message.from));
}

/** Before an entry of the own term is committed, what earlier leaders committed is known not to lie behind its first. */
function arrival(
  state: State,
  lead: Leadership,
  ticket: Ticket,
  from: NodeId | undefined,
): Read & { readonly index: Index } {
  return { ticket, from, index: most(state.commit, lead.first) };
}

function forward(state: State, leader: NodeId, ticket: Ticket): void {
  const number = state.nextForward;
  state.nextForward = plus(number, 1);
  state.forwarded.set(number, { ticket, since: state.now });
  sendUrgently(state, { ...envelope(state, leader), type: 'read', ticket: number });
}

export function onReadReply(state: State, reply: Extract<Message, { type: 'read-reply' }>): void {
  const asked = state.forwarded.get(reply.ticket);
  if (asked === undefined) return;
  state.forwarded.delete(reply.ticket);
  if (reply.index === undefined) refuse(state, asked.ticket, 'not the leader');
  else settle(state, asked.ticket, { type: 'readable', index: reply.index });
}

/** What the leader has not answered for as long as an election takes, it will not answer. */
export function expireReads(state: State): void {
  for (const [number, { ticket, since }] of state.forwarded) {
    // They are in the order in which they were asked.
    if (state.now - since <= state.settings.electionTicks) return;
    state.forwarded.delete(number);
    refuse(state, ticket, 'timed out');
  }
}

function refuse(state: State, ticket: Ticket, reason: Refusal): void {
  settle(state, ticket, { type: 'refused', reason, leader: state.leader });
}

/** Whatever is sent from now on asks for confirmation of the reads that have arrived. */
export function beginRound(state: State, lead: Leadership): void {
  const round = plus(lead.round, 1);
  lead.round = round;
  lead.idle = 0;
  if (!lead.isVoid) emit(state, { type: 'round-begun', round });
  for (const arrived of lead.arrived) lead.asked.items.push({ ...arrived, round });
  lead.arrived = [];
  // Where nobody else votes, nobody else has to be asked.
  confirmRounds(state, lead);
}

export function confirmRounds(state: State, lead: Leadership): void {
  const confirmed = reachedByMajority(voters(state), (voter) =>
    voter === state.settings.id ? lead.round : (lead.peers.get(voter)?.round ?? (0 as Round)),
  );
  if (confirmed === undefined || confirmed <= lead.confirmed) return;
  lead.confirmed = confirmed;
  if (!lead.isVoid) emit(state, { type: 'round-confirmed', round: confirmed });
  for (let first = peek(lead.asked); first; first = peek(lead.asked)) {
    if (first.round > confirmed) return;
    take(lead.asked);
    answer(state, first);
  }
}

function answer(state: State, { from, ticket, index }: Read): void {
  if (from === undefined) settle(state, ticket, { type: 'readable', index });
  else sendUrgently(state, { ...envelope(state, from), type: 'read-reply', ticket, index });
}

/** Another server may lead before this one knows: the lease ends, reads go on by rounds alone. */
export function voidRounds(state: State, lead: Leadership): void {
  if (lead.isVoid) return;
  lead.isVoid = true;
  emit(state, { type: 'rounds-void' });
}

/** Whether a majority has been heard of, this node counting as one that hears itself. */
export function hearsMajority(state: State, lead: Leadership): boolean {
  const heard = voters(state).filter((voter) => {
    if (voter === state.settings.id) return true;
    const peer = lead.peers.get(voter);
    return peer && !peer.isRecovering && peer.silence <= state.settings.electionTicks;
  });
  return heard.length >= majority(voters(state).length);
}

/** A leader without a vote can be replaced without its hearing of it, so it must not rely on its followers' patience. */
export function voidWithoutVote(state: State, lead: Leadership): void {
  if (!isVoter(state, state.settings.id)) voidRounds(state, lead);
}
