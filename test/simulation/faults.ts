// What goes wrong in a world, and when. Each seed takes a part of these faults and its own pace, so that worlds differ.
import { votersOf } from '#raft/quorum.ts';
import type { MembershipChange, Message, NodeId, Server as Member } from '#raft/types.ts';
import type { Dice } from './dice.ts';
import { partition, SHAPE_NAMES } from './partitions.ts';
import type { Host, World } from './world.ts';

/** Begins a fault; the answer ends it, `undefined` when it ends by itself, `false` when it could not happen now. */
type Begin = (world: World, chance: Dice) => (() => void) | undefined | false;

/** Not more than this many machines in one world. */
const MAX_HOSTS = 12;
const MAX_MEMBERS = 7;

/** After which something may happen to their senders. */
const MESSAGES: readonly Message['type'][] = [
  'pre-vote',
  'pre-vote-reply',
  'vote',
  'vote-reply',
  'append',
  'append-reply',
  'install',
  'read',
  'read-reply',
  'time-out-now',
  'recover',
];

/** Clocks of healthy machines differ by less; the lease counts on that. */
const MAX_DRIFT = 0.01;

const FAULTS: Readonly<Record<string, Begin>> = {
  crash: (world, chance) => crashed(world, chance, any(world, chance)),
  'crash of the leader': (world, chance) => crashed(world, chance, world.leader),
  'restart in good order': (world, chance) => {
    const host = any(world, chance);
    if (host === undefined) return false;
    const { process, life } = host;
    process?.run(() =>
      life?.server?.stop(() => {
        if (host.process !== process) return;
        world.crash(host);
        world.events.after(chance.wait(200), () => world.start(host));
      }),
    );
    return undefined;
  },
  'crash of all': (world, chance) => {
    const all = world.running;
    for (const host of all) world.crash(host);
    for (const host of all) world.events.after(chance.wait(300), () => world.start(host));
    return undefined;
  },
  'crash at a message': (world, chance) => {
    world.trap(chance.pick(MESSAGES), (host) => crashed(world, chance, host));
    return undefined;
  },
  'cut off at a message': (world, chance) => {
    world.trap(chance.pick(MESSAGES), ({ id }) => {
      const others = world.hosts.map((host) => host.id).filter((other) => other !== id);
      const heal = world.network.cut(
        others.flatMap((other) => [[id, other] as const, [other, id] as const]),
      );
      world.events.after(chance.wait(1500), heal);
    });
    return undefined;
  },
  pause: (world, chance) => paused(world, chance, any(world, chance)),
  'pause of the leader': (world, chance) => paused(world, chance, world.leader),
  'slow disk': (world, chance) => {
    const ailments = any(world, chance)?.disk.ailments;
    if (ailments === undefined) return false;
    ailments.slowness = chance.between(2, 200);
    return () => (ailments.slowness = 1);
  },
  'hung disk': (world, chance) => ailing(pickDisk(world, chance), 'isHung'),
  'full disk': (world, chance) => ailing(pickDisk(world, chance), 'isFull'),
  'failing disk': (world, chance) => {
    const host = pickDisk(world, chance);
    const end = ailing(host, 'isBroken');
    if (end === false || host === undefined) return false;
    return () => {
      end();
      world.start(host);
    };
  },
  'lying sync': (world, chance) => {
    const host = any(world, chance);
    if (host === undefined || !world.mayDamage(host)) return false;
    return lying(world, chance, host);
  },
  'damaged disk': (world, chance) => {
    const host = any(world, chance);
    if (host === undefined || !world.mayDamage(host)) return false;
    world.crash(host);
    world.rot(host);
    return () => world.start(host);
  },
  partition: (world, chance) => {
    const nodes = world.hosts.filter(({ state }) => state !== 'gone').map(({ id }) => id);
    if (nodes.length < 2) return false;
    const shape = chance.pick(SHAPE_NAMES);
    const { paths } = partition(shape, nodes, world.leader?.id ?? chance.pick(nodes), chance);
    world.counts.add(`partition: ${shape}`);
    return world.network.cut(paths);
  },
  'follower behind a cut path, others restarted': (world, chance) => {
    const { leader } = world;
    const [deaf, ...others] = chance.shuffled(world.running.filter((host) => host !== leader));
    if (leader === undefined || deaf === undefined) return false;
    const heal = world.network.cut([[leader.id, deaf.id]]);
    others.forEach((host, at) => {
      world.events.after(500 + at * 30 + chance.wait(200), () => {
        world.crash(host);
        world.events.after(chance.wait(10), () => world.start(host));
      });
    });
    return heal;
  },
  'leaders cut off one after another': (world, chance) => {
    for (let round = 0; round < 6; round++) {
      world.events.after(round * chance.between(300, 1500), () => {
        world.trap('append', ({ id }) => {
          const others = world.hosts.map((host) => host.id).filter((other) => other !== id);
          // It may still reach one of them.
          const gone = chance.chance(0.5) ? others : chance.shuffled(others).slice(1);
          const heal = world.network.cut(
            gone.flatMap((other) => [[id, other] as const, [other, id] as const]),
          );
          world.events.after(chance.between(600, 3000), heal);
        });
      });
    }
    return undefined;
  },
  'change by a new leader': (world, chance) => {
    world.trapLeader((host) => {
      const { configuration } = host.life?.server?.view ?? { configuration: [] };
      const voters = votersOf(configuration);
      const id = chance.pick(['', ...voters]) as NodeId;
      const other = configuration.find((one) => isPromotable(world, one));
      if (other !== undefined) changeAt(host, { type: 'promote', id: other.id });
      else if (isExpendable(world, id)) changeAt(host, { type: 'demote', id });
    });
    return undefined;
  },
  'clogged path': (world, chance) => {
    const [one, other] = chance.shuffled(world.running);
    if (one === undefined || other === undefined) return false;
    world.network.clog([one.id, other.id], chance.between(50, 5000));
    return undefined;
  },
  'bad weather': (world, chance) => {
    const before = world.network.weather;
    world.network.change({
      loss: chance.between(0, 0.5),
      repetition: chance.between(0, 0.5),
      delay: chance.between(0.1, 20),
      jitter: chance.between(0.1, 80),
      lateness: chance.between(0, 0.1),
    });
    return () => world.network.change(before);
  },
  'clock drift': (world, chance) => {
    const host = any(world, chance);
    if (host === undefined) return false;
    host.clockRate = chance.between(1 - MAX_DRIFT, 1 + MAX_DRIFT);
    host.process?.drift(host.clockRate);
    return undefined;
  },
  transfer: (world, chance) => {
    const { leader } = world;
    if (leader === undefined) return false;
    const to = chance.chance(0.5)
      ? undefined
      : chance.pick(leader.life?.server?.view.configuration ?? []);
    leader.process?.run(() => leader.life?.server?.transfer(to?.id));
    return undefined;
  },
  compaction: (world, chance) => {
    const host = any(world, chance);
    host?.process?.run(() => host.life?.server?.compact());
    return host === undefined ? false : undefined;
  },
  'server added': (world) => {
    const members = world.configuration.length;
    if (world.hosts.length >= MAX_HOSTS || members >= MAX_MEMBERS) return false;
    return added(world);
  },
  'server promoted': (world, chance) => {
    const rest = world.configuration.filter((one) => isPromotable(world, one));
    return rest.length > 0 && changed(world, { type: 'promote', id: chance.pick(rest).id });
  },
  'server demoted': (world, chance) => {
    const id = expendable(world, chance);
    return id !== undefined && changed(world, { type: 'demote', id });
  },
  'server removed': (world, chance) => {
    const id = expendable(world, chance);
    return id !== undefined && changed(world, { type: 'remove', id });
  },
  'server replaced': (world, chance) => {
    const id = expendable(world, chance);
    const host = id === undefined ? undefined : world.host(id);
    if (host === undefined || !world.mayDamage(host) || world.hosts.length >= MAX_HOSTS) {
      return false;
    }
    world.crash(host);
    host.state = 'gone';
    changed(world, { type: 'remove', id: host.id });
    world.events.after(chance.wait(1000), () => added(world));
    return undefined;
  },
};

