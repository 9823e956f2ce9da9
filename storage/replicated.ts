// Storage that the nodes of a cluster share: reads are answered from this node's state machine, batches go through the
// log. It outlives the node's part in the cluster (raft/driver/driver.ts), which begins with `start` and ends with `stop`.
import type { Driver } from '#raft/driver/driver.ts';
import type { DriverEvents } from '#raft/driver/options.ts';
import type { Network, Timer } from '#raft/driver/ports.ts';
import { UnconfirmedError } from '#raft/driver/reads.ts';
import type { MembershipChange, NodeId, Outcome, Peer, Server, Status } from '#raft/types.ts';
import { encodeBatch, type SizeLimits } from './batch-size.ts';
import {
  NoLeaderError,
  NotLeaderError,
  RefusedError,
  UncertainError,
  type ClusterStatus,
  type ClusterStorage,
  type PeerStatus,
  type Role,
  type SavedState,
} from './cluster-storage.ts';
import {
  DamagedError,
  StorageError,
  type ApplyListener,
  type Batch,
  type Index,
} from './physical.ts';
import { emptyState } from './empty-state.ts';
import { Proposals, refusalOf } from './proposals.ts';
import { stageState } from './replace-state.ts';
import type { Machine } from './state-machine.ts';

export interface ReplicatedOptions {
  readonly id: NodeId;
  readonly machine: Machine;
  readonly timer: Timer;
  readonly limits: SizeLimits;
  /** How long a tick of Raft is, in milliseconds. */
  readonly tickMs: number;
  /** Opens this node's part in the cluster, from what lies on its disk. One at a time. */
  readonly openDriver: (events: DriverEvents) => Promise<Driver>;
  /** How long a change of the cluster may take, in milliseconds. */
  readonly changePatience: number;
  /** Lets go of what belongs to the storage as a whole. */
  readonly onClose: () => Promise<void>;
}

export async function openReplicated(options: ReplicatedOptions): Promise<ClusterStorage> {
  const storage = new Replicated(options);
  await storage.open();
  return storage;
}

