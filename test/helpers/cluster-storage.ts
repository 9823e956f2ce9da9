// Storage of several nodes without Raft: all share one memory, and the test says who leads. What a node does with its
// role can so be tried in every order.
import type { Configuration, NodeId, Server, Term } from '#raft/types.ts';
import {
  NoLeaderError,
  NotLeaderError,
  RefusedError,
  type ClusterStatus,
  type ClusterStorage,
  type Role,
  type SavedState,
} from '#storage/cluster-storage.ts';
import { openMemory } from '#storage/memory.ts';
import type { ApplyListener, Batch, Index, Physical } from '#storage/physical.ts';

export class FakeClusterStorage implements ClusterStorage {
  readonly id: NodeId;
  readonly #cluster: FakeCluster;
  readonly #listeners = new Set<(role: Role) => void>();
  #role: Role = { type: 'stopped' };
  /** What has been asked of it, in order. */
  readonly asked: string[] = [];
  /** What the next commits answer in the place of what they would. */
  readonly commitFailures: (Error | (() => Promise<void>))[] = [];
  /** What a transfer answers in the place of handing over. */
  transferFailure: Error | undefined;

  constructor(id: string, cluster: FakeCluster) {
    this.id = id as NodeId;
    this.#cluster = cluster;
  }

  get role(): Role {
    return this.#role;
  }

  /** Changes the role and tells of it. */
  become(role: Role): void {
    this.#role = role;
    for (const listener of this.#listeners) listener(role);
  }

  get index(): Index {
    return this.#cluster.physical.index;
  }

  get(key: string): Uint8Array | undefined {
    return this.#cluster.physical.get(key);
  }

  indexOf(key: string): Index {
    return this.#cluster.physical.indexOf(key);
  }

  list(prefix: string): readonly string[] {
    return this.#cluster.physical.list(prefix);
  }

  listIndexOf(prefix: string): Index {
    return this.#cluster.physical.listIndexOf(prefix);
  }

  async commit(batch: Batch): Promise<Index> {
    if (this.#role.type !== 'leader') throw new NotLeaderError(this.#cluster.leader);
    const failure = this.commitFailures.shift();
    if (failure instanceof Error) throw failure;
    await failure?.();
    return this.#cluster.physical.commit(batch);
  }

  observe(listener: ApplyListener): () => void {
    return this.#cluster.physical.observe(listener);
  }

  close(): Promise<void> {
    this.asked.push('close');
    return Promise.resolve();
  }

  status(): ClusterStatus {
    return {
      id: this.id,
      role: this.#role,
      configuration: this.#cluster.configuration,
      configurationIndex: 1 as Index,
      lastIndex: this.index,
      lastTerm: this.#cluster.term,
      commitIndex: this.index,
      appliedIndex: this.index,
      peers: [],
    };
  }

  confirm(): Promise<void> | undefined {
    if (this.#role.type === 'leader') return undefined;
    if (this.#role.type === 'follower') return Promise.resolve();
    return Promise.reject(new NoLeaderError('no majority answered in time'));
  }

  bootstrap(address: string): Promise<void> {
    this.asked.push(`bootstrap ${address}`);
    this.#cluster.add({ id: this.id, address, suffrage: 'voter' });
    this.#cluster.elect(this);
    return Promise.resolve();
  }

  /** A node that is alone leads; another follows whoever does, or waits until the test says who that is. */
  start(): Promise<void> {
    this.asked.push('start');
    const { configuration, leader, term } = this.#cluster;
    if (this.#role.type !== 'stopped') return Promise.resolve();
    if (configuration.length === 1) this.#cluster.elect(this);
    else if (leader === undefined) this.become({ type: 'candidate', term });
    else this.become({ type: 'follower', term, leader });
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.asked.push('stop');
    if (this.#role.type === 'leader' && !this.#cluster.handOver(this)) {
      this.#cluster.leader = undefined;
    }
    if (this.#role.type !== 'removed') this.become({ type: 'stopped' });
    return Promise.resolve();
  }

  onRole(listener: (role: Role) => void): () => void {
    const added = (role: Role): void => listener(role);
    this.#listeners.add(added);
    return () => this.#listeners.delete(added);
  }

  change(): Promise<void> {
    return Promise.reject(new RefusedError('the fake cluster does not change'));
  }

  transfer(to?: NodeId): Promise<void> {
    this.asked.push('transfer');
    if (this.transferFailure !== undefined) return Promise.reject(this.transferFailure);
    if (!this.#cluster.handOver(this, to)) {
      return Promise.reject(new RefusedError('cannot find peer'));
    }
    return Promise.resolve();
  }

  peers(): readonly Server[] {
    return this.#cluster.configuration.filter(({ id }) => id !== this.id);
  }

  save(): SavedState {
    throw new RefusedError('the fake cluster is not saved');
  }

  restore(): Promise<void> {
    return Promise.reject(new RefusedError('the fake cluster is not restored'));
  }
}

export class FakeCluster {
  readonly physical: Physical;
  readonly nodes: FakeClusterStorage[] = [];
  configuration: Configuration = [];
  term = 0 as Term;
  leader: NodeId | undefined;

  constructor(physical: Physical = openMemory()) {
    this.physical = physical;
  }

  /** A node that takes no part yet. */
  node(id: string): FakeClusterStorage {
    const node = new FakeClusterStorage(id, this);
    this.nodes.push(node);
    return node;
  }

  add(server: Server): void {
    const isKnown = this.configuration.some(({ id }) => id === server.id);
    this.configuration = isKnown
      ? this.configuration.map((known) => (known.id === server.id ? server : known))
      : [...this.configuration, server];
  }

  /** A new term begins, led by `node`; the others that take part follow. */
  elect(node: FakeClusterStorage): void {
    this.term = (this.term + 1) as Term;
    this.leader = node.id;
    for (const other of this.nodes) {
      if (other !== node && other.role.type !== 'stopped') {
        other.become({ type: 'follower', term: this.term, leader: node.id });
      }
    }
    node.become({ type: 'leader', term: this.term });
  }

  /** Nobody leads any more. */
  depose(): void {
    this.leader = undefined;
    for (const node of this.nodes) {
      if (node.role.type !== 'stopped') node.become({ type: 'candidate', term: this.term });
    }
  }

  /** Whether somebody else took over. */
  handOver(from: FakeClusterStorage, to?: NodeId): boolean {
    const next = this.nodes.find(
      (node) => node !== from && node.role.type !== 'stopped' && (to ?? node.id) === node.id,
    );
    if (next !== undefined) this.elect(next);
    return next !== undefined;
  }
}
