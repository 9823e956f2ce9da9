// One seed: a world in which things go wrong for a while, and which must then come to rest.
import type { NodeId } from '#raft/types.ts';
import { Clients } from './clients.ts';
import { dice, type Dice } from './dice.ts';
import { FAULT_NAMES, Nemesis } from './faults.ts';
import { Trace } from './trace.ts';
import { voter, World, type Host, type Kit, type Timing } from './world.ts';

export interface Run {
  readonly seed: number;
  readonly kit: Kit;
  /** How long things go wrong, in virtual seconds. */
  readonly seconds: number;
  readonly isTraced: boolean;
}

export interface Report {
  readonly seed: number;
  /** What does not hold, if anything. */
  readonly failure: string | undefined;
  readonly virtualSeconds: number;
  readonly events: number;
  readonly counts: Readonly<Record<string, number>>;
  /** Only of a run that is traced. */
  readonly hash: string | undefined;
  readonly trace: readonly string[];
}

/** After the last fault the nodes must agree within this time. */
const REST_SECONDS = 60;

/** And nobody waits longer than this for an answer. */
const ANSWER_MILLIS = 5000;

export function simulate({ seed, kit, seconds, isTraced }: Run): Report {
  const trace = isTraced ? new Trace() : undefined;
  const chance = dice(seed).fork('plan');
  const world = new World({ seed, kit, trace, timing: drawTiming(chance) });
  let failure: string | undefined;
  try {
    live(world, chance, seconds);
  } catch (error) {
    failure =
      error instanceof Error ? `${error.name}: ${error.message}\n${placeOf(error)}` : 'unknown';
    world.note('*', 'fails', failure);
  }
  world.counts.add('terms with a leader', world.invariants.terms);
  return {
    seed,
    failure,
    virtualSeconds: world.events.now / 1000,
    events: world.events.happened,
    counts: world.counts.toJSON(),
    hash: trace?.hash,
    trace: trace?.lines ?? [],
  };
}

function live(world: World, chance: Dice, seconds: number): void {
  setUp(world, chance);
  const clients = new Clients(world, {
    count: 2 + chance.below(6),
    pause: chance.between(50, 400),
    quiet: chance.chance(0.5) ? chance.between(1000, 5000) : 0,
    folders: 1 + chance.below(3),
    namesPerFolder: 1 + chance.below(3),
    restores: chance.chance(0.3) ? 0.01 : 0,
  });
  world.run(chance.between(0, 3000));
  if (chance.chance(0.7)) {
    world.network.change({
      loss: chance.chance(0.5) ? chance.between(0, 0.3) : 0,
      repetition: chance.chance(0.5) ? chance.between(0, 0.3) : 0,
      delay: chance.between(0.1, 5),
      jitter: chance.between(0.1, 20),
      lateness: chance.chance(0.5) ? chance.between(0, 0.05) : 0,
    });
  }
  const kinds = FAULT_NAMES.filter(() => chance.chance(0.5));
  const nemesis = new Nemesis(world, kinds, chance.between(200, 4000));
  world.run(seconds * 1000);
  nemesis.stop();
  world.untrap();
  comeToRest(world, clients);
  const wrong = clients.check();
  if (wrong !== undefined) world.fail(wrong);
}

function setUp(world: World, chance: Dice): void {
  const size = chance.pick([1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 7]);
  const ids = Array.from({ length: size }, (_, at) => `n${at + 1}` as NodeId);
  const hosts = ids.map((id) => world.addHost(id));
  const isPrepared = chance.chance(0.7);
  if (isPrepared) for (const { disk } of hosts) disk.prepare(ids.map(voter));
  for (const host of hosts) world.start(host);
  if (isPrepared) return;
  const [first, ...rest] = hosts;
  if (first !== undefined) begin(world, first);
  for (const host of rest) join(world, host);
}

