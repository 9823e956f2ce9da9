// What of the log is durable here, and what follows from a disk that does not come back.
import { invariant } from './invariant.ts';
import { truncate } from './log.ts';
import { least, most, plus } from './numbers.ts';
import { peek, take } from './queue.ts';
import type { State } from './state.ts';
import type { Index, Sequence } from './types.ts';

export function notePersisted(state: State, sequence: Sequence): void {
  for (let first = peek(state.persists); first; first = peek(state.persists)) {
    if (first.sequence > sequence) return;
    state.durable = most(state.durable, first.through);
    take(state.persists);
  }
}

/** Drops entries that another leader has replaced. What is on its way to the disk is not what will be in the log. */
export function replaceFrom(state: State, from: Index): void {
  invariant(from > state.commit, 'what is committed is never truncated');
  truncate(state.log, from);
  const before = plus(from, -1);
  state.written = least(state.written, before);
  state.durable = least(state.durable, before);
  for (const outstanding of state.persists.items) {
    outstanding.through = least(outstanding.through, before);
  }
}

/** Something waits for the disk for longer than followers wait for a leader. */
export function isStalled(state: State): boolean {
  const oldest = peek(state.persists);
  return oldest !== undefined && state.now - oldest.since > state.settings.electionTicks;
}

export function isDiskSound(state: State): boolean {
  return state.isDiskUsable && !isStalled(state);
}
