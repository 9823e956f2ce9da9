// What a node says of itself, for whoever watches it. Nothing in Raft depends on it.
import { inForce, lastIndex, lastTerm } from './log.ts';
import type { Progress } from './progress.ts';
import type { State } from './state.ts';
import type { Status } from './types.ts';

export function statusOf(state: State): Status {
  const { index, configuration } = inForce(state.log);
  return {
    role: roleOf(state),
    term: state.term,
    leader: state.leader,
    commit: state.commit,
    applied: state.applied,
    lastIndex: lastIndex(state.log),
    lastTerm: lastTerm(state.log),
    configuration,
    configurationIndex: index,
    isRecovering: state.isRecovering,
    needsSnapshot: state.needsSnapshot,
    peers: members(state).map((peer) => ({
      id: peer.id,
      match: peer.match,
      silence: peer.wasHeard ? peer.silence : undefined,
      isRecovering: peer.isRecovering,
    })),
  };
}

/** Without those that are only told that they have been removed. */
function members(state: State): readonly Progress[] {
  const peers = [...(state.lead?.peers.values() ?? [])];
  return peers.filter((peer) => peer.farewell === undefined);
}

/** Whoever asks whether it would be elected is a candidate too. */
export function roleOf({ role }: Pick<State, 'role'>): Status['role'] {
  return role === 'pre-candidate' ? 'candidate' : role;
}
