// Becoming active and a standby again, in every order in which a cluster can ask for it.
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import type { NodeId, Term } from '#raft/types.ts';
import { Leadership } from '#server/leadership.ts';
import type { Role } from '#storage/cluster-storage.ts';
import { TimerClock } from '#test/helpers/timer-clock.ts';

const leader = (term: number): Role => ({ type: 'leader', term: term as Term });
const follower = (term: number): Role => ({
  type: 'follower',
  term: term as Term,
  leader: 'another' as NodeId,
});

/** Longer than any pause between attempts. */
const PAUSE_MS = 10_000;

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await setImmediate();
}

function begin() {
  const clock = new TimerClock();
  const events: string[] = [];
  const logged: string[] = [];
  const line = (message: string): void => void logged.push(message);
  const log = { trace: line, debug: line, info: line, warn: line, error: line };
  /** What taking up waits for, and how it ends. */
  const gates: PromiseWithResolvers<void>[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  let running = 0;
  const control = { isGated: false, areEndsGated: false, failures: 0, stepDown: () => {} };
  const leadership = new Leadership({
    clock,
    log,
    takeUp: async () => {
      events.push('begins');
      if (control.isGated) {
        const gate = Promise.withResolvers<void>();
        gates.push(gate);
        await gate.promise;
      }
      if (control.failures > 0) {
        control.failures -= 1;
        events.push('fails');
        throw new Error('the disk is full');
      }
      running += 1;
      events.push(running === 1 ? 'runs' : 'RUNS TWICE');
      return {
        [Symbol.asyncDispose]: async () => {
          if (control.areEndsGated) {
            const gate = Promise.withResolvers<void>();
            ends.push(gate);
            await gate.promise;
          }
          running -= 1;
          events.push('ended');
        },
      };
    },
    stepDown: () => {
      events.push('steps down');
      control.stepDown();
      return Promise.resolve();
    },
    whenChanged: () => events.push(leadership.activeSince === undefined ? 'standby' : 'active'),
  });
  return { clock, events, logged, gates, ends, control, leadership };
}

test('a leader takes up the duties and is active once it has them', async (t) => {
  const { leadership, events, clock } = begin();
  leadership.follow(leader(1));
  t.is(leadership.activeSince, undefined);
  await settle();
  t.is(leadership.activeSince, clock.now());
  t.deepEqual(events, ['begins', 'runs', 'active']);
});

test('a follower takes up nothing', async (t) => {
  const { leadership, events } = begin();
  leadership.follow(follower(1));
  await settle();
  t.deepEqual(events, []);
});

test('who leads no longer is a standby at once, before the duties have ended', async (t) => {
  const { leadership, events, control, ends } = begin();
  control.areEndsGated = true;
  leadership.follow(leader(1));
  await settle();
  leadership.follow(follower(2));
  t.is(leadership.activeSince, undefined);
  await settle();
  t.deepEqual(events, ['begins', 'runs', 'active', 'standby']);
  ends[0]?.resolve();
  await settle();
  t.is(events.at(-1), 'ended');
});

test('leadership that is lost while duties are taken up ends them whole, and the node was never active', async (t) => {
  const { leadership, events, control, gates } = begin();
  control.isGated = true;
  leadership.follow(leader(1));
  await settle();
  leadership.follow(follower(2));
  gates[0]?.resolve();
  await settle();
  t.deepEqual(events, ['begins', 'runs', 'ended']);
  t.is(leadership.activeSince, undefined);
});

test('duties that fail because leadership was lost are no reason to step down', async (t) => {
  const { leadership, events, control, gates, logged } = begin();
  control.isGated = true;
  control.failures = 1;
  leadership.follow(leader(1));
  await settle();
  leadership.follow(follower(2));
  gates[0]?.resolve();
  await settle();
  t.deepEqual(events, ['begins', 'fails']);
  t.deepEqual(logged, []);
});

test('several quick changes are taken one after another, and only the last counts', async (t) => {
  const { leadership, events, control, ends } = begin();
  control.areEndsGated = true;
  leadership.follow(leader(1));
  await settle();
  leadership.follow(follower(2));
  leadership.follow(leader(3));
  leadership.follow(follower(4));
  leadership.follow(leader(5));
  await settle();
  t.is(leadership.activeSince, undefined, 'the duties of the first term still end');
  ends[0]?.resolve();
  await settle();
  t.deepEqual(events, ['begins', 'runs', 'active', 'standby', 'ended', 'begins', 'runs', 'active']);
});

test('duties of another term are begun anew', async (t) => {
  const { leadership, events } = begin();
  leadership.follow(leader(1));
  await settle();
  leadership.follow(leader(2));
  await settle();
  t.deepEqual(events.slice(3), ['standby', 'ended', 'begins', 'runs', 'active']);
});

test('a node that cannot become active steps down, and does not try as a follower', async (t) => {
  const { leadership, events, control, clock } = begin();
  control.failures = 1;
  control.stepDown = () => leadership.follow(follower(2));
  leadership.follow(leader(1));
  await settle();
  clock.advance(PAUSE_MS);
  await settle();
  t.deepEqual(events, ['begins', 'fails', 'steps down']);
});

test('a node that cannot become active and that nobody relieves tries again, later and later', async (t) => {
  const { leadership, events, control, clock } = begin();
  control.failures = 3;
  leadership.follow(leader(1));
  for (const pause of [250, 500, 1000]) {
    await settle();
    clock.advance(pause - 1);
    await settle();
    t.is(events.at(-1), 'steps down', `not before ${pause} ms`);
    clock.advance(1);
    await settle();
  }
  t.is(events.at(-1), 'active');
  t.is(events.filter((event) => event === 'fails').length, 3);
});

test('a new term ends the pause between two attempts', async (t) => {
  const { leadership, events, control } = begin();
  control.failures = 1;
  leadership.follow(leader(1));
  await settle();
  leadership.follow(follower(2));
  leadership.follow(leader(3));
  await settle();
  t.is(events.at(-1), 'active');
});

test('close() ends what is held, whatever the role is', async (t) => {
  const { leadership, events, clock } = begin();
  leadership.follow(leader(1));
  await settle();
  await leadership.close();
  t.is(events.at(-1), 'ended');
  t.is(clock.pending, 0);
});
