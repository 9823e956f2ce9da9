// A leader's view of one other server: what it has, what is on its way to it, and how much more may be sent.
import { most, plus } from './numbers.ts';
import { drain, newQueue, peek, size, take } from './queue.ts';
import type { Queue } from './queue.ts';
import type { Index, NodeId, Round, Settings } from './types.ts';

interface Inflight {
  readonly last: Index;
  readonly bytes: number;
}

/**
 * `probe`: where the logs part is not known; one message at a time. `replicate`: they agree; messages are sent before
 * the ones ahead of them are answered. `snapshot`: the log does not reach back far enough; a snapshot is on its way.
 */
type Mode = 'probe' | 'replicate' | 'snapshot';

export interface Progress {
  readonly id: NodeId;
  mode: Mode;
  /** The log is the leader's up to here. */
  match: Index;
  /** What is sent next. */
  next: Index;
  /** The most that it acknowledged in this term, and the round of that: to notice when it has lost some of it. */
  acknowledged: Index;
  acknowledgedRound: Round;
  /** The greatest commit index that it was told. */
  toldCommit: Index;
  /** The last round that it has answered. */
  round: Round;
  inflight: Queue<Inflight>;
  inflightBytes: number;
  /** A probe is on its way. */
  isWaiting: boolean;
  /** The round in which the driver had carried the snapshot over; what is left is its installation. */
  shipped: Round | undefined;
  isRecovering: boolean;
  /** Ticks since it was heard of, or since this node leads. */
  silence: number;
  wasHeard: boolean;
  /** Ticks that are left to tell it that it has been removed. */
  farewell: number | undefined;
}

export function newProgress(id: NodeId, next: Index): Progress {
  return {
    id,
    mode: 'probe',
    match: 0 as Index,
    next,
    acknowledged: 0 as Index,
    acknowledgedRound: 0 as Round,
    toldCommit: 0 as Index,
    round: 0 as Round,
    inflight: newQueue(),
    inflightBytes: 0,
    isWaiting: false,
    shipped: undefined,
    isRecovering: false,
    silence: 0,
    wasHeard: false,
    farewell: undefined,
  };
}

/** Whether entries may be sent now. */
export function hasRoom(peer: Progress, settings: Settings): boolean {
  if (peer.mode === 'snapshot') return false;
  if (peer.mode === 'probe') return !peer.isWaiting;
  return (
    size(peer.inflight) < settings.maxInflightAppends &&
    peer.inflightBytes < settings.maxInflightBytes
  );
}

export function noteSent(peer: Progress, last: Index, bytes: number): void {
  if (peer.mode === 'probe') {
    peer.isWaiting = true;
    return;
  }
  peer.next = plus(last, 1);
  peer.inflight.items.push({ last, bytes });
  peer.inflightBytes += bytes;
}

/** The log is the leader's through `index`. */
export function noteAccepted(peer: Progress, index: Index, round: Round): void {
  peer.match = most(peer.match, index);
  peer.next = most(peer.next, plus(peer.match, 1));
  if (index > peer.acknowledged) {
    peer.acknowledged = index;
    peer.acknowledgedRound = round;
  }
  for (let first = peek(peer.inflight); first && first.last <= index; first = peek(peer.inflight)) {
    peer.inflightBytes -= first.bytes;
    take(peer.inflight);
  }
}

export function startReplicating(peer: Progress): void {
  become(peer, 'replicate');
  peer.next = plus(peer.match, 1);
}

/** What was under way is taken for lost; `next` is tried, but nothing that it is known to have is sent again. */
export function startProbing(peer: Progress, next: Index): void {
  become(peer, 'probe');
  peer.next = most(next, plus(peer.match, 1));
}

export function startShipping(peer: Progress): void {
  become(peer, 'snapshot');
}

function become(peer: Progress, mode: Mode): void {
  peer.mode = mode;
  peer.isWaiting = false;
  peer.shipped = undefined;
  drain(peer.inflight);
  peer.inflightBytes = 0;
}
