// A world in which nothing happens by chance: a scenario says what goes wrong, when, and what must follow.
import { votersOf } from '#raft/quorum.ts';
import type { Index, MembershipChange, Message, NodeId, Term } from '#raft/types.ts';
import { coreKit } from '../core-kit.ts';
import type { NodeView } from '../invariants.ts';
import type { Value } from '../keys-model.ts';
import { wholeKit } from '../whole-kit.ts';
import type { Reply } from '../server.ts';
import { Trace } from '../trace.ts';
import { voter, World, type Host } from '../world.ts';

export interface Scenario {
  readonly name: string;
  /** How many servers the cluster has; the first leads. */
  readonly servers: number;
  /** Runs on whole nodes; otherwise on the core. */
  readonly isWhole?: true;
  readonly play: (stage: Stage) => void;
}

/** The shortest election time-out. */
export const ELECTION = 400;

const TIMING = {
  tickMs: 50,
  electionTicks: 8,
  heartbeatTicks: 2,
  maxAppendBytes: 16_384,
  maxInflightAppends: 64,
};

const COMPACTION = { trailingLogs: 5, snapshotThreshold: 20, snapshotInterval: 1e9 };

/** @returns what does not hold, and what happened before */
export function playScenario(scenario: Scenario): readonly [string | undefined, readonly string[]] {
  const trace = new Trace();
  const kit = scenario.isWhole === true ? wholeKit : coreKit;
  const world = new World({ seed: 1, kit, timing: TIMING, trace, compaction: COMPACTION });
  try {
    const stage = new Stage(world, scenario.servers);
    scenario.play(stage);
    stage.comeToRest();
    return [undefined, trace.lines];
  } catch (error) {
    return [error instanceof Error ? error.message : 'unknown', trace.lines];
  }
}

export class Stage {
  readonly world: World;

  constructor(world: World, servers: number) {
    this.world = world;
    const ids = Array.from({ length: servers }, (_, at) => `n${at + 1}` as NodeId);
    const hosts = ids.map((id) => world.addHost(id));
    for (const { disk } of hosts) disk.prepare(ids.map(voter));
    for (const host of hosts) world.start(host);
    this.lead('n1');
  }

  /** A server by its name, `n1` being the first. */
  node(name: string): Host {
    return this.world.host(name as NodeId);
  }

  run(millis: number): void {
    this.world.run(this.world.events.now + millis);
  }

  /** Runs until something is so. */
  until(what: string, condition: () => boolean, millis = 10_000): void {
    if (this.world.run(this.world.events.now + millis, condition)) return;
    this.world.fail(`it never happened that ${what}`);
  }

  expect(what: string, isSo: boolean): void {
    if (!isSo) this.world.fail(`it is not so that ${what}`);
  }

  leads(name: string): boolean {
    return this.node(name).life?.server?.isServing === true;
  }

  /** Has a server lead, by asking whoever does. */
  lead(name: string): void {
    this.until('somebody leads', () => this.world.leader !== undefined);
    for (let attempt = 0; attempt < 20 && !this.leads(name); attempt++) {
      this.world.leader?.life?.server?.transfer(name as NodeId);
      this.run(ELECTION);
    }
    this.until(`${name} leads`, () => this.leads(name));
    this.run(ELECTION);
  }

  /** A server that runs, as it is now. */
  view(name: string): NodeView {
    const view = this.node(name).life?.server?.view;
    return view ?? this.world.fail(`${name} does not run`);
  }

  /** Runs until somebody leads that did not, and says who. */
  untilAnotherLeads(than: string, millis = 10_000): string {
    const other = (): Host | undefined =>
      this.world.running.find(({ id }) => id !== than && this.leads(id));
    this.until('another leads', () => other() !== undefined, millis);
    return other()?.id ?? '';
  }

  /** What lies on the disk of a server that is down is damaged. */
  rot(name: string): void {
    this.world.rot(this.node(name));
  }

  /** A server that is down gets another disk, and an empty one. */
  replaceDisk(name: string): void {
    const { id, disk } = this.node(name);
    this.rot(name);
    disk.wipe();
    this.world.invariants.forgotten(id);
  }

  term(name: string): Term {
    return this.node(name).life?.server?.view.term ?? (0 as Term);
  }

  last(name: string): Index {
    return this.node(name).life?.server?.view.last ?? (0 as Index);
  }

