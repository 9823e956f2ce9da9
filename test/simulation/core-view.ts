// The core's state as the invariants look at it.
import { inForce, lastIndex, termAt } from '#raft/log.ts';
import type { State } from '#raft/state.ts';
import type { Index, NodeId } from '#raft/types.ts';
import type { NodeView } from './invariants.ts';

export function viewOf(
  state: State,
  id: NodeId,
  outside: { readonly applied: Index; readonly leaseUntil: number },
): NodeView {
  const { log } = state;
  const { index, configuration } = inForce(log);
  return {
    id,
    term: state.term,
    isLeader: state.role === 'leader',
    commit: state.commit,
    durable: state.durable,
    start: log.start.index,
    startTerm: log.start.term,
    last: lastIndex(log),
    termAt: (at) => termAt(log, at),
    entryAt: (at) => log.entries[at - log.start.index - 1],
    configuration,
    configurationIndex: index,
    ...outside,
  };
}
