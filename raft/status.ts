// What a node says of itself, for whoever watches it. Nothing in Raft depends on it.
import { inForce, lastIndex, lastTerm } from './log.ts';
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
    peers: [...(state.lead?.peers.values() ?? [])].map((peer) => ({
      id: peer.id,
      match: peer.match,
      silence: peer.wasHeard ? peer.silence : undefined,
      isRecovering: peer.isRecovering,
    })),
  };
}
