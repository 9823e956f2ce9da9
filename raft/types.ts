// What goes into Raft and what comes out of it. The core is a function of these values: no clock, no socket, no disk.

/** The name of a server, unique in its cluster. */
export type NodeId = string & { readonly unit: 'node id' };

/** A period with at most one leader; 0 before the first election. */
export type Term = number & { readonly unit: 'term' };

/** The place of an entry in the log; the first is 1. */
export type Index = number & { readonly unit: 'index' };

/** Names one question to the core, so that its outcome finds who asked. The driver counts them up. */
export type Ticket = number & { readonly unit: 'ticket' };

/** Counts the leader's heartbeat rounds within a term. */
export type Round = number & { readonly unit: 'round' };

/** Numbers the `persist` effects of one run of a node. */
export type Sequence = number & { readonly unit: 'sequence' };

/**
 * `voter`: counts for majorities. `staging`: has just joined, is to be promoted once it has caught up. `nonvoter`: gets
 * everything and never counts.
 */
export type Suffrage = 'voter' | 'staging' | 'nonvoter';

export interface Server {
  readonly id: NodeId;
  /** Where its cluster port is: `host:port`. */
  readonly address: string;
  readonly suffrage: Suffrage;
}

/** The servers of a cluster, in the order in which they came. Empty on a node that has not been told of a cluster. */
export type Configuration = readonly Server[];

interface EntryPlace {
  readonly index: Index;
  readonly term: Term;
}

/** `noop` is what a leader begins its term with. A configuration holds from when it is appended, not from its commit. */
export type Entry =
  | (EntryPlace & { readonly type: 'noop' })
  | (EntryPlace & { readonly type: 'data'; readonly data: Uint8Array })
  | (EntryPlace & { readonly type: 'configuration'; readonly configuration: Configuration });

/** What must be durable before anything that follows from it leaves the node. */
export interface HardState {
  readonly term: Term;
  readonly votedFor: NodeId | undefined;
  /** The last index known to be committed; may lag, since it can be learnt again. */
  readonly commit: Index;
  /**
   * The node may have lost entries or votes that it once gave (a damaged log, an old disk image, an empty disk): it
   * neither votes, stands nor counts until it holds what was committed at some time after it came back.
   */
  readonly isRecovering: boolean;
}

/** The state machine as of an entry. Where `configurationIndex` is what the last configuration up to there was. */
export interface SnapshotMeta {
  readonly index: Index;
  readonly term: Term;
  readonly configuration: Configuration;
  readonly configurationIndex: Index;
}

/** One server at a time; the cluster before and the cluster after always share a majority (Ongaro 2014, section 4.1). */
export type MembershipChange =
  /** A known id keeps its suffrage and gets the new address. */
  | { readonly type: 'add'; readonly server: Server }
  | { readonly type: 'promote'; readonly id: NodeId }
  | { readonly type: 'demote'; readonly id: NodeId }
  | { readonly type: 'remove'; readonly id: NodeId };

interface Envelope {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
}

/** What servers say to each other. The core makes and reads them; everybody else only carries them. */
export type Message = Envelope &
  (
    | {
        /** `term` is the term that the sender would stand in. */
        readonly type: 'pre-vote' | 'vote';
        readonly lastIndex: Index;
        readonly lastTerm: Term;
        /** The leader asked for it, so a server that still hears that leader may vote. */
        readonly isTransfer: boolean;
      }
    | { readonly type: 'pre-vote-reply' | 'vote-reply'; readonly isGranted: boolean }
    | {
        readonly type: 'append';
        readonly previousIndex: Index;
        readonly previousTerm: Term;
        readonly entries: readonly Entry[];
        readonly commit: Index;
        readonly round: Round;
      }
    | {
        readonly type: 'append-reply';
        readonly round: Round;
        /** Accepted: the log is the leader's up to here. Refused: the last index that could be (see `hintTerm`). */
        readonly isAccepted: boolean;
        readonly index: Index;
        readonly hintTerm: Term;
        readonly lastIndex: Index;
        /** The state machine has to be filled by a snapshot, whatever the log holds. */
        readonly needsSnapshot: boolean;
        /** It has the whole snapshot and is about to replace its state by it. */
        readonly isInstalling: boolean;
        /** See `HardState`. Who has not come through that cannot be promoted. */
        readonly isRecovering: boolean;
      }
    /** Given to the receiver's core by its driver once the whole snapshot lies on its disk. */
    | { readonly type: 'install'; readonly snapshot: SnapshotMeta }
    | { readonly type: 'read'; readonly ticket: Ticket }
    | { readonly type: 'read-reply'; readonly ticket: Ticket; readonly index: Index | undefined }
    | { readonly type: 'time-out-now' }
    /**
     * The receiver acknowledged everything up to `index` in this term, and seems not to have it any more. The entry
     * there is of `entryTerm`; 0 when the leader's log does not hold it any more.
     */
    | { readonly type: 'recover'; readonly index: Index; readonly entryTerm: Term }
    /** The receiver is no server of the cluster as of a committed configuration. */
    | { readonly type: 'not-a-member'; readonly configurationIndex: Index }
  );

