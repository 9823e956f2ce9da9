import test from 'ava';
import { Loop } from '#raft/driver/loop.ts';
import { InvariantError } from '#raft/invariant.ts';
import { newState } from '#raft/state.ts';
import type { Configuration, Index, NodeId, Outcome, Settings, Term } from '#raft/types.ts';
import { ManualTimer } from '#test/helpers/manual-timer.ts';
import { settle } from '#test/helpers/medium.ts';

const ID = 'a' as NodeId;
const SETTINGS: Settings = {
  id: ID,
  electionTicks: 8,
  heartbeatTicks: 2,
  maxAppendBytes: 1024,
  maxInflightAppends: 4,
  maxInflightBytes: 4096,
  maxUncommittedBytes: 4096,
  seed: 1,
};
const ALONE: Configuration = [{ id: ID, address: 'a:1', suffrage: 'voter' }];

/** A sole voter, whose disk is done with a write when the test says so. */
function start() {
  const timer = new ManualTimer();
  const done: string[] = [];
  const writes: PromiseWithResolvers<void>[] = [];
  const state = newState(SETTINGS, {
    hardState: {
      term: 1 as Term,
      votedFor: undefined,
      commit: 1 as Index,
      isRecovering: false,
    },
    start: {
      index: 1 as Index,
      term: 1 as Term,
      configuration: ALONE,
      configurationIndex: 1 as Index,
    },
    entries: [],
    applied: 1 as Index,
  });
  const world = { onTell: () => {} };
  const loop = new Loop({
    state,
    timer,
    hands: {
      persist: (group) => {
        const entries = group.flatMap((persist) => persist.entries);
        done.push(`persist ${entries.map(({ index }) => index).join(' ')}`.trim());
        writes.push(Promise.withResolvers<void>());
        return writes.at(-1)?.promise ?? Promise.resolve();
      },
      install: () => Promise.resolve(),
      send: () => undefined,
      apply: (entries) => {
        done.push(`apply ${entries.map(({ index }) => index).join(' ')}`);
        const through = entries.at(-1)?.index;
        if (through !== undefined) loop.input({ type: 'applied', through });
      },
      tell: ({ type }) => {
        if (type === 'lead') done.push(type);
        world.onTell();
      },
      settled: () => undefined,
      failed: (error) => done.push(String(error)),
    },
  });
  /** Lets what is due happen, and the disk be done with what it was given. */
  const run = async (): Promise<void> => {
    for (let turn = 0; turn < 6; turn++) {
      timer.advance(0);
      writes.shift()?.resolve();
      await settle();
    }
  };
  return { loop, timer, done, writes, world, run };
}

const propose = (loop: Loop, heard: Outcome[] = []): Outcome[] => {
  loop.askNow(
    (ticket) => ({ type: 'propose', ticket, data: Buffer.from('x') }),
    (outcome) => heard.push(outcome),
  );
  return heard;
};

test('entries that are proposed in one turn are written together, and applied once they are durable', async (t) => {
  const { loop, timer, done, writes, run } = start();
  loop.input({ type: 'flush' });
  await run();
  t.true(done.includes('lead'));
  done.splice(0);
  const outcomes = [propose(loop), propose(loop), propose(loop)].flat();
  t.deepEqual(
    outcomes.map((outcome) => outcome.type === 'appended' && outcome.index),
    [3, 4, 5] as never,
  );
  t.deepEqual(done, []);
  timer.advance(0);
  t.deepEqual(done, ['persist 3 4 5']);
  t.is(writes.length, 1);
  await run();
  t.deepEqual(done, ['persist 3 4 5', 'apply 3 4 5']);
});

test('what comes while the disk is at work is stepped, and written next', async (t) => {
  const { loop, timer, done, writes, run } = start();
  loop.input({ type: 'flush' });
  await run();
  done.splice(0);
  propose(loop);
  timer.advance(0);
  t.deepEqual(propose(loop)[0]?.type, 'appended');
  propose(loop);
  timer.advance(0);
  t.deepEqual(done, ['persist 3']);
  writes.shift()?.resolve();
  await settle();
  timer.advance(0);
  t.deepEqual(done, ['persist 3', 'apply 3', 'persist 4 5']);
});

test('whoever waits when it ends is told, and whoever asks afterwards', async (t) => {
  const { loop, run, done } = start();
  loop.input({ type: 'flush' });
  await run();
  const heard = propose(loop);
  loop.end();
  loop.end();
  t.deepEqual(
    heard.map(({ type }) => type),
    ['appended', 'lost'],
  );
  t.deepEqual(propose(loop)[0], {
    type: 'refused',
    reason: 'not the leader',
    leader: undefined,
  });
  const asked: Outcome[] = [];
  loop.ask(
    (ticket) => ({ type: 'read', ticket }),
    (outcome) => asked.push(outcome),
  );
  t.is(asked[0]?.type, 'refused');
  done.splice(0);
  loop.input({ type: 'tick' });
  await run();
  t.deepEqual(done, []);
});

test('whoever asks from within a step is a mistake that ends the node', async (t) => {
  const { loop, run, done, world } = start();
  let caught: unknown;
  world.onTell = () => {
    try {
      propose(loop);
    } catch (error) {
      caught = error;
      throw error;
    }
  };
  loop.input({ type: 'flush' });
  await run();
  t.true(caught instanceof InvariantError);
  t.true(done.at(-1)?.startsWith('InvariantError'));
  t.is(propose(loop)[0]?.type, 'refused');
});

test('a disk that fails ends it', async (t) => {
  const { loop, timer, done, writes, run } = start();
  loop.input({ type: 'flush' });
  timer.advance(0);
  writes.shift()?.reject(new Error('EIO'));
  await run();
  t.is(done.at(-1), 'Error: EIO');
});
