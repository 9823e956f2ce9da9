// Where the log ends and the state machine begins: forgetting entries, and taking over a whole state from another node.
import { invariant } from './invariant.ts';
import { accept, hearLeader, learnCommit } from './following.ts';
import { forget, newLog, termAt } from './log.ts';
import { least, most } from './numbers.ts';
import { emit } from './outbox.ts';
import type { State } from './state.ts';
import type { Index, Message, Round, SnapshotMeta } from './types.ts';

export function onCompacted(state: State, snapshot: SnapshotMeta, through: Index): void {
  // The state machine may be ahead of what it has reported.
  invariant(snapshot.index <= state.applying, 'a state holds what it was given');
  const end = least(least(through, snapshot.index), state.durable);
  if (end > state.log.start.index && state.installing === undefined) forget(state.log, end);
}

/** What a snapshot holds was committed, whoever sent it and when. */
export function onInstall(state: State, message: Extract<Message, { type: 'install' }>): void {
  if (message.term === state.term && state.role !== 'leader') hearLeader(state, message);
  if (state.installing !== undefined || state.role === 'leader') return;
  const { snapshot } = message;
  const isHeld = termAt(state.log, snapshot.index) === snapshot.term;
  invariant(
    isHeld || snapshot.index > state.commit || snapshot.index < state.log.start.index,
    'what is committed never changes',
  );
  if (isHeld && !state.needsSnapshot) {
    learnCommit(state, most(state.commit, snapshot.index));
    answer(state);
  } else if (isHeld || snapshot.index > state.commit) {
    state.installing = { snapshot, keepsLog: isHeld };
    emit(state, { type: 'install', snapshot, keepsLog: isHeld });
  } else if (!state.needsSnapshot) answer(state);
}

export function onInstalled(state: State, snapshot: SnapshotMeta): void {
  const { installing } = state;
  invariant(
    installing?.snapshot.index === snapshot.index,
    'what was installed was to be installed',
  );
  state.installing = undefined;
  state.needsSnapshot = false;
  if (!installing.keepsLog) beginBehind(state, snapshot);
  state.applied = snapshot.index;
  state.applying = snapshot.index;
  learnCommit(state, most(state.commit, snapshot.index));
  answer(state);
}

function beginBehind(state: State, snapshot: SnapshotMeta): void {
  const { start, entries, configurations } = newLog(snapshot, []);
  state.log.start = start;
  state.log.entries = entries;
  state.log.configurations = configurations;
  state.written = snapshot.index;
  state.durable = snapshot.index;
  for (const outstanding of state.persists.items) outstanding.through = snapshot.index;
}

/** Nobody asked just now, so this belongs to no round. */
function answer(state: State): void {
  if (state.leader === undefined || state.role !== 'follower') return;
  accept(state, { from: state.leader, round: 0 as Round }, state.commit);
}