/** Makes a node the first of a cluster, as soon as it is there to be asked. */
function begin(world: World, host: Host): void {
  if ((host.life?.server?.view.configuration.length ?? 0) > 0) return;
  host.process?.run(() => host.life?.server?.bootstrap());
  world.events.after(1000, () => begin(world, host));
}

/** Tries to get a node into the cluster, until it is a voter. */
function join(world: World, host: Host): void {
  const { id } = host;
  const { leader } = world;
  const member = leader?.life?.server?.view.configuration.find((server) => server.id === id);
  if (member?.suffrage === 'voter') return;
  if (world.events.now > 5000) return;
  leader?.process?.run(() =>
    leader.life?.server?.change(
      member === undefined
        ? { type: 'add', server: { ...voter(id), suffrage: 'staging' } }
        : { type: 'promote', id },
      () => undefined,
    ),
  );
  world.events.after(100, () => join(world, host));
}

/** All faults end. The cluster must find a leader, commit something new, and all its servers must have it. */
function comeToRest(world: World, clients: Clients): void {
  world.note('*', 'rest');
  world.network.calm();
  for (const host of world.hosts) heal(world, host);
  const healedAt = world.events.now;
  const before = world.invariants.commit;
  const isQuiet = world.run(healedAt + REST_SECONDS * 1000, () => {
    if (world.events.now < healedAt + 1000) return false;
    return world.invariants.commit > before && isAtRest(world);
  });
  clients.stop();
  if (!isQuiet) world.fail(`not at rest ${REST_SECONDS} s after the last fault: ${stateOf(world)}`);
  world.counts.add('milliseconds to rest', Math.round(world.events.now - healedAt));
  checkAnswers(world);
  world.checkAll();
}

/** Whoever asked has been answered, or told that no answer will come. */
function checkAnswers(world: World): void {
  world.run(world.events.now + ANSWER_MILLIS);
  for (const { id, life } of world.hosts) {
    const waiting = life?.server?.waiting ?? 0;
    if (waiting > 0) world.fail(`${id} leaves ${waiting} without an answer`);
  }
}

function heal(world: World, host: Host): void {
  const { ailments } = host.disk;
  ailments.isBroken = ailments.isFull = ailments.isHung = ailments.isLying = false;
  ailments.slowness = 1;
  if (host.process?.isPaused === true) {
    host.unhinderedSince = world.events.now;
    host.process.resume((all) => all);
  }
  world.start(host);
}

/** Every server of the cluster that can be there has applied nearly all, and there is one configuration. */
function isAtRest(world: World): boolean {
  const leader = world.leader?.life?.server;
  if (leader === undefined) return false;
  const { configuration, configurationIndex, commit, term } = leader.view;
  if (configurationIndex > commit) return false;
  return configuration.every(({ id }) => {
    const host = world.host(id);
    const server = host.life?.server;
    if (server === undefined) return host.state === 'gone';
    return server.view.term === term && server.view.applied + 50 >= commit;
  });
}

function stateOf(world: World): string {
  return world.hosts
    .map(({ id, state, life }) => {
      const view = life?.server?.view;
      if (view === undefined) return `${id} ${state}`;
      const { term, last, commit, applied, isLeader } = view;
      return `${id} ${isLeader ? 'leads' : 'is in'} ${term} has ${last} committed ${commit} applied ${applied}`;
    })
    .join('; ');
}

function drawTiming(chance: Dice): Timing {
  return {
    tickMs: 50,
    electionTicks: 8,
    heartbeatTicks: 2,
    maxAppendBytes: chance.pick([200, 1000, 16_384]),
    maxInflightAppends: chance.pick([1, 4, 64]),
  };
}

/** Where an error was thrown, without what is above the simulation. */
function placeOf(error: Error): string {
  const lines = (error.stack ?? '').split('\n').filter((line) => line.includes(' at '));
  return lines
    .slice(0, 8)
    .map((line) => line.replace(/\(?file:\/\/.*\/(?=(raft|storage|test|sdk|server)\/)/, '('))
    .join('\n');
}