/**
 * What a leader has to say and to store waits for the next `flush`, `tick` or request other than `propose` and `read`,
 * so that whatever came together leaves together. The driver gives a `flush` whenever its queue of inputs is empty, and
 * one at the start.
 */
export type Input =
  | { readonly type: 'tick' }
  | { readonly type: 'flush' }
  | { readonly type: 'receive'; readonly message: Message }
  | { readonly type: 'propose'; readonly ticket: Ticket; readonly data: Uint8Array }
  /** Linearizable: what was acknowledged before it is visible at the index of its outcome. */
  | { readonly type: 'read'; readonly ticket: Ticket }
  /** A server that is new comes in as `staging` at most: an empty voter could cost the cluster its majority. */
  | { readonly type: 'change'; readonly ticket: Ticket; readonly change: MembershipChange }
  /** `undefined`: to whichever voter is best placed. */
  | { readonly type: 'transfer'; readonly ticket: Ticket; readonly to: NodeId | undefined }
  /** Makes a new node the only voter of a new cluster; refused when it has any log. */
  | { readonly type: 'bootstrap'; readonly ticket: Ticket; readonly server: Server }
  /** This `persist` and all before it are durable. When several were synced together, telling the last is enough. */
  | { readonly type: 'persisted'; readonly sequence: Sequence }
  | { readonly type: 'applied'; readonly through: Index }
  /** The state machine holds everything up to `snapshot.index` durably; entries up to `through` may be forgotten. */
  | { readonly type: 'compacted'; readonly snapshot: SnapshotMeta; readonly through: Index }
  /** A snapshot that the core asked to install is durable and has become the state machine. */
  | { readonly type: 'installed'; readonly snapshot: SnapshotMeta }
  /** How a transfer that the core asked for by `ship` went; the follower's reply says the rest. */
  | { readonly type: 'shipped'; readonly to: NodeId; readonly isDone: boolean }
  /** Whether the disk takes writes (it may be full for a while). A node with a disk that does not must not lead. */
  | { readonly type: 'disk'; readonly isUsable: boolean };

/**
 * What is to be done, in this order, list after list. A `persist` holds up the sends behind it, in its own list and in
 * later ones, until it is durable, but for those that are urgent; it holds up nothing else. Persists and installs are
 * carried out one after the other. (To hold up everything behind a `persist` is right too, only slower.)
 */
