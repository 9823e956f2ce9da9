// The state of a node: what is in it and its first value. `step` changes it in place; nobody else does.
import { invariant } from './invariant.ts';
import { inForce, lastIndex, newLog } from './log.ts';
import type { Log } from './log.ts';
import { least, most } from './numbers.ts';
import type { Progress } from './progress.ts';
import { newQueue } from './queue.ts';
import type { Queue } from './queue.ts';
import { votersOf } from './quorum.ts';
import { below, draw } from './random.ts';
import type {
  Configuration,
  Effect,
  Index,
  NodeId,
  Restored,
  Round,
  Sequence,
  Settings,
  SnapshotMeta,
  Term,
  Ticket,
} from './types.ts';

/** Who waits for an entry of this node's own to be committed. */
export interface Awaited {
  readonly ticket: Ticket;
  readonly index: Index;
}

/** A read of this node (`from` undefined) or of another, for which a majority has to confirm the leader. */
export interface Read {
  readonly ticket: Ticket;
  readonly from: NodeId | undefined;
  readonly index: Index;
}

/** A `persist` that is not confirmed. */
interface Persist {
  readonly sequence: Sequence;
  /** When it was asked for, in ticks. */
  readonly since: number;
  /** The last index that it wrote, as long as that has not been replaced since. */
  through: Index;
}

/** Handing leadership over, as the old leader sees it; outlives its leadership until the end is known. */
export interface Handover {
  readonly ticket: Ticket;
  readonly to: NodeId;
  /** Anybody else is as good. */
  readonly isAnybody: boolean;
  readonly term: Term;
  readonly since: number;
  isAsked: boolean;
}

/** What a node has only while it leads. */
export interface Leadership {
  /** Its first entry. What was acknowledged before its term comes before this one. */
  readonly first: Index;
  readonly peers: Map<NodeId, Progress>;
  round: Round;
  confirmed: Round;
  /** No round counts for the lease: another server may have been told to take over, or this one has no vote. */
  isVoid: boolean;
  /** Reads for which no round has begun yet, and those for which one has. */
  arrived: Read[];
  readonly asked: Queue<Read & { readonly round: Round }>;
  readonly proposals: Queue<Awaited>;
  change: Awaited | undefined;
  /** Of this node's own entries. */
  uncommittedBytes: number;
  /** Ticks since the last round of heartbeats. */
  idle: number;
}

export interface State {
  readonly settings: Settings;
  readonly log: Log;

  term: Term;
  votedFor: NodeId | undefined;
  commit: Index;
  isRecovering: boolean;

  role: 'follower' | 'pre-candidate' | 'candidate' | 'leader';
  leader: NodeId | undefined;
  lead: Leadership | undefined;
  /** The answers to this node's candidacy. */
  readonly votes: Map<NodeId, boolean>;

  /** Ticks since the start. */
  now: number;
  /** Ticks since the election timer was set, and when it runs out. */
  elapsed: number;
  timeout: number;
  /** Ticks since a leader was heard; a start counts as having heard one, since it may have been just before. */
  silence: number;
  seed: number;

  /** Entries up to here were handed out to be persisted; up to here they are durable. */
  written: Index;
  durable: Index;
  sequence: Sequence;
  readonly persists: Queue<Persist>;
  /** The last `persist` that carried a new term or vote. */
  promised: Sequence;
  /** Term, vote or recovery are not what was last handed out to be persisted. */
  isPromising: boolean;
  isDiskUsable: boolean;

  /** Entries up to here were handed out to be applied; up to here they are applied. */
  applying: Index;
  applied: Index;
  needsSnapshot: boolean;
  installing: { readonly snapshot: SnapshotMeta; readonly keepsLog: boolean } | undefined;

  handover: Handover | undefined;
  /** Reads that were passed on to the leader, under a number that no earlier run of this node has used. */
  readonly forwarded: Map<Ticket, { readonly ticket: Ticket; readonly since: number }>;
  nextForward: Ticket;
  /** What this node has asked the leader in order to recover, and up to where it has to get. */
  recovery:
    | { readonly number: Ticket; readonly since: number; readonly goal: Index | undefined }
    | undefined;

