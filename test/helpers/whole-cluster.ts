// The cluster of cluster-storage.ts with what the API asks of one besides: changes, what the leader knows of the
// others, the whole state as bytes and back.
import type { Index as LogIndex, MembershipChange, NodeId, Server, Term } from '#raft/types.ts';
import type {
  ClusterStatus,
  ClusterStorage,
  PeerStatus,
  SavedState,
} from '#storage/cluster-storage.ts';
import { DamagedError, type Physical } from '#storage/physical.ts';
import { FakeCluster, FakeClusterStorage } from './cluster-storage.ts';

/** Small, so that a state has many. */
const CHUNK_BYTES = 1000;

export class WholeCluster extends FakeClusterStorage implements ClusterStorage {
  readonly cluster: FakeCluster;
  /** What the leader knows of the others. */
  known: readonly PeerStatus[] = [];
  /** What the files of the log take, where that is known. */
  log: ClusterStatus['log'];
  changes: MembershipChange[] = [];
  changeFailure: Error | undefined;
  restoreFailure: Error | undefined;
  /** How many saved states have not been released. */
  saving = 0;

  constructor(id: string, cluster: FakeCluster) {
    super(id, cluster);
    this.cluster = cluster;
    cluster.nodes.push(this);
  }

  /** One that leads, with the others configured beside it. */
  static leading(...others: readonly Server[]): WholeCluster {
    const node = new WholeCluster('node0', new FakeCluster());
    node.cluster.add({ id: node.id, address: '127.0.0.1:8201', suffrage: 'voter' });
    for (const other of others) node.cluster.add(other);
    node.cluster.elect(node);
    return node;
  }

  /** It is what `leading` has made it. */
  override bootstrap(): Promise<void> {
    return Promise.resolve();
  }

  override status(): ClusterStatus {
    const { log } = this;
    return { ...super.status(), peers: this.known, ...(log === undefined ? {} : { log }) };
  }

  override change(change?: MembershipChange): Promise<void> {
    if (change === undefined) return super.change();
    if (this.changeFailure !== undefined) return Promise.reject(this.changeFailure);
    this.changes.push(change);
    this.cluster.configuration = changed(this.cluster.configuration, change);
    return Promise.resolve();
  }

  override save(): SavedState {
    const { lastIndex: index, lastTerm: term, configuration, configurationIndex } = this.status();
    const whole = Buffer.from(JSON.stringify(records(this.cluster.physical)));
    this.saving += 1;
    return {
      index,
      term,
      configuration,
      configurationIndex,
      chunks: async function* () {
        for (let at = 0; at < whole.length; at += CHUNK_BYTES) {
          yield await Promise.resolve(whole.subarray(at, at + CHUNK_BYTES));
        }
      },
      release: () => {
        this.saving -= 1;
      },
    };
  }

  override async restore(state: AsyncIterable<Uint8Array> = nothing()): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of state) chunks.push(chunk);
    if (this.restoreFailure !== undefined) throw this.restoreFailure;
    const { physical } = this.cluster;
    const writes = new Map<string, Uint8Array | undefined>();
    for (const key of keys(physical, '')) writes.set(key, undefined);
    for (const [key, value] of parse(Buffer.concat(chunks).toString())) {
      writes.set(key, Buffer.from(value, 'base64'));
    }
    await physical.commit({ reads: new Map(), lists: new Map(), writes });
  }
}

/** What is known of a server that is well. */
export const peer = (id: string, more: Partial<PeerStatus> = {}): PeerStatus => ({
  id: id as NodeId,
  lastContact: 20,
  lastTerm: 1 as Term,
  lastIndex: 1000 as LogIndex,
  ...more,
});

export const server = (id: string, suffrage: Server['suffrage'] = 'voter'): Server => ({
  id: id as NodeId,
  address: `127.0.0.1:${8200 + Number(id.slice(-1)) * 10 + 1}`,
  suffrage,
});

function changed(servers: readonly Server[], change: MembershipChange): readonly Server[] {
  switch (change.type) {
    case 'add':
      return [...servers, change.server];
    case 'remove':
      return servers.filter(({ id }) => id !== change.id);
    case 'promote':
    case 'demote': {
      const suffrage = change.type === 'promote' ? 'voter' : 'nonvoter';
      return servers.map((one) => (one.id === change.id ? { ...one, suffrage } : one));
    }
    default:
      throw new Error('an unknown change');
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

type Saved = readonly (readonly [key: string, value: string])[];

function records(physical: Physical): Saved {
  return keys(physical, '').map((key) => [
    key,
    Buffer.from(physical.get(key) ?? []).toString('base64'),
  ]);
}

const keys = (physical: Physical, prefix: string): readonly string[] =>
  physical
    .list(prefix)
    .flatMap((name) => (name.endsWith('/') ? keys(physical, prefix + name) : [prefix + name]));

function parse(text: string): Saved {
  try {
    return JSON.parse(text) as Saved;
  } catch {
    throw new DamagedError('the state is not what was saved');
  }
}
