// Several nodes in one process, on disks, media and a network that are not there, and a timer that the test moves. What
// one of them does is done by the code that a real node runs.
import { openDriver } from '#raft/driver/open.ts';
import type { Driver } from '#raft/driver/driver.ts';
import type { CompactionSettings } from '#raft/driver/compaction.ts';
import type { Network } from '#raft/driver/ports.ts';
import type { NodeId, Settings } from '#raft/types.ts';
import { RefusedError, type ClusterStorage, type Role } from '#storage/cluster-storage.ts';
import type { Batch, Index } from '#storage/physical.ts';
import { openReplicated } from '#storage/replicated.ts';
import { openMachine, type Machine } from '#storage/state-machine.ts';
import { VirtualDisk } from '#test/simulation/disk.ts';
import { VirtualMedia } from '#test/simulation/medium.ts';
import { ManualTimer } from './manual-timer.ts';
import { settle } from './medium.ts';
import { NotingMeter } from './noting-meter.ts';
import { seededRandom, type Random } from './random.ts';

export const TICK_MS = 50;
const STEP_MS = 5;
/** Longer than any election among healthy nodes takes. */
const LIMIT_MS = 60_000;

const CORE: Omit<Settings, 'id' | 'seed'> = {
  electionTicks: 8,
  heartbeatTicks: 2,
  maxAppendBytes: 64 * 1024,
  maxInflightAppends: 16,
  maxInflightBytes: 1024 * 1024,
  maxUncommittedBytes: 4 * 1024 * 1024,
};

const COMPACTION: CompactionSettings = {
  trailingLogs: 1_000_000,
  snapshotThreshold: 1_000_000,
  snapshotInterval: 1e12,
};

/** What the network does to a packet. */
export type Filter = (from: NodeId, to: NodeId) => boolean;

/** A node that runs, or did; its disk and media stay. */
export interface RaftNode {
  readonly id: NodeId;
  readonly address: string;
  readonly disk: VirtualDisk;
  readonly media: VirtualMedia;
  storage: ClusterStorage;
  machine: Machine;
  driver: Driver | undefined;
  readonly roles: Role[];
  readonly meter: NotingMeter;
}

export class RaftNodes {
  readonly timer = new ManualTimer();
  readonly random: Random;
  readonly nodes = new Map<string, RaftNode>();
  readonly #compaction: CompactionSettings;
  readonly #receivers = new Map<NodeId, (from: NodeId, packet: Uint8Array) => void>();
  /** Whether a packet arrives. */
  filter: Filter = () => true;
  /** Whether it arrives twice, and how late. */
  repeats = (): boolean => false;
  delay = (): number => 1;
  packets = 0;
  bytes = 0;
  readonly #segmentBytes: number;
  #seed = 1;

  constructor({ seed = 1, compaction = COMPACTION, segmentBytes = 256 * 1024 } = {}) {
    this.#segmentBytes = segmentBytes;
    this.random = seededRandom(seed);
    this.#compaction = compaction;
  }

