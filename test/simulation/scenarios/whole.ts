// Scenarios of whole nodes: what the driver, the log on the disk and the storage have to keep.
import type { NodeId } from '#raft/types.ts';
import type { Transaction } from '../light-machine.ts';
import type { Reply } from '../server.ts';
import { LOG_SCENARIOS } from './logs.ts';
import { leaveUncommitted, READ_SCENARIOS } from './reads.ts';
import { ELECTION, type Scenario, type Stage } from './stage.ts';

const ALL = ['n1', 'n2', 'n3'];

function transact(stage: Stage, name: string, transaction: Transaction): { reply?: Reply } {
  const asked: { reply?: Reply } = {};
  const host = stage.node(name);
  host.process?.run(() =>
    host.life?.server?.ask({ type: 'transaction', transaction }, (reply) => (asked.reply = reply)),
  );
  return asked;
}

function leaderOf(stage: Stage): string {
  stage.until('somebody leads', () => stage.world.leader !== undefined);
  return stage.world.leader?.id ?? '';
}

const PLAYS: readonly Omit<Scenario, 'isWhole'>[] = [
  {
    name: 'what was acknowledged is there after the power was gone everywhere',
    servers: 3,
    play: (stage) => {
      for (let round = 0; round < 25; round++) {
        const name = leaderOf(stage);
        for (let at = 0; at < 4; at++) stage.write(name, `f1/${at}`, `${round}`);
        // Now and then enough for a segment of the log that was made in this life.
        const more = round % 5 === 4 ? 150 : 0;
        for (let at = 0; at < more; at++) stage.mustWrite(name, 'f1/c', `${round}.${at}`);
        const { reply } = stage.write(name, 'f1/a', `${round}`);
        stage.run(round % 5);
        const last = stage.mustWrite(name, 'f1/b', `${round}`).reply ?? reply;
        stage.crash(...ALL);
        stage.start(...ALL);
        const asked = stage.read(leaderOf(stage), 'f1/b');
        stage.until('a read is answered', () => asked.reply !== undefined);
        if (last?.type === 'done') stage.expectNoStale(asked, `${round}`);
      }
    },
  },
  {
    name: 'a follower that falls far behind is filled while everything goes on',
    servers: 3,
    play: (stage) => {
      for (let round = 0; round < 4; round++) {
        const heal = stage.isolate('n3');
        const name = leaderOf(stage);
        for (let at = 0; at < 300; at++) {
          stage.mustWrite(name, `f${at % 4}/${at % 7}`, `${round}.${at}`);
        }
        heal();
        for (let at = 0; at < 60; at++) {
          stage.mustWrite(leaderOf(stage), `f${at % 4}/${at % 7}`, `x${at}`);
        }
        stage.until(
          'n3 has all',
          () => stage.applied('n3') >= stage.commit(leaderOf(stage)),
          30_000,
        );
        stage.crash('n2');
        stage.start('n2');
      }
    },
  },
  {
    name: 'of two transactions that saw the same, one takes place',
    servers: 3,
    play: (stage) => {
      stage.mustWrite('n1', 'f1/a', 'old');
      const both = ['x', 'y'].map((value) =>
        transact(stage, 'n1', { reads: [['f1/a', 'old']], writes: [['f1/a', value]] }),
      );
      stage.run(1000);
      const done = both.filter(({ reply }) => reply?.type === 'done');
      stage.expect('one is done', done.length === 1);
    },
  },
  {
    name: 'a follower does not answer with less than it was told to wait for',
    servers: 3,
    play: (stage) => {
      stage.mustWrite('n1', 'f1/a', 'old');
      stage.node('n3').disk.ailments.slowness = 300;
      stage.mustWrite('n1', 'f1/a', 'new');
      const asked = stage.read('n3', 'f1/a');
      stage.run(3000);
      stage.expectNoStale(asked, 'new');
      stage.node('n3').disk.ailments.slowness = 1;
    },
  },
  {
    name: 'a leader that is still applying answers no less than its followers',
    servers: 3,
    play: (stage) => {
      for (let round = 0; round < 30; round++) {
        // What lies outside of the barrier is made durable while others wait.
        stage.mustWrite('n1', 'core/keyring', `old ${round}`);
        stage.write('n1', 'core/seal-config', `${round}`);
        const late = stage.write('n1', 'core/keyring', `new ${round}`);
        const asked: ReturnType<Stage['read']>[] = [];
        stage.until(
          'a follower has it',
          () => {
            asked.push(stage.read('n2', 'core/keyring'));
            const isNew = asked.some(
              ({ reply }) => reply?.type === 'read' && reply.value === `new ${round}`,
            );
            if (!isNew) return late.reply !== undefined;
            stage.expectNoStale(stage.read('n1', 'core/keyring'), `new ${round}`);
            return true;
          },
          3000,
        );
        stage.run(50);
      }
    },
  },
  {
    name: 'a read that comes after a question asks one of its own',
    servers: 3,
    play: (stage) => {
      stage.mustWrite('n1', 'f1/a', 'old');
      stage.run(50);
      // What n1 says to n2 is late, and the answer to the first question with it.
      stage.world.network.clog(['n1' as NodeId, 'n2' as NodeId], ELECTION / 2);
      stage.read('n2', 'f1/a');
      stage.run(5);
      stage.mustWrite('n1', 'f1/a', 'new');
      const asked = stage.read('n2', 'f1/a');
      stage.run(3000);
      stage.expect('the read is answered', asked.reply?.type === 'read');
      stage.expectNoStale(asked, 'new');
    },
  },
  {
    name: 'a new leader that is heard before its disk has written anything answers nobody yet',
    servers: 3,
    play: (stage) => {
      leaveUncommitted(stage);
      const others = ['n2', 'n3'];
      const slow = (slowness: number): void => {
        for (const name of others) stage.node(name).disk.ailments.slowness = slowness;
      };
      stage.world.trapLeader(() => slow(1000));
      stage.world.network.calm();
      const reads: ReturnType<Stage['read']>[] = [];
      for (let at = 0; at < 200; at++) {
        stage.run(10);
        const leading = others.find((name) => stage.node(name).life?.server?.view.isLeader);
        if (leading !== undefined) reads.push(stage.read(leading, 'f1/a'));
      }
      slow(1);
      stage.run(3000);
      stage.expect('somebody was asked', reads.length > 0);
      for (const read of reads) stage.expectNoStale(read, 'new');
    },
  },
  {
    name: 'a server that votes remembers it over a restart',
    servers: 3,
    play: (stage) => {
      for (let round = 0; round < 12; round++) {
        stage.world.trap('vote-reply', (host) => {
          stage.world.crash(host);
          stage.world.events.after(5, () => stage.world.start(host));
        });
        stage.crash(leaderOf(stage));
        stage.run(3000);
        stage.start(...ALL);
        stage.run(500);
      }
    },
  },
  {
    name: 'leadership goes from one to the next without a write that is lost',
    servers: 3,
    play: (stage) => {
      for (let round = 0; round < 10; round++) {
        const name = leaderOf(stage);
        const next = ALL[(ALL.indexOf(name) + 1) % 3] ?? 'n1';
        const asked = stage.write(name, 'f1/a', `${round}`);
        stage.node(name).life?.server?.transfer(next as NodeId);
        stage.run(1000);
        const type = asked.reply?.type;
        stage.expect('the write is done or refused', type === 'done' || type === 'failed');
      }
    },
  },
];

/** Those that need no message made by hand are played on whole nodes as well. */
const SHARED: ReadonlySet<string> = new Set([
  'a leader that was paused does not answer with what was true before',
  'a leader that was cut off does not answer with what was true before',
  'a lease ends when another server is told to stand',
  'a read is confirmed by a round that began after it',
  'a new leader answers no read before it knows what is committed',
  'whoever waits for a leader that has fallen hears of it',
]);

export const WHOLE_SCENARIOS: readonly Scenario[] = [
  ...PLAYS,
  ...[...LOG_SCENARIOS, ...READ_SCENARIOS]
    .filter(({ name }) => SHARED.has(name))
    .map((scenario) => ({
      ...scenario,
      name: `${scenario.name}, as a whole`,
    })),
].map((scenario) => ({ ...scenario, isWhole: true }));