export const FAULT_NAMES: readonly string[] = Object.keys(FAULTS);

/** Faults come until `stop`, which ends those that are under way. */
export class Nemesis {
  readonly #world: World;
  readonly #dice: Dice;
  readonly #kinds: readonly string[];
  readonly #pace: number;
  readonly #ends = new Set<() => void>();
  #isRunning = true;

  constructor(world: World, kinds: readonly string[], pace: number) {
    this.#world = world;
    this.#dice = world.dice.fork('faults');
    this.#kinds = kinds;
    this.#pace = pace;
    if (kinds.length > 0) this.#later();
  }

  stop(): void {
    this.#isRunning = false;
    for (const end of this.#ends) end();
    this.#ends.clear();
  }

  #later(): void {
    this.#world.events.after(this.#dice.wait(this.#pace), () => {
      if (!this.#isRunning) return;
      this.#strike();
      this.#later();
    });
  }

  #strike(): void {
    const kind = this.#dice.pick(this.#kinds);
    const end = FAULTS[kind]?.(this.#world, this.#dice);
    if (end === false) return;
    this.#world.counts.add(kind);
    this.#world.note('*', kind);
    if (end === undefined) return;
    this.#ends.add(end);
    this.#world.events.after(this.#dice.wait(this.#pace * 2), () => {
      if (this.#ends.delete(end)) end();
    });
  }
}

