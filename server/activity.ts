// Whether an unsealed node is the active one: always, where it stands alone; as long as it leads, where there may be others.
import { millis, type Clock, type Millis } from '#sdk/clock.ts';
import { isLostLeadership, type ClusterStorage, type Role } from '#storage/cluster-storage.ts';
import { advertise, type Advertisement } from './advertisement.ts';
import { Announcer } from './announcer.ts';
import { takeUpDuties } from './duties.ts';
import { Leadership } from './leadership.ts';
import type { Link } from './link.ts';
import { makeEchoer } from './raft/echo-to-leader.ts';
import type { Log } from './log.ts';
import type { Unsealed } from './unsealed.ts';

export interface Activity {
  /** Since when the node is active; `undefined` while it is a standby. */
  readonly activeSince: Millis | undefined;
  /** What ties it to other nodes. */
  readonly link: Link | undefined;
  /** Has another node lead, if there is one that can. This one does not want to lead again for a while. */
  handOver(): Promise<void>;
  /** Hands over what there is to hand over, and ends the duties. */
  close(): Promise<void>;
}

export async function standAlone(services: Unsealed): Promise<Activity> {
  const duties = await takeUpDuties(services, undefined);
  return {
    activeSince: services.clock.now(),
    link: undefined,
    handOver: () => Promise.resolve(),
    close: async () => duties[Symbol.asyncDispose](),
  };
}

export interface PartOptions {
  readonly services: Unsealed;
  readonly cluster: ClusterStorage;
  readonly openLink: () => Promise<Link>;
  /** Where this node is found. */
  readonly own: Advertisement;
  /** Called when the node has become active or a standby. */
  readonly whenChanged: () => void;
  /** Called when the storage has ended the node's part, and nobody here asked for that. */
  readonly whenEnded: (role: Role & { readonly type: 'stopped' | 'removed' }) => void;
}

/** Whoever gave the last share finds the node active, or knowing who is, if that is to be had at once. */
const PLACED_WITHIN = millis(3_000);
/** Longer than any node needs that takes over at all. */
const HAND_OVER_WITHIN = millis(1_500);
/** Vault's own time: whoever steps down for the sake of maintenance has some time for it. */
const DECLINES_FOR_MS = 10_000;

/** Takes part in the cluster from now on. */
export async function takePart(options: PartOptions): Promise<Activity> {
  const { services, cluster, own, whenChanged, whenEnded } = options;
  const { clock, log } = services;
  await using stack = new AsyncDisposableStack();
  const link = stack.adopt(await options.openLink(), (opened) => opened.close());
  let declinesUntil = 0;
  const leadership = new Leadership({
    clock,
    log,
    takeUp: async () => {
      const declines = clock.now() < declinesUntil;
      declinesUntil = 0; // once: where everybody has stepped down, somebody has to do it
      if (declines) await decline(cluster, log);
      return takeUpDuties(services, makeAnnouncer(options));
    },
    stepDown: () => cluster.transfer(),
    whenChanged,
  });
  stack.adopt(leadership, (one) => one.close());
  let isEnding = false;
  const placed = Promise.withResolvers<void>();
  const follow = (role: Role): void => {
    leadership.follow(role);
    whenChanged();
    if (role.type === 'leader') void leadership.settled.then(placed.resolve);
    if (role.type === 'follower') placed.resolve();
    if (!isEnding && (role.type === 'stopped' || role.type === 'removed')) whenEnded(role);
  };
  stack.adopt(cluster.onRole(follow), (stopFollowing) => stopFollowing());
  stack.defer(async () => {
    isEnding = true;
    if (leadership.activeSince !== undefined) await saveCount(services);
    await cluster.stop();
  });
  await cluster.start(link);
  stack.adopt(makeEchoer({ services, cluster, link, own }), (echoer) => echoer.stop()).start();
  follow(cluster.status().role);
  await within(clock, PLACED_WITHIN, placed.promise);
  const built = stack.move();
  return {
    get activeSince() {
      return leadership.activeSince;
    },
    link,
    handOver: async () => {
      if (leadership.activeSince === undefined || cluster.peers().length === 0) return;
      declinesUntil = clock.now() + DECLINES_FOR_MS;
      // What is in the log before leadership is transferred goes with it; the new leader commits it.
      void saveCount(services);
      await within(clock, HAND_OVER_WITHIN, decline(cluster, log));
    },
    close: () => built.disposeAsync(),
  };
}

function makeAnnouncer({ services, cluster, own }: PartOptions): Announcer {
  const { clock, log, barrier } = services;
  return new Announcer({
    clock,
    log,
    announce: () => advertise(barrier, own),
    stepDown: () => decline(cluster, log),
  });
}

/** The count of encryptions survives the seal, while this node can still write it. */
async function saveCount({ barrier, log }: Unsealed): Promise<void> {
  try {
    await barrier.saveEncryptions();
  } catch (error) {
    // It is in the log of whoever leads now.
    if (isLostLeadership(error)) return;
    log.warn('the count of encryptions could not be kept', { error: String(error) });
  }
}

/** Has somebody else lead; where nobody can, this node goes on. */
async function decline(cluster: ClusterStorage, log: Log): Promise<void> {
  try {
    await cluster.transfer();
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'not an error';
    log.warn('no other node takes over the leadership', { reason });
  }
}

async function within(clock: Clock, limit: Millis, settled: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const cancel = clock.after(limit, late.resolve);
  await Promise.race([settled, late.promise]);
  cancel();
}