  /** Of the configuration in force when it was last asked for. */
  electorate: { readonly configuration: Configuration; readonly voters: readonly NodeId[] };

  /** Whatever the present step wants done: before its `persist`, and behind it. */
  early: Effect[];
  late: Effect[];
  /** This step has something to say that does not wait for a flush. */
  isFlushing: boolean;
  /** What the driver has been told. */
  told: {
    term: Term;
    leader: NodeId | undefined;
    isLeader: boolean;
    configurationIndex: Index;
    isRemoved: boolean;
  };
}

/** @throws InvariantError when what was restored cannot be a log */
export function newState(settings: Settings, restored: Restored): State {
  const log = newLog(restored.start, restored.entries);
  const last = lastIndex(log);
  const { hardState, applied } = restored;
  invariant(applied <= last, 'the log reaches as far as the state machine');
  const [seed, timeout] = drawTimeout(settings, settings.seed);
  const [nextSeed, high] = draw(seed);
  return {
    settings,
    log,
    term: hardState.term,
    votedFor: hardState.votedFor,
    // Whatever the state machine holds was committed, and a commit index may lag.
    commit: most(least(hardState.commit, last), most(applied, log.start.index)),
    isRecovering: hardState.isRecovering || hardState.commit > last || isNew(restored),
    role: 'follower',
    leader: undefined,
    lead: undefined,
    votes: new Map(),
    now: 0,
    elapsed: 0,
    timeout,
    silence: 0,
    seed: nextSeed,
    written: last,
    durable: last,
    sequence: 0 as Sequence,
    persists: newQueue(),
    promised: 0 as Sequence,
    isPromising: false,
    isDiskUsable: true,
    applying: most(applied, log.start.index),
    applied,
    needsSnapshot: applied < log.start.index,
    installing: undefined,
    handover: undefined,
    forwarded: new Map(),
    nextForward: (high * 2 ** 19) as Ticket,
    recovery: undefined,
    electorate: { configuration: [], voters: [] },
    early: [],
    late: [],
    isFlushing: false,
    told: {
      term: hardState.term,
      leader: undefined,
      isLeader: false,
      configurationIndex: 0 as Index,
      isRemoved: false,
    },
  };
}

/**
 * A node without anything may be one that lost its disk and comes back under its old name; having acknowledged and
 * voted before, it must not vote until it has been brought up.
 */
function isNew(restored: Restored): boolean {
  return restored.start.index === 0 && restored.entries.length === 0;
}

export function configurationOf(state: State): Configuration {
  return inForce(state.log).configuration;
}

/** Kept, since it is asked for with every answer that a leader gets. */
export function voters(state: State): readonly NodeId[] {
  const configuration = configurationOf(state);
  if (state.electorate.configuration !== configuration) {
    state.electorate = { configuration, voters: votersOf(configuration) };
  }
  return state.electorate.voters;
}

export function isVoter(state: State, id: NodeId): boolean {
  return voters(state).includes(id);
}

/** Nobody else could lead: stepping down would only keep reads from being answered. */
export function isAlone(state: State): boolean {
  return voters(state).length === 1 && isVoter(state, state.settings.id);
}

export function isMember(state: State, id: NodeId): boolean {
  return configurationOf(state).some((server) => server.id === id);
}

export function isConfigurationCommitted(state: State): boolean {
  return inForce(state.log).index <= state.commit;
}

/** Sets the election timer to a new, random time. */
export function restartTimer(state: State): void {
  [state.seed, state.timeout] = drawTimeout(state.settings, state.seed);
  state.elapsed = 0;
}

function drawTimeout({ electionTicks }: Settings, seed: number): readonly [number, number] {
  const [next, bits] = draw(seed);
  return [next, electionTicks + below(electionTicks, bits)];
}