class Replicated implements ClusterStorage {
  readonly id: NodeId;
  readonly #options: ReplicatedOptions;
  readonly #machine: Machine;
  readonly #proposals: Proposals;
  readonly #listeners = new Set<(role: Role) => void>();
  #driver: Driver | undefined;
  #role: Role = { type: 'stopped' };
  #network: Network | undefined;
  /** It hands leadership over and takes nothing more, so that what is on its way comes to an end. */
  #isLeaving = false;
  #last: Promise<unknown> = Promise.resolve();
  #ending: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: ReplicatedOptions) {
    this.id = options.id;
    this.#options = options;
    this.#machine = options.machine;
    this.#proposals = new Proposals(options.machine);
  }

  /** A node that is alone in its cluster takes part at once. */
  open(): Promise<void> {
    return this.#inTurn(async () => {
      const driver = await this.#openDriver();
      const [first, ...others] = driver.status().configuration;
      const isAlone = first?.id === this.id && others.length === 0;
      if (isAlone || driver.isRemoved) driver.start(undefined);
    });
  }

  get index(): Index {
    return this.#machine.index;
  }

  get(key: string): Uint8Array | undefined {
    try {
      return this.#machine.get(key);
    } catch (error) {
      // The others have what this node has lost.
      if (error instanceof DamagedError && this.peers().length > 0) this.#diverged();
      throw error;
    }
  }

  indexOf(key: string): Index {
    return this.#machine.indexOf(key);
  }

  list(prefix: string): readonly string[] {
    return this.#machine.list(prefix);
  }

  listIndexOf(prefix: string): Index {
    return this.#machine.listIndexOf(prefix);
  }

  observe(listener: ApplyListener): () => void {
    return this.#machine.observe(listener);
  }

  commit(batch: Batch): Promise<Index> {
    try {
      if (this.#closed !== undefined) throw closed();
      if (batch.writes.size === 0) return this.#proposals.commitNothing(batch);
      const driver = this.#leading();
      return this.#proposals.commit(driver, batch, encodeBatch(batch.writes, this.#options.limits));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  confirm(): Promise<void> | undefined {
    if (this.#driver === undefined) {
      return Promise.reject(new NoLeaderError('this node takes no part in its cluster'));
    }
    return this.#driver.confirm()?.catch(asNoLeader);
  }

  status(): ClusterStatus {
    const { id } = this;
    const role = this.#role;
    if (this.#driver === undefined) return { id, role, ...this.#statusAtRest() };
    const status = this.#driver.status();
    return {
      id,
      role,
      configuration: status.configuration,
      configurationIndex: status.configurationIndex,
      lastIndex: status.lastIndex,
      lastTerm: status.lastTerm,
      commitIndex: status.commit,
      appliedIndex: this.#machine.index,
      peers: status.peers.map((peer) => this.#peerStatus(peer, status)),
      log: this.#driver.logExtent,
    };
  }

  bootstrap(address: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#closed !== undefined) throw closed();
      const driver = await this.#openDriver();
      driver.start(this.#network);
      const server: Server = { id: this.id, address, suffrage: 'voter' };
      mustBeDone(await driver.ask((ticket) => ({ type: 'bootstrap', ticket, server })));
      await this.#untilLeader();
    });
  }

  start(network: Network): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#closed !== undefined) throw closed();
      const driver = await this.#openDriver();
      this.#network = network;
      driver.start(network);
    });
  }

  stop(): Promise<void> {
    return this.#inTurn(async () => {
      this.#network = undefined;
      const driver = this.#driver;
      if (driver === undefined) return;
      await this.#leaving(async () => {
        // Whoever cannot be handed over to is found out by an election.
        if (this.#role.type === 'leader' && this.peers().length > 0) await this.#handOver(driver);
        await this.#proposals.idle();
        await this.#end(driver);
      });
    });
  }

  onRole(listener: (role: Role) => void): () => void {
    // A function of its own, so that a listener that is added twice is called twice and ended once.
    const added = (role: Role): void => listener(role);
    this.#listeners.add(added);
    return () => this.#listeners.delete(added);
  }

  async change(change: MembershipChange): Promise<void> {
    const driver = this.#leading();
    mustBeDone(await driver.ask((ticket) => ({ type: 'change', ticket, change })));
  }

  async transfer(to?: NodeId): Promise<void> {
    const driver = this.#leading();
    mustBeDone(await this.#leaving(() => this.#handOver(driver, to)));
  }

  peers(): readonly Server[] {
    return this.status().configuration.filter(({ id }) => id !== this.id);
  }

  save(): SavedState {
    const snapshot = this.#machine.snapshot();
    return {
      ...snapshot.meta,
      chunks: () => snapshot.chunks(),
      release: () => snapshot.release(),
    };
  }

  async restore(state: AsyncIterable<Uint8Array>): Promise<void> {
    const driver = this.#leading();
    const last = await stageState((entry) => this.#proposals.propose(driver, entry), state);
    const index = await this.#proposals.propose(driver, last).catch((error: unknown) => {
      if (error instanceof UncertainError && error.index !== undefined) {
        return this.#untilReplaced(error.index, error);
      }
      throw error;
    });
    if (this.#machine.replacedAt !== index) {
      throw new DamagedError('this is not a state that was saved');
    }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.stop();
    await this.#inTurn(async () => {
      await this.#machine.close();
      await this.#options.onClose();
    });
  }

  /** What begins and ends this node's part in the cluster happens one after another. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work);
    this.#last = next.catch(() => undefined);
    return next;
  }

  /** This node's part in the cluster, begun anew if it has ended. */
  async #openDriver(): Promise<Driver> {
    // A disk that hangs may still be at work for the one before.
    await this.#ending;
    this.#driver ??= await this.#options.openDriver({
      applied: (through) => this.#applied(through),
      role: (role) => this.#roleChanged(role),
      diverged: () => this.#diverged(),
    });
    return this.#driver;
  }

  /** Nobody waits for a disk that hangs longer than this makes sense. */
  async #end(driver: Driver, role?: Role): Promise<void> {
    this.#ending = driver.end(role);
    this.#driver = undefined;
    const { timer } = this.#options;
    const late = Promise.withResolvers<void>();
    const cancel = timer.after(END_PATIENCE_MS, late.resolve);
    await Promise.race([this.#ending, late.promise]);
    cancel();
  }

  #diverged(): void {
    const driver = this.#driver;
    this.#inTurn(async () => {
      if (driver !== undefined && this.#driver === driver) await this.#refill(driver);
    }).catch((error: unknown) => this.#driver?.fail(error));
  }

  /** Throws the state away; the log or the leader has all that it takes to make it anew. */
  async #refill(driver: Driver): Promise<void> {
    if (this.#role.type === 'leader') await this.#leaving(() => this.#handOver(driver));
    const { term } = driver.status();
    await this.#end(driver, { type: 'candidate', term });
    await this.#ending;
    await this.#machine.restore(emptyState());
    const anew = await this.#openDriver();
    anew.start(this.#network);
  }

  /** @throws NotLeaderError */
  #leading(): Driver {
    const role = this.#role;
    if (this.#isLeaving) throw new NotLeaderError(undefined);
    if (role.type === 'leader' && this.#driver !== undefined) return this.#driver;
    if (role.type === 'stopped' && role.reason !== undefined) throw new StorageError(role.reason);
    throw new NotLeaderError(role.type === 'follower' ? role.leader : undefined);
  }

  #applied(through: Index): void {
    if (this.#driver !== undefined) this.#proposals.applied(this.#driver, through);
  }

  #roleChanged(role: Role): void {
    if (role.type === 'leader') this.#proposals.restart();
    this.#role = role;
    for (const listener of this.#listeners) listener(role);
  }

  /** Resolves once this node may serve. */
  #untilLeader(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#role.type === 'leader') return resolve();
      const { timer, changePatience } = this.#options;
      const cancel = timer.after(changePatience, () => {
        end();
        reject(new RefusedError('timed out'));
      });
      const end = this.onRole(({ type }) => {
        if (type !== 'leader') return;
        end();
        cancel();
        resolve();
      });
    });
  }

  async #leaving<T>(work: () => Promise<T>): Promise<T> {
    this.#isLeaving = true;
    try {
      return await work();
    } finally {
      this.#isLeaving = false;
    }
  }

  /** What is on its way arrives first, so that nobody is left uncertain. */
  async #handOver(driver: Driver, to?: NodeId): Promise<Outcome> {
    await this.#proposals.idle();
    return driver.ask((ticket) => ({ type: 'transfer', ticket, to }));
  }

  /** What may have been committed comes through another leader, unless it never will. */
  async #untilReplaced(index: Index, uncertain: UncertainError): Promise<Index> {
    const { timer, changePatience } = this.#options;
    const end = timer.now() + changePatience;
    const isPending = (): boolean => this.#machine.index < index && this.#closed === undefined;
    while (isPending() && timer.now() < end) {
      await new Promise<void>((resolve) => void timer.after(LOOK_AGAIN_MS, resolve));
    }
    if (this.#machine.replacedAt !== index) throw uncertain;
    return index;
  }

  #peerStatus({ id, silence, match }: Peer, { lastTerm }: Status): PeerStatus {
    const lastContact = silence === undefined ? undefined : silence * this.#options.tickMs;
    return { id, lastContact, lastTerm, lastIndex: match };
  }

  #statusAtRest(): Omit<ClusterStatus, 'id' | 'role'> {
    const { index, term, configuration, configurationIndex } = this.#machine.position;
    return {
      configuration,
      configurationIndex,
      lastIndex: index,
      lastTerm: term,
      commitIndex: index,
      appliedIndex: index,
      peers: [],
    };
  }
}

/** How long a stop waits for the disk: more than a slow one takes, less than anybody's patience. */
const END_PATIENCE_MS = 3_000;
/** How often it is looked whether an entry has come through after all. */
const LOOK_AGAIN_MS = 100;

function asNoLeader(error: unknown): never {
  if (error instanceof UnconfirmedError) throw new NoLeaderError(error.message, { cause: error });
  throw error;
}

function mustBeDone(outcome: Outcome): void {
  if (outcome.type === 'committed') return;
  if (outcome.type === 'refused') throw refusalOf(outcome);
  throw new UncertainError('leadership ended before the change was committed');
}

function closed(): StorageError {
  return new StorageError('the storage is closed');
}