export type Effect =
  | {
      readonly type: 'persist';
      /** For `persisted`. */
      readonly sequence: Sequence;
      readonly hardState: HardState | undefined;
      /** The first of them replaces whatever the log holds from its index on. */
      readonly entries: readonly Entry[];
    }
  /**
   * The state machine is to be replaced by a snapshot that lies whole on the disk; then `installed`. Unless `keepsLog`,
   * the log is to be emptied and begins behind the snapshot; with it the log stays as it is.
   */
  | { readonly type: 'install'; readonly snapshot: SnapshotMeta; readonly keepsLog: boolean }
  /** Urgent: need not wait for any `persist` (a leader's entries travel while its own disk writes them). */
  | { readonly type: 'send'; readonly message: Message; readonly isUrgent: boolean }
  /** A follower needs more than the log holds: stream a snapshot to it, then `shipped`. */
  | { readonly type: 'ship'; readonly to: NodeId }
  /** Committed entries that are durable here, each exactly once and in order; then `applied`. */
  | { readonly type: 'apply'; readonly entries: readonly Entry[] }
  | { readonly type: 'settle'; readonly ticket: Ticket; readonly outcome: Outcome }
  /** This node leads `term`; it serves from the moment that it has applied `from`, the first entry of its term. */
  | { readonly type: 'lead'; readonly term: Term; readonly from: Index }
  | { readonly type: 'follow'; readonly term: Term; readonly leader: NodeId | undefined }
  /** A round of heartbeats begins; a majority has answered one; no round counts any more (a transfer, a new term). */
  | { readonly type: 'round-begun'; readonly round: Round }
  | { readonly type: 'round-confirmed'; readonly round: Round }
  | { readonly type: 'rounds-void' }
  /** The configuration in force, committed or not. */
  | { readonly type: 'configured'; readonly configuration: Configuration; readonly index: Index }
  /** The cluster has removed this node: it stops for good. */
  | { readonly type: 'removed' };

export type Outcome =
  /** A proposal or change: it is in the log at `index`. Told again by `committed` or `lost`. */
  | { readonly type: 'appended'; readonly index: Index; readonly term: Term }
  /** A change or transfer: done. A proposal needs no word: it is `apply`ed. */
  | { readonly type: 'committed'; readonly index: Index }
  /** It was in the log when leadership ended: whether it will be committed is not known. */
  | { readonly type: 'lost' }
  /** A read: right once everything up to `index` is applied. */
  | { readonly type: 'readable'; readonly index: Index }
  | { readonly type: 'refused'; readonly reason: Refusal; readonly leader: NodeId | undefined };

/** Nothing was done, and nothing will be. */
export type Refusal =
  | 'not the leader'
  | 'no leader'
  | 'leadership is being transferred'
  | 'too much is waiting to be committed'
  | 'the disk is full'
  | 'too many reads are waiting to be confirmed'
  | 'another change is not committed yet'
  | 'the leader has not committed an entry of its term yet'
  | 'unknown server'
  | 'the last voter cannot go'
  | 'the server has not caught up'
  | 'too few of the voters could vote'
  | 'no server can take over'
  | 'timed out'
  | 'already part of a cluster';

/** What does not change while a node runs. Times are in ticks. */
export interface Settings {
  readonly id: NodeId;
  /** An election time-out is drawn from [electionTicks, 2 * electionTicks). */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  readonly maxAppendBytes: number;
  readonly maxInflightAppends: number;
  readonly maxInflightBytes: number;
  readonly maxUncommittedBytes: number;
  /** Different at every start of every node. */
  readonly seed: number;
}

/** What a node finds on its disk when it starts. Nothing at all: term 0, a `start` of index 0, no servers. */
export interface Restored {
  readonly hardState: HardState;
  /** Where the log begins: the entry before its first one, with the configuration as of there. */
  readonly start: SnapshotMeta;
  readonly entries: readonly Entry[];
  /** What the state machine holds already; less than `start.index` when it has to be filled by a snapshot. */
  readonly applied: Index;
}

/** What a leader knows of another server. */
export interface Peer {
  readonly id: NodeId;
  /** The log is the leader's up to here at least. */
  readonly match: Index;
  /** Ticks since it was heard of in this term; `undefined` if it never was. */
  readonly silence: number | undefined;
  readonly isRecovering: boolean;
}

/** A node as it sees itself. */
export interface Status {
  readonly role: 'leader' | 'follower' | 'candidate';
  readonly term: Term;
  readonly leader: NodeId | undefined;
  readonly commit: Index;
  readonly applied: Index;
  readonly lastIndex: Index;
  readonly lastTerm: Term;
  /** In force, committed or not. */
  readonly configuration: Configuration;
  readonly configurationIndex: Index;
  readonly isRecovering: boolean;
  /** The state machine has to be filled by a snapshot. */
  readonly needsSnapshot: boolean;
  /** Empty but on the leader. */
  readonly peers: readonly Peer[];
}
