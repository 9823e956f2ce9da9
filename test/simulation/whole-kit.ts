// Worlds whose servers are made of the code that real ones run: the driver, the log on its disk, the packets, the state
// machine and the storage on top.
import { canRefill, openDriver } from '#raft/driver/open.ts';
import type { Driver } from '#raft/driver/driver.ts';
import { decodePacket } from '#raft/driver/packet.ts';
import { CorruptionError, type Network } from '#raft/driver/ports.ts';
import type { State } from '#raft/state.ts';
import type { MembershipChange, NodeId } from '#raft/types.ts';
import type { ClusterStorage, Role } from '#storage/cluster-storage.ts';
import { openReplicated } from '#storage/replicated.ts';
import { DamagedError } from '#storage/physical.ts';
import { openMachine, type Machine } from '#storage/state-machine.ts';
import { settingsOf } from './core-kit.ts';
import { viewOf } from './core-view.ts';
import type { NodeView } from './invariants.ts';
import type { Reply, Request, Server } from './server.ts';
import { answerOf } from './whole-requests.ts';
import { SEGMENT_BYTES, WholeDisk } from './whole-disk.ts';
import type { Host, Kit, Life, World } from './world.ts';

export const wholeKit: Kit = {
  newDisk: (host, chance, counts) => new WholeDisk(host, chance, counts),
  open: (host, world) => new WholeLife(host, world),
};

/** What a bootstrap or a change waits at most. */
const CHANGE_PATIENCE = 10_000;

class WholeLife implements Life {
  #server: WholeServer | undefined;
  readonly #host: Host;
  readonly #world: World;
  #receive: ((from: NodeId, packet: Uint8Array) => void) | undefined;

  constructor(host: Host, world: World) {
    this.#host = host;
    this.#world = world;
    const life = host.lives;
    this.#open().catch((error: unknown) => {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
      world.note(host.id, 'cannot start', reason);
      if (host.lives !== life) return;
      if (isDamage(error)) world.givenUp(host, reason);
      else world.stopped(host, `cannot start: ${reason}`);
    });
  }

  get server(): Server | undefined {
    return this.#server;
  }

  receive(from: NodeId, packet: unknown): void {
    this.#receive?.(from, packet as Uint8Array); // only what is sent below
  }

  async #open(): Promise<void> {
    const host = this.#host;
    const { process, disk, id } = host;
    const { tickMs } = this.#world.timing;
    if (process === undefined || !(disk instanceof WholeDisk)) throw new Error('not a whole host');
    let driver: Driver | undefined;
    const machine = await this.#openMachine(disk, (failure) => driver?.fail(failure));
    const storage = await openReplicated({
      id,
      machine,
      timer: process,
      tickMs,
      limits: { entryBytes: 1024 * 1024, transactionBytes: 8 * 1024 * 1024 },
      changePatience: CHANGE_PATIENCE,
      openDriver: async (events) => {
        driver = await openDriver({
          settings: settingsOf(host, this.#world),
          tickMs,
          timer: process,
          disk: disk.disk.mount(process),
          wal: { segmentBytes: SEGMENT_BYTES },
          machine,
          compaction: host.compaction,
          events,
        });
        return driver;
      },
      onClose: () => Promise.resolve(),
    });
    const current = (): Driver => driver as Driver; // there is one from here on
    const parts = { host, world: this.#world, storage, machine, driver: current };
    this.#server = new WholeServer(parts, this.#network());
    await storage.start(this.#network());
  }

  /** A state that is damaged is thrown away where it can be had again, as in storage/raft.ts. */
  async #openMachine(disk: WholeDisk, onFailure: (error: Error) => void): Promise<Machine> {
    const { process, id } = this.#host;
    if (process === undefined) throw new Error('a host that starts has a process');
    const open = (): Promise<Machine> =>
      openMachine({ media: disk.media, timer: process, onFailure });
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
      const log = disk.disk.mount(process);
      if (!(await canRefill(log, id, { segmentBytes: SEGMENT_BYTES }))) throw error;
      if (!this.#host.wasDamaged) {
        this.#world.invariants.violated(`the state of ${id} is damaged by nothing`);
      }
      this.#world.counts.add('state thrown away');
      disk.media.reset();
      return open();
    }
  }

  #network(): Network {
    const { id } = this.#host;
    return {
      send: (to, _address, packet) => {
        this.#server?.note();
        for (const part of decodePacket(packet)?.parts ?? []) {
          if (part.type === 'message') this.#world.sent(this.#host, part.message);
          if (this.#world.isTraced) this.#world.note(id, 'sends', part);
        }
        this.#world.network.send(id, to, packet);
      },
      listen: (receive) => {
        this.#receive = receive;
        return () => {
          if (this.#receive === receive) this.#receive = undefined;
        };
      },
    };
  }
}