function any(world: World, chance: Dice): Host | undefined {
  const { running } = world;
  return running.length === 0 ? undefined : chance.pick(running);
}

/** Disks of leaders are worth more trouble. */
function pickDisk(world: World, chance: Dice): Host | undefined {
  return chance.chance(0.5) ? (world.leader ?? any(world, chance)) : any(world, chance);
}

function crashed(world: World, chance: Dice, host: Host | undefined): undefined | false {
  if (host === undefined) return false;
  world.crash(host);
  // Who comes back soon finds what it has forgotten still under way.
  const pause = chance.chance(0.5) ? chance.wait(60) : chance.wait(1000);
  world.events.after(pause, () => world.start(host));
  return undefined;
}

function paused(world: World, chance: Dice, host: Host | undefined): (() => void) | false {
  if (host?.process === undefined || host.process.isPaused) return false;
  // Short pauses are the tricky ones.
  const millis = chance.chance(0.5) ? chance.wait(100) : chance.wait(2000);
  return world.pause(host, millis, chance.chance(0.5) ? (all) => all : chance.shuffled);
}

function ailing(
  host: Host | undefined,
  what: 'isHung' | 'isFull' | 'isBroken',
): (() => void) | false {
  if (host === undefined || host.disk.ailments[what]) return false;
  const { ailments } = host.disk;
  ailments[what] = true;
  return () => (ailments[what] = false);
}

/** Ends with a crash. */
function lying(world: World, chance: Dice, host: Host): () => void {
  const { ailments } = host.disk;
  ailments.isLying = true;
  return () => {
    ailments.isLying = false;
    crashed(world, chance, host);
  };
}

/** A voter that the cluster can do without, while nothing is damaged. */
function expendable(world: World, chance: Dice): NodeId | undefined {
  const id = chance.pick(['', ...votersOf(world.configuration)]) as NodeId;
  return isExpendable(world, id) ? id : undefined;
}

function isExpendable(world: World, id: NodeId): boolean {
  const voters = votersOf(world.configuration);
  const isAnyDamaged = voters.some((one) => one !== id && world.isDamaged(one));
  return voters.includes(id) && voters.length >= 3 && !isAnyDamaged;
}

/** Who has lost what it had helps nobody to a majority, and its leader may not have noticed yet. */
function isPromotable(world: World, { id, suffrage }: Member): boolean {
  return suffrage !== 'voter' && !world.isDamaged(id);
}

function added(world: World): undefined | false {
  const id = `n${world.hosts.length + 1}` as NodeId;
  const host = world.addHost(id);
  world.start(host);
  return changed(world, { type: 'add', server: { id, address: id, suffrage: 'staging' } });
}

function changeAt(host: Host, change: MembershipChange): void {
  host.process?.run(() => host.life?.server?.change(change, () => undefined));
}

function changed(world: World, change: MembershipChange): undefined | false {
  const { leader } = world;
  if (leader === undefined) return false;
  leader.process?.run(() => {
    // It may have been paused for a while.
    const isLess = change.type === 'demote' || change.type === 'remove';
    if (isLess && !isExpendable(world, change.id)) return;
    if (change.type === 'promote' && world.isDamaged(change.id)) return;
    leader.life?.server?.change(change, (isDone) => {
      if (isDone) world.counts.add(`change committed: ${change.type}`);
    });
  });
  return undefined;
}
