// The whole of Raft: a state and an input give the next state and what is to be done. No clock, no socket, no disk, and
// no randomness that is not in the state. The state is changed in place, and is nobody else's to change.
import { bootstrap } from './bootstrap.ts';
import { onCompacted, onInstalled } from './compaction.ts';
import { notePersisted } from './durability.ts';
import { leadAlone, onElectionTimeout } from './election.ts';
import { invariant } from './invariant.ts';
import { abdicate, flushLeader, tickLeader } from './leadership.ts';
import { change } from './membership.ts';
import { finish } from './outbox.ts';
import { expireReads, read } from './read-index.ts';
import { receive } from './receive.ts';
import { proceedWithRecovery } from './recovery.ts';
import { advanceCommit, onShipped, propose } from './replication.ts';
import { isAlone } from './state.ts';
import type { State } from './state.ts';
import { endHandover, transfer } from './transfer.ts';
import type { Effect, Index, Input, Sequence } from './types.ts';

/** @throws InvariantError when the node, or the cluster, is not what it has to be; the state is of no use any more */
export function step(state: State, input: Input): readonly [State, readonly Effect[]] {
  if (isReport(input)) hearDriver(state, input);
  else take(state, input);
  const holdsBack = state.lead !== undefined && !state.isFlushing && isHeldBack(input);
  state.isFlushing = false;
  if (state.lead !== undefined && !holdsBack) flushLeader(state, state.lead);
  endHandover(state);
  return [state, finish(state, holdsBack)];
}

function take(state: State, input: Exclude<Input, Report>): void {
  switch (input.type) {
    case 'tick':
      return tick(state);
    case 'flush':
      return leadAlone(state);
    case 'receive':
      return receive(state, input.message);
    case 'propose':
      return propose(state, input.ticket, input.data);
    case 'read':
      return read(state, input.ticket);
    case 'change':
      return change(state, input.ticket, input.change);
    case 'transfer':
      return transfer(state, input.ticket, input.to);
    case 'bootstrap':
      return bootstrap(state, input.ticket, input.server);
  }
}

/** What only a driver says, when it has done what it was to do. */
type Report = Extract<Input, { readonly type: (typeof REPORTS)[number] }>;

const REPORTS = ['persisted', 'applied', 'compacted', 'installed', 'shipped', 'disk'] as const;

function isReport(input: Input): input is Report {
  return (REPORTS as readonly string[]).includes(input.type);
}

/** How what the driver was to do went, and how its disk is. */
function hearDriver(state: State, input: Report): void {
  switch (input.type) {
    case 'persisted':
      return onPersisted(state, input.sequence);
    case 'applied':
      return onApplied(state, input.through);
    case 'compacted':
      return onCompacted(state, input.snapshot, input.through);
    case 'installed':
      return onInstalled(state, input.snapshot);
    case 'shipped':
      return state.lead && onShipped(state.lead, input.to, input.isDone);
    case 'disk':
      return onDisk(state, input.isUsable);
  }
}

/** Whether what a leader has to say after it waits, since more may come before the flush. */
function isHeldBack({ type }: Input): boolean {
  switch (type) {
    case 'propose':
    case 'read':
    case 'receive':
    case 'persisted':
    case 'applied':
    case 'compacted':
    case 'shipped':
      return true;
    case 'tick':
    case 'flush':
    case 'change':
    case 'transfer':
    case 'bootstrap':
    case 'installed':
    case 'disk':
      return false;
  }
}

function tick(state: State): void {
  state.now += 1;
  state.silence += 1;
  expireReads(state);
  if (state.lead !== undefined) {
    tickLeader(state, state.lead);
    return;
  }
  state.elapsed += 1;
  if (state.elapsed >= state.timeout) onElectionTimeout(state);
  leadAlone(state);
}

function onPersisted(state: State, sequence: Sequence): void {
  invariant(sequence <= state.sequence, 'what is durable was to be persisted');
  notePersisted(state, sequence);
  if (state.lead !== undefined) advanceCommit(state, state.lead);
  proceedWithRecovery(state);
}

function onApplied(state: State, through: Index): void {
  invariant(through <= state.applying, 'what is applied was to be applied');
  if (through > state.applied) state.applied = through;
}

function onDisk(state: State, isUsable: boolean): void {
  state.isDiskUsable = isUsable;
  if (!isUsable && state.lead !== undefined && !isAlone(state)) abdicate(state, state.lead);
  leadAlone(state);
}