  node(id: string): RaftNode {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`there is no node ${id}`);
    return node;
  }

  /** A cluster of voters, of which the first leads. */
  static async start(ids: readonly string[], options = {}): Promise<RaftNodes> {
    const nodes = new RaftNodes(options);
    const [first, ...others] = ids;
    if (first === undefined) return nodes;
    const { storage, address } = await nodes.add(first);
    await nodes.until(storage.bootstrap(address));
    await storage.start(nodes.network(first));
    for (const id of others) await nodes.join(id, first);
    return nodes;
  }

  /** A node that is in no cluster. */
  async add(id: string): Promise<RaftNode> {
    const node = {
      id: id as NodeId,
      address: `${id}:8201`,
      disk: new VirtualDisk(this.random),
      media: new VirtualMedia({ timer: this.timer }),
      roles: [],
      meter: new NotingMeter(),
      driver: undefined,
    };
    const opened = { ...node, ...(await this.until(this.#open(node))) };
    this.nodes.set(id, opened);
    return opened;
  }

  /** A new node becomes a voter. */
  async join(id: string, leader: string): Promise<RaftNode> {
    const node = await this.add(id);
    await node.storage.start(this.network(id));
    const { storage } = this.node(leader);
    const server = { id: node.id, address: node.address, suffrage: 'staging' } as const;
    await this.until(storage.change({ type: 'add', server }));
    // It has to catch up first, and the leader to hear of it.
    while (!(await this.until(this.#promote(storage, node.id)))) await this.run(TICK_MS);
    await this.runUntil(() => node.storage.status().configuration.length === this.nodes.size);
    return node;
  }

  network(id: string): Network {
    const from = id as NodeId;
    return {
      send: (to, _, packet) => {
        this.packets += 1;
        this.bytes += packet.length;
        if (!this.filter(from, to)) return;
        for (let copies = this.repeats() ? 2 : 1; copies > 0; copies--) {
          this.timer.after(this.delay(), () => this.#receivers.get(to)?.(from, packet));
        }
      },
      listen: (receive) => {
        this.#receivers.set(from, receive);
        return () => {
          if (this.#receivers.get(from) === receive) this.#receivers.delete(from);
        };
      },
    };
  }

  /** The process ends without a word, as after kill -9 or when the power goes. */
  crash(id: string): void {
    const node = this.node(id);
    this.#receivers.delete(node.id);
    node.disk.crash();
    node.media.crash(this.random);
  }

  /** Begins again on what the disk holds. */
  async restart(id: string): Promise<RaftNode> {
    const node = this.node(id);
    const { storage, machine } = await this.until(this.#open(node));
    node.storage = storage;
    node.machine = machine;
    await storage.start(this.network(id));
    return node;
  }

  /** Nobody hears the node, and it hears nobody. */
  isolate(...ids: readonly string[]): void {
    this.filter = (from, to) => ids.includes(from) === ids.includes(to);
  }

  heal(): void {
    this.filter = () => true;
    this.repeats = () => false;
    this.delay = () => 1;
  }

  /** Whoever serves as the leader, of the highest term if there are several. */
  leader(): RaftNode | undefined {
    return [...this.nodes.values()]
      .filter(({ storage }) => storage.status().role.type === 'leader')
      .toSorted((one, other) => termOf(other) - termOf(one))[0];
  }

  /** Lets time pass until a promise is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isDone = false;
    const ended = promise.finally(() => {
      isDone = true;
    });
    // Whether it ended well is for whoever gave it.
    ended.catch(() => undefined);
    await this.runUntil(() => isDone);
    return promise;
  }

  async runUntil(condition: () => boolean): Promise<void> {
    const end = this.timer.now() + LIMIT_MS;
    await settle();
    while (!condition()) {
      if (this.timer.now() > end) throw new Error('it never happened');
      this.timer.advance(STEP_MS);
      await settle();
    }
  }

  async run(milliseconds: number): Promise<void> {
    const end = this.timer.now() + milliseconds;
    await this.runUntil(() => this.timer.now() >= end);
  }

  async close(): Promise<void> {
    for (const { storage } of this.nodes.values()) await this.until(storage.close());
  }

  async #promote(leader: ClusterStorage, id: NodeId): Promise<boolean> {
    try {
      await leader.change({ type: 'promote', id });
      return true;
    } catch (error) {
      if (error instanceof RefusedError) return false;
      throw error;
    }
  }

  async #open(
    node: Pick<RaftNode, 'id' | 'disk' | 'media' | 'roles' | 'driver' | 'meter'>,
  ): Promise<Pick<RaftNode, 'storage' | 'machine'>> {
    const { id, disk, media } = node;
    let driver: Driver | undefined;
    const machine = await openMachine({
      media,
      timer: this.timer,
      onFailure: (failure) => driver?.fail(failure),
    });
    const storage = await openReplicated({
      id,
      machine,
      timer: this.timer,
      tickMs: TICK_MS,
      limits: { entryBytes: 1024 * 1024, transactionBytes: 8 * 1024 * 1024 },
      changePatience: 30_000,
      openDriver: async (events) => {
        driver = await openDriver({
          settings: { ...CORE, id, seed: this.#seed++ },
          tickMs: TICK_MS,
          timer: this.timer,
          disk: disk.mount(this.timer),
          wal: { segmentBytes: this.#segmentBytes },
          machine,
          compaction: this.#compaction,
          events,
          meter: node.meter,
        });
        return driver;
      },
      onClose: () => Promise.resolve(),
    });
    storage.onRole((role) => node.roles.push(role));
    return { storage, machine };
  }
}

function termOf({ storage }: RaftNode): number {
  const { role } = storage.status();
  return 'term' in role ? role.term : 0;
}

/** A batch that writes, and has seen what it is told to have seen. */
export function batch(
  writes: Readonly<Record<string, string | undefined>>,
  reads: Readonly<Record<string, number>> = {},
): Batch {
  const values = Object.entries(writes).map(
    ([key, value]) => [key, value === undefined ? undefined : Buffer.from(value)] as const,
  );
  return {
    reads: new Map(Object.entries(reads) as [string, Index][]),
    lists: new Map(),
    writes: new Map(values),
  };
}

export function textOf(storage: ClusterStorage, key: string): string | undefined {
  const value = storage.get(key);
  return value && Buffer.from(value).toString();
}
