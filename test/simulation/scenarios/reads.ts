// Reads that must not be stale, and leases that must not outlive what they rest on.
import type { Index, NodeId, Round, Term } from '#raft/types.ts';
import { ELECTION, type Scenario, type Stage } from './stage.ts';

/** n2 has an entry and does not hear that it is committed; n1, which led, is down, and n3 has nothing of it. */
export function leaveUncommitted(stage: Stage): void {
  stage.mustWrite('n1', 'f1/a', 'old');
  stage.cut(['n1'], ['n3']);
  stage.world.trap('append-reply', () => stage.crash('n1'));
  stage.write('n1', 'f1/a', 'new');
  stage.until('n1 is down', () => stage.node('n1').state === 'down');
}

export const READ_SCENARIOS: readonly Scenario[] = [
  {
    name: 'a leader that was paused does not answer with what was true before',
    servers: 3,
    play: (stage) => {
      stage.mustWrite('n1', 'f1/a', 'old');
      const host = stage.node('n1');
      const resume = stage.world.pause(host, 60_000, (all) => all);
      const asked = stage.read('n1', 'f1/a'); // waits in the process
      stage.mustWrite(stage.untilAnotherLeads('n1'), 'f1/a', 'new');
      const late = stage.read('n1', 'f1/a');
      resume();
      stage.run(3000);
      stage.expectNoStale(late, 'new');
      stage.expectNoStale(asked, 'new');
    },
  },
  {
    name: 'a leader that was cut off does not answer with what was true before',
    servers: 3,
    play: (stage) => {
      stage.mustWrite('n1', 'f1/a', 'old');
      stage.isolate('n1');
      stage.mustWrite(stage.untilAnotherLeads('n1'), 'f1/a', 'new');
      const asked = stage.read('n1', 'f1/a');
      stage.run(3000);
      stage.expectNoStale(asked, 'new');
    },
  },
  {
    name: 'a lease ends when another server is told to stand',
    servers: 3,
    play: (stage) => {
      stage.mustWrite('n1', 'f1/a', 'old');
      stage.node('n1').life?.server?.transfer('n2' as NodeId);
      // What n1 would hear of its successor does not arrive.
      stage.run(1);
      stage.cut(['n2', 'n3'], ['n1']);
      stage.until('n2 leads', () => stage.leads('n2'), 2000);
      stage.mustWrite('n2', 'f1/a', 'new');
      const asked = stage.read('n1', 'f1/a');
      stage.run(2000);
      stage.expectNoStale(asked, 'new');
    },
  },
  {
    name: 'a lease ends when a leader steps down in favour of another',
    servers: 3,
    play: (stage) => {
      stage.mustWrite('n1', 'f1/a', 'old');
      stage.node('n1').disk.ailments.isFull = true;
      stage.write('n1', 'f1/b', '1');
      stage.run(3000);
    },
  },
  {
    name: 'a leader without a vote counts on no lease',
    servers: 3,
    play: (stage) => {
      stage.change('n1', { type: 'demote', id: 'n1' as NodeId });
      stage.run(2000);
    },
  },
  {
    name: 'an answer to a round of an earlier term confirms no round of this one',
    servers: 3,
    play: (stage) => {
      const old = stage.term('n1');
      const last = stage.last('n1');
      stage.lead('n2');
      stage.lead('n1');
      // A heartbeat of long ago, with a number that this term has not reached.
      stage.deliver({
        type: 'append',
        from: 'n1' as NodeId,
        to: 'n2' as NodeId,
        term: old,
        previousIndex: last,
        previousTerm: old,
        entries: [],
        commit: 1 as Index,
        round: 1_000_000 as Round,
      });
      stage.run(200);
      stage.isolate('n1');
      stage.untilAnotherLeads('n1');
      stage.run(ELECTION);
    },
  },
  {
    name: 'a read is confirmed by a round that began after it',
    servers: 3,
    play: (stage) => {
      stage.mustWrite('n1', 'f1/a', 'old');
      // Answers take longer than a lease, and others may have elected a leader since they were sent.
      stage.world.network.change({ loss: 0, repetition: 0, delay: 170, jitter: 0.1, lateness: 0 });
      stage.run(1000);
      stage.cut(['n1'], ['n2', 'n3']);
      const asked = { late: stage.read('n1', 'f1/a') };
      stage.run(3 * ELECTION);
      const before = asked.late.reply?.type;
      stage.expect('no round answers a read that it was too early for', before !== 'read');
    },
  },
  {
    name: 'a new leader answers no read before it knows what is committed',
    servers: 3,
    play: (stage) => {
      leaveUncommitted(stage);
      const reads: ReturnType<typeof stage.read>[] = [];
      stage.world.trapLeader((host) => {
        reads.push(stage.read(host.id, 'f1/a'));
      });
      stage.world.network.calm();
      stage.run(3000);
      for (const read of reads) stage.expectNoStale(read, 'new');
    },
  },
  {
    name: 'a term that is not this one is no reason to believe in a lease',
    servers: 3,
    play: (stage) => {
      const term = (stage.term('n1') + 1) as Term;
      stage.deliver({
        type: 'pre-vote-reply',
        from: 'n2' as NodeId,
        to: 'n1' as NodeId,
        term,
        isGranted: false,
      });
      stage.run(2000);
    },
  },
];
