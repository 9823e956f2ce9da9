// Worlds whose servers are the core of Raft and hardly more: fast, and all that goes wrong in them is Raft's.
import type { Message, NodeId, Settings, Term } from '#raft/types.ts';
import { CoreServer } from './core-server.ts';
import { LightDisk } from './light-disk.ts';
import type { Image } from './light-machine.ts';
import type { Host, Kit, Life, World } from './world.ts';

type Packet =
  | { readonly type: 'message'; readonly message: Message }
  | { readonly type: 'snapshot'; readonly term: Term; readonly image: Image };

/** How long a snapshot is on its way, on average. */
const SHIPPING_MILLIS = 150;

/** A snapshot that does not arrive is given up after this. */
const SHIPPING_PATIENCE = 2000;

export const coreKit: Kit = {
  newDisk: (_host, chance, counts) => new LightDisk(chance, counts),
  open: (host, world) => new CoreLife(host, world),
};

export function settingsOf(host: Host, world: World): Settings {
  const { electionTicks, heartbeatTicks, maxAppendBytes, maxInflightAppends } = world.timing;
  return {
    id: host.id,
    electionTicks,
    heartbeatTicks,
    maxAppendBytes,
    maxInflightAppends,
    maxInflightBytes: maxAppendBytes * maxInflightAppends,
    maxUncommittedBytes: 16_384,
    seed: host.dice.below(2 ** 20) * 512 + host.lives,
  };
}

class CoreLife implements Life {
  readonly server: CoreServer;
  readonly #host: Host;
  readonly #world: World;

  constructor(host: Host, world: World) {
    this.#host = host;
    this.#world = world;
    const { disk, process } = host;
    if (process === undefined || !(disk instanceof LightDisk)) throw new Error('not a core host');
    this.server = new CoreServer({
      settings: settingsOf(host, world),
      tickMs: world.timing.tickMs,
      process,
      disk,
      dice: host.dice.fork(`life ${host.lives}`),
      send: (message) => this.#send(message),
      ship: (to, image, ended) => this.#ship(to, image, ended),
      trace: (what, detail) => world.isTraced && world.note(host.id, what, detail),
      applied: (index, checksum) => world.invariants.checksum(host.id, index, checksum),
      stop: (why) => (why === 'removed' ? world.removed(host) : world.stopped(host, why)),
    });
  }

  receive(from: NodeId, packet: unknown): void {
    const content = packet as Packet; // only what is sent below
    if (content.type === 'message') this.server.receive(content.message);
    else this.server.receiveSnapshot(from, content.term, content.image);
  }

  #send(message: Message): void {
    this.#world.sent(this.#host, message);
    this.#world.network.send(message.from, message.to, { type: 'message', message });
  }

  #ship(to: NodeId, image: Image, ended: (isDone: boolean) => void): void {
    const { network, counts } = this.#world;
    const { process, dice, id } = this.#host;
    const { term } = this.server.view;
    const isLost = dice.chance(0.1);
    const millis = isLost ? SHIPPING_PATIENCE : dice.wait(SHIPPING_MILLIS);
    process?.after(millis, () => {
      const isDone = !isLost && network.isOpen(id, to) && network.isOpen(to, id);
      counts.add(isDone ? 'snapshot shipped' : 'snapshot lost');
      if (isDone) network.send(id, to, { type: 'snapshot', term, image });
      ended(isDone);
    });
  }
}
