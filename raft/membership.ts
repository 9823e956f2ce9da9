// Adding, promoting, demoting and removing servers, one at a time. A configuration is in force from when it is appended.
import { inForce, lastIndex } from './log.ts';
import { plus } from './numbers.ts';
import { emit, envelope, send, settle } from './outbox.ts';
import { newProgress } from './progress.ts';
import { appendOwn } from './replication.ts';
import { voidWithoutVote } from './read-index.ts';
import { configurationOf, isConfigurationCommitted, isMember } from './state.ts';
import type { Leadership, State } from './state.ts';
import { majority, votersOf } from './quorum.ts';
import type {
  Configuration,
  Index,
  MembershipChange,
  Message,
  NodeId,
  Refusal,
  Server,
  Suffrage,
  Ticket,
} from './types.ts';

export function change(state: State, ticket: Ticket, wanted: MembershipChange): void {
  const { lead } = state;
  const before = configurationOf(state);
  const after = changed(before, wanted);
  const reason = whyNot(state, wanted, after);
  if (reason !== undefined || lead === undefined) {
    const leader = state.role === 'leader' ? undefined : state.leader;
    settle(state, ticket, { type: 'refused', reason: reason ?? 'not the leader', leader });
  } else if (after === before) {
    settle(state, ticket, { type: 'committed', index: inForce(state.log).index });
  } else {
    const index = plus(lastIndex(state.log), 1);
    const { term } = state;
    appendOwn(state, lead, { type: 'configuration', index, term, configuration: after });
    lead.change = { ticket, index };
    settle(state, ticket, { type: 'appended', index, term });
    followConfiguration(state, lead);
  }
}

function whyNot(state: State, wanted: MembershipChange, after: Configuration): Refusal | undefined {
  const { lead, handover } = state;
  if (lead === undefined) return 'not the leader';
  if (handover !== undefined) return 'leadership is being transferred';
  // Otherwise two leaders could each change the servers, and end with majorities that do not meet (Ongaro 2015).
  if (state.commit < lead.first) return 'the leader has not committed an entry of its term yet';
  if (!isConfigurationCommitted(state)) return 'another change is not committed yet';
  if (wanted.type !== 'add' && !isMember(state, wanted.id)) return 'unknown server';
  if (votersOf(after).length === 0) return 'the last voter cannot go';
  if (wanted.type === 'promote' && !isReady(state, lead, wanted.id)) {
    const isVoter = votersOf(configurationOf(state)).includes(wanted.id);
    return isVoter ? undefined : 'the server has not caught up';
  }
  return isElectable(state, lead, after) ? undefined : 'too few of the voters could vote';
}

/** Whether a majority is there and may vote: if not, the change could not be committed, and nobody could ever take over. */
function isElectable(state: State, lead: Leadership, after: Configuration): boolean {
  const voters = votersOf(after);
  const able = voters.filter((id) => id === state.settings.id || isReady(state, lead, id));
  return able.length >= majority(voters.length);
}

/** A voter that is silent, lacks what is committed, or must not vote yet, only makes a majority harder to reach. */
function isReady({ settings }: State, lead: Leadership, id: NodeId): boolean {
  const peer = lead.peers.get(id);
  if (peer === undefined || peer.silence > settings.electionTicks) return false;
  return !peer.isRecovering && peer.match >= lead.first;
}

/** The same value when nothing changes. */
function changed(before: Configuration, wanted: MembershipChange): Configuration {
  switch (wanted.type) {
    case 'add':
      return added(before, wanted.server);
    case 'promote':
      return withSuffrage(before, wanted.id, 'voter');
    case 'demote':
      return withSuffrage(before, wanted.id, 'nonvoter');
    case 'remove':
      return before.filter((server) => server.id !== wanted.id);
  }
}

function added(before: Configuration, server: Server): Configuration {
  const known = before.find((one) => one.id === server.id);
  if (known === undefined) {
    const suffrage = server.suffrage === 'voter' ? 'staging' : server.suffrage;
    return [...before, { ...server, suffrage }];
  }
  if (known.address === server.address) return before;
  return before.map((one) => (one === known ? { ...one, address: server.address } : one));
}

function withSuffrage(before: Configuration, id: NodeId, suffrage: Suffrage): Configuration {
  if (before.some((server) => server.id === id && server.suffrage === suffrage)) return before;
  return before.map((server) => (server.id === id ? { ...server, suffrage } : server));
}

/** Makes the servers that the leader looks after those of the configuration, and remembers whom to say farewell. */
export function followConfiguration(state: State, lead: Leadership): void {
  const next = plus(lastIndex(state.log), 1);
  for (const { id } of configurationOf(state)) {
    if (id === state.settings.id) continue;
    const known = lead.peers.get(id);
    // Who was removed and comes back comes back as somebody new.
    if (known === undefined || known.farewell !== undefined) {
      lead.peers.set(id, newProgress(id, next));
    }
  }
  for (const peer of lead.peers.values()) {
    if (!isMember(state, peer.id)) peer.farewell ??= 2 * state.settings.electionTicks;
  }
  voidWithoutVote(state, lead);
}

/** Tells servers that are out of the cluster for good, for a while; then forgets them. */
export function sayFarewell(state: State, lead: Leadership): void {
  if (!isConfigurationCommitted(state)) return;
  for (const peer of lead.peers.values()) {
    if (peer.farewell === undefined) continue;
    sayNotMember(state, peer.id);
    peer.farewell -= 1;
    if (peer.farewell <= 0) lead.peers.delete(peer.id);
  }
}

/** To a server that the committed configuration does not have. */
export function sayNotMember(state: State, to: NodeId): void {
  const { index } = inForce(state.log);
  send(state, { ...envelope(state, to), type: 'not-a-member', configurationIndex: index });
}

/**
 * A node that is being brought up, perhaps after it came back under an old name, takes no such word: it has not seen
 * yet what made it a member.
 */
export function onNotMember(
  state: State,
  { configurationIndex }: Extract<Message, { type: 'not-a-member' }>,
): void {
  const own: Index = inForce(state.log).index;
  if (state.isRecovering || configurationIndex < own) return;
  if (configurationIndex === own && isMember(state, state.settings.id)) return;
  noteRemoved(state);
}

export function noteRemoved(state: State): void {
  if (state.told.isRemoved) return;
  state.told.isRemoved = true;
  emit(state, { type: 'removed' });
}
