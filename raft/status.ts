// What a node says of itself, for whoever watches it. Nothing in Raft depends on it.
import { inForce, lastIndex, lastTerm } from './log.ts';
import type { Progress } from './progress.ts';
import type { State } from './state.ts';
import type { Status } from './types.ts';

export function statusOf(state: State): Status {
  const { index, configuration } = inForce(state.log);
  const isCandidate = state.role === 'candidate' || state.role === 'pre-candidate';
  return {
    role: isCandidate ? 'candidate' : (state.role as 'leader' | 'follower'),
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