  commit(name: string): Index {
    return this.node(name).life?.server?.view.commit ?? (0 as Index);
  }

  /** Cuts all paths between servers of two groups. */
  part(one: readonly string[], other: readonly string[]): () => void {
    const heals = [this.cut(one, other), this.cut(other, one)];
    return () => heals.forEach((heal) => heal());
  }

  /** What one group says to another does not arrive. */
  cut(from: readonly string[], to: readonly string[]): () => void {
    return this.world.network.cut(
      from.flatMap((a) => to.map((b) => [a as NodeId, b as NodeId] as const)),
    );
  }

  isolate(name: string): () => void {
    const others = this.world.hosts.map(({ id }) => id).filter((id) => id !== name);
    return this.part([name], others);
  }

  crash(...names: readonly string[]): void {
    for (const name of names) this.world.crash(this.node(name));
  }

  start(...names: readonly string[]): void {
    for (const name of names) this.world.start(this.node(name));
  }

  restart(name: string): void {
    this.crash(name);
    this.start(name);
  }

  /** The answer is filled in when it comes. */
  write(name: string, key: string, value: Value): { reply: Reply | undefined } {
    return this.#ask(name, { reads: [], writes: [[key, value]] });
  }

  /** As many writes, one after the other. */
  fill(name: string, count: number): void {
    for (let at = 0; at < count; at++) {
      const { reply } = this.mustWrite(name, 'f1/fill', String(at));
      this.expect('a write is done', reply?.type === 'done');
    }
  }

  mustWrite(name: string, key: string, value: Value): { reply: Reply | undefined } {
    const asked = this.write(name, key, value);
    this.until(`${name} writes ${key}`, () => asked.reply !== undefined);
    return asked;
  }

  read(name: string, key: string): { reply: Reply | undefined } {
    const asked: { reply: Reply | undefined } = { reply: undefined };
    const host = this.node(name);
    host.process?.run(() =>
      host.life?.server?.ask({ type: 'read', key }, (reply) => (asked.reply = reply)),
    );
    return asked;
  }

  /** A read that is answered gives `value`; it may also fail. */
  expectNoStale(asked: { reply: Reply | undefined }, value: Value): void {
    const { reply } = asked;
    this.expect(`no read misses ${value}`, reply?.type !== 'read' || reply.value === value);
  }

  change(name: string, change: MembershipChange): { isDone: boolean | undefined } {
    const asked: { isDone: boolean | undefined } = { isDone: undefined };
    const host = this.node(name);
    host.process?.run(() => host.life?.server?.change(change, (isDone) => (asked.isDone = isDone)));
    return asked;
  }

  /** Gives a message to a server as if it had come over the network. Only on the core. */
  deliver(message: Message): void {
    const host = this.node(message.to);
    host.process?.run(() => host.life?.receive(message.from, { type: 'message', message }));
    this.run(0);
  }

  comeToRest(): void {
    const { world } = this;
    world.network.calm();
    for (const host of world.hosts) {
      const { ailments } = host.disk;
      ailments.isBroken = ailments.isFull = ailments.isHung = ailments.isLying = false;
      if (host.process?.isPaused === true) host.process.resume((all) => all);
      world.start(host);
    }
    const before = world.invariants.commit;
    this.until(
      'all agree again',
      () => {
        const leader = world.leader?.life?.server?.view;
        if (leader === undefined) return false;
        if (leader.commit <= before) {
          const { leader: host } = world;
          if (host !== undefined && world.events.happened % 50 === 0) {
            this.write(host.id, 'f9/rest', 'x');
          }
          return false;
        }
        return votersOf(leader.configuration).every((id) => this.applied(id) >= before);
      },
      60_000,
    );
    world.checkAll();
  }

  applied(name: string): Index {
    return this.node(name).life?.server?.view.applied ?? (0 as Index);
  }

  #ask(
    name: string,
    transaction: { readonly reads: []; readonly writes: [string, Value][] },
  ): { reply: Reply | undefined } {
    const asked: { reply: Reply | undefined } = { reply: undefined };
    const host = this.node(name);
    host.process?.run(() =>
      host.life?.server?.ask(
        { type: 'transaction', transaction },
        (reply) => (asked.reply = reply),
      ),
    );
    return asked;
  }
}
