// Collects what a step wants done and puts it into the one right order: what need not wait, the disk, all the rest.
import { invariant } from './invariant.ts';
import { between, inForce, lastIndex } from './log.ts';
import { least, plus } from './numbers.ts';
import type { State } from './state.ts';
import type { Effect, HardState, Message, NodeId, Outcome, Term, Ticket } from './types.ts';

export function emit(state: State, effect: Effect): void {
  state.late.push(effect);
}

/** Says something that is true only once what this node promised is durable. */
export function send(state: State, message: Message): void {
  state.late.push({ type: 'send', message, isUrgent: false });
}

/** Says something that does not depend on this node's disk. */
export function sendUrgently(state: State, message: Message): void {
  state.late.push({ type: 'send', message, isUrgent: true });
}

/**
 * Sends a leader's entries before they are written here, unless the term or vote that they come from is not durable:
 * another run of this node could otherwise send other entries in the same term.
 */
export function sendEntries(state: State, message: Message): void {
  if (isPromiseDurable(state)) state.early.push({ type: 'send', message, isUrgent: true });
  else send(state, message);
}

export function settle(state: State, ticket: Ticket, outcome: Outcome): void {
  state.late.push({ type: 'settle', ticket, outcome });
}

export function envelope(
  state: State,
  to: NodeId,
): { readonly from: NodeId; readonly to: NodeId; readonly term: Term } {
  return { from: state.settings.id, to, term: state.term };
}

/** Ends a step: all of its effects in order. */
export function finish(state: State, holdsBack: boolean): readonly Effect[] {
  const effects = state.early;
  if (state.isPromising || (!holdsBack && state.written < lastIndex(state.log))) {
    effects.push(persist(state));
  }
  for (const effect of state.late) effects.push(effect);
  state.early = [];
  state.late = [];
  apply(state, effects);
  tell(state, effects);
  return effects;
}

function persist(state: State): Effect {
  const last = lastIndex(state.log);
  const entries = between(state.log, plus(state.written, 1), last);
  const sequence = plus(state.sequence, 1);
  const { term, votedFor, commit, isRecovering } = state;
  const hardState: HardState = { term, votedFor, commit, isRecovering };
  if (state.isPromising) state.promised = sequence;
  state.isPromising = false;
  state.sequence = sequence;
  state.written = last;
  state.persists.items.push({ sequence, since: state.now, through: last });
  return { type: 'persist', sequence, hardState, entries };
}

/** An entry is applied once it is committed and durable here, and never twice. */
function apply(state: State, effects: Effect[]): void {
  const through = least(state.commit, state.durable);
  if (through <= state.applying || state.installing !== undefined || state.needsSnapshot) return;
  const entries = between(state.log, plus(state.applying, 1), through);
  invariant(entries.length === through - state.applying, 'what is applied is in the log');
  state.applying = through;
  effects.push({ type: 'apply', entries });
}

function tell(state: State, effects: Effect[]): void {
  const { told, term, leader } = state;
  const isLeader = state.role === 'leader';
  if (told.term !== term || told.leader !== leader || told.isLeader !== isLeader) {
    if (!isLeader) effects.push({ type: 'follow', term, leader });
    told.term = term;
    told.leader = leader;
    told.isLeader = isLeader;
  }
  const { index, configuration } = inForce(state.log);
  if (told.configurationIndex !== index) {
    effects.push({ type: 'configured', configuration, index });
    told.configurationIndex = index;
  }
}

function isPromiseDurable(state: State): boolean {
  const oldest = state.persists.items[state.persists.head];
  return !state.isPromising && (oldest === undefined || state.promised < oldest.sequence);
}
