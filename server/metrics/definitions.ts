// The metrics that there are, under Vault's names, each with its kind and what it says. Quantiles are of what is kept of
// the last samples.

type Kind = 'counter' | 'gauge' | 'summary';

interface Definition {
  readonly type: Kind;
  readonly help: string;
}

const counter = <const T extends string>(help: T) => ({ type: 'counter', help }) as const;
const gauge = <const T extends string>(help: T) => ({ type: 'gauge', help }) as const;
const summary = <const T extends string>(help: T) => ({ type: 'summary', help }) as const;

const DEFINITIONS = {
  'core.unsealed': gauge('Whether this node is unsealed'),
  'core.active': gauge('Whether this node is the active one'),
  'core.in_flight_requests': gauge('Requests that this node is answering now'),
  'expire.num_leases': gauge('Leases that end some time'),

  'audit.log_request': summary('Milliseconds that auditing a request took, on all devices'),
  'audit.log_response': summary('Milliseconds that auditing a response took, on all devices'),
  'audit.log_request_failure': counter('Requests that no audit device could write'),
  'audit.log_response_failure': counter('Responses that no audit device could write'),

  'raft.apply': counter('Batches that were written by way of this node as the leader'),
  'raft.commitTime': summary('Milliseconds from a batch to its being committed and applied here'),
  'raft.commitNumLogs': gauge('Entries that the leader last applied together'),
  'raft.compactLogs': summary('Milliseconds that forgetting old entries of the log took'),
  'raft.get': summary('Milliseconds that reading a record took'),
  'raft.list': summary('Milliseconds that listing records took'),
  'raft.peers': gauge('Servers of the cluster, this one included'),
  'raft.leader.dispatchLog': summary('Milliseconds until entries of the leader were durable here'),
  'raft.leader.dispatchNumLogs': gauge('Entries that the leader last made durable together'),
  'raft.leader.lastContact': summary(
    'Milliseconds from a round of heartbeats to the answers of a majority',
  ),
  'raft.state.leader': counter('How often this node became the leader'),
  'raft.state.candidate': counter('How often this node stood for election'),
  'raft.state.follower': counter('How often this node became a follower'),
  'raft.transition.heartbeat_timeout': counter(
    'How often this node stood because it had heard no leader',
  ),
  'raft.transition.leader_lease_timeout': counter(
    'How often this node stopped leading without another leader: no majority was heard, or its disk failed it',
  ),
  'raft.fsm.applyBatch': summary('Milliseconds that applying committed entries together took'),
  'raft.fsm.applyBatchNum': summary('Entries that were applied together'),
  'raft.fsm.enqueue': summary('Milliseconds for which committed entries waited to be applied'),
  'raft.fsm.snapshot': summary(
    'Milliseconds for which beginning a snapshot of the state held up others',
  ),
  'raft.fsm.restore': summary('Milliseconds that replacing the state by a snapshot took'),
  'raft.snapshot.create': summary('Milliseconds that beginning a snapshot for another server took'),
  'raft.snapshot.persist': summary(
    'Milliseconds until the state was durable, so that the log can be cut',
  ),
  'raft.snapshot.takeSnapshot': summary(
    'The same as snapshot.persist: the state on the disk is the snapshot',
  ),
  'raft.rpc.installSnapshot': summary(
    'Milliseconds that installing a snapshot from the leader took',
  ),
  'raft.boltdb.storeLogs': summary('Milliseconds that writing entries to the log took'),
  'raft.boltdb.logsPerBatch': summary('Entries that were written to the log together'),
  'raft.boltdb.logBatchSize': summary('Bytes of the entries that were written to the log together'),
  'raft.boltdb.logSize': summary('Bytes of each entry that was written to the log'),
  'raft.boltdb.writeCapacity': summary(
    'Entries a second that the log would take, going by each write',
  ),

  'raft_storage.get': summary('Milliseconds that reading a record took'),
  'raft_storage.fsm.get': summary('Milliseconds that reading a record took'),
  'raft_storage.list': summary('Milliseconds that listing records took'),
  'raft_storage.fsm.list': summary('Milliseconds that listing records took'),
  'raft_storage.put': summary(
    'Milliseconds that writing a record took, for each record of a batch',
  ),
  'raft_storage.delete': summary(
    'Milliseconds that deleting a record took, for each record of a batch',
  ),
  'raft_storage.entry_size': summary('Bytes of keys and values in each batch'),
  'raft_storage.stats.applied_index': gauge('The last entry that this node has applied'),
  'raft_storage.stats.commit_index': gauge('The last entry that this node knows to be committed'),
  'raft_storage.stats.fsm_pending': gauge('Committed entries that this node has not applied yet'),
  'raft_storage.stats.term': gauge('The term of Raft that this node is in'),
  'raft_storage.bolt.page.count': gauge('Sectors of 512 bytes of the files of the log'),
  'raft_storage.bolt.page.bytes_allocated': gauge('Bytes of the files of the log'),
  'raft_storage.bolt.freelist.free_pages': gauge(
    'Sectors of the files of the log that are not written yet',
  ),
  'raft_storage.bolt.write.count': gauge('How often the log was written to since the node started'),

  'autopilot.healthy': gauge('Whether all servers of the cluster do well'),
  'autopilot.failure_tolerance': gauge('Voters that may fail before the cluster stops'),
  'autopilot.node.healthy': gauge('Whether a server does well'),
} as const satisfies Readonly<Record<string, Definition>>;

type Named = typeof DEFINITIONS;
type OfKind<K extends Kind> = {
  readonly [Name in keyof Named]: Named[Name]['type'] extends K ? Name : never;
}[keyof Named];

export type CounterName = OfKind<'counter'>;
export type GaugeName = OfKind<'gauge'>;
/** The last are those of each audit device. */
export type SummaryName = OfKind<'summary'> | `audit.${string}.log_${'request' | 'response'}`;

/** What a metric says. */
export function helpOf(name: CounterName | GaugeName | SummaryName): string {
  if (name in DEFINITIONS) return DEFINITIONS[name as keyof Named].help;
  return 'Milliseconds that auditing took, on one device';
}