interface Parts {
  readonly host: Host;
  readonly world: World;
  readonly storage: ClusterStorage;
  readonly machine: Machine;
  /** The present one: the storage may begin with another. */
  readonly driver: () => Driver;
}

/** Somebody has to decide whether what is lost can be done without. */
function isDamage(error: unknown): boolean {
  return error instanceof CorruptionError || error instanceof DamagedError;
}

class WholeServer implements Server {
  readonly #parts: Parts;
  readonly #network: Network;
  #role: Role = { type: 'stopped' };
  #state: State | undefined;
  #waiting = 0;
  #isStopping = false;

  constructor(parts: Parts, network: Network) {
    this.#parts = parts;
    this.#network = network;
    const { host, world, storage, machine } = parts;
    storage.onRole((role) => this.#becomes(role));
    storage.observe((_keys, index) => {
      const sum = Buffer.from(machine.checksum()).toString('hex');
      world.invariants.checksum(host.id, index as number as never, sum);
    });
  }

  /** Has the disk know what this node knows to be on it. */
  note(): void {
    const { driver, host } = this.#parts;
    const { state } = driver();
    if (this.#state !== undefined && this.#state !== state) host.isWatched = false;
    this.#state = state;
    if (host.disk instanceof WholeDisk) host.disk.note(state);
  }

  get view(): NodeView {
    const { driver, host } = this.#parts;
    const { process } = host;
    this.note();
    return viewOf(driver().state, host.id, {
      applied: driver().state.applied,
      leaseUntil: process?.worldTimeOf(driver().leaseUntil) ?? -Infinity,
    });
  }

  get isServing(): boolean {
    return this.#role.type === 'leader';
  }

  get waiting(): number {
    return this.#waiting;
  }

  get checksum(): string {
    return Buffer.from(this.#parts.machine.checksum()).toString('hex');
  }

  ask(request: Request, answer: (reply: Reply) => void): void {
    this.#waiting += 1;
    const { storage, host } = this.#parts;
    const { process } = host;
    const pause = (): Promise<void> =>
      new Promise((resolve) => {
        process?.after(host.dice.wait(20), resolve);
      });
    answerOf({ storage, pause }, request, (reply) => {
      this.#waiting -= 1;
      answer(reply);
    });
  }

  change(change: MembershipChange, answer: (isDone: boolean) => void): void {
    this.#parts.storage.change(change).then(
      () => answer(true),
      () => answer(false),
    );
  }

  transfer(to: NodeId | undefined): void {
    this.#parts.storage.transfer(to).catch(() => undefined);
  }

  stop(done: () => void): void {
    this.#isStopping = true;
    void this.#parts.storage
      .close()
      .catch(() => undefined)
      .finally(done);
  }

  bootstrap(): void {
    const { storage, host } = this.#parts;
    storage.bootstrap(host.id).then(
      () => storage.start(this.#network),
      () => undefined,
    );
  }

  /** The driver does so by itself. */
  compact(): void {
    this.#parts.world.note(this.#parts.host.id, 'compacts by itself');
  }

  #becomes(role: Role): void {
    const { host, world } = this.#parts;
    world.note(host.id, 'becomes', role);
    this.#role = role;
    if (role.type === 'stopped' && !this.#isStopping) {
      world.stopped(host, role.reason ?? 'it was asked to');
    }
    if (role.type === 'removed') world.removed(host);
  }
}
