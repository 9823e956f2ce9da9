// What servers have, say that they have, and count on.
import type { Index, Message, NodeId, Round, Term } from '#raft/types.ts';
import type { Scenario, Stage } from './stage.ts';

type Append = Extract<Message, { type: 'append' }>;
type AppendReply = Extract<Message, { type: 'append-reply' }>;

/** What the leader once sent: the entries from one index through another. */
function append(
  stage: Stage,
  [from, to]: readonly [string, string],
  first: number,
  last: number,
): Append {
  const view = stage.node(from).life?.server?.view;
  if (view === undefined) throw new Error(`${from} is down`);
  const indexes = Array.from({ length: last - first + 1 }, (_, at) => (first + at) as Index);
  return {
    type: 'append',
    from: from as NodeId,
    to: to as NodeId,
    term: view.term,
    previousIndex: (first - 1) as Index,
    previousTerm: view.termAt((first - 1) as Index) ?? (0 as Term),
    entries: indexes.flatMap((index) => view.entryAt(index) ?? []),
    commit: 1 as Index,
    round: 1 as Round,
  };
}

function accepted(from: string, to: string, term: number, index: number): AppendReply {
  return {
    type: 'append-reply',
    from: from as NodeId,
    to: to as NodeId,
    term: term as Term,
    round: 1 as Round,
    isAccepted: true,
    index: index as Index,
    hintTerm: 0 as Term,
    lastIndex: index as Index,
    needsSnapshot: false,
    isInstalling: false,
    isRecovering: false,
  };
}

export const LOG_SCENARIOS: readonly Scenario[] = [
  {
    name: 'a message that was overtaken cuts nothing',
    servers: 3,
    play: (stage) => {
      stage.fill('n1', 3);
      stage.crash('n3');
      stage.cut(['n2'], ['n1']); // n2 hears, and is not heard
      for (const value of ['1', '2', '3']) stage.write('n1', 'f1/a', value);
      stage.run(100);
      const last = stage.last('n2');
      stage.expect('n2 has what is not committed', last > stage.commit('n2'));
      const first = stage.commit('n1') + 1;
      stage.deliver(append(stage, ['n1', 'n2'], first, first));
      stage.expect('n2 still has all of it', stage.last('n2') === last);
    },
  },
  {
    name: 'a follower acknowledges what the message was about, not its whole log',
    servers: 3,
    play: (stage) => {
      stage.fill('n1', 3);
      stage.lead('n2');
      stage.part(['n2'], ['n1', 'n3']);
      for (const value of ['1', '2', '3', '4']) stage.write('n2', 'f1/a', value); // for nobody
      stage.until('another leads', () => stage.leads('n1') || stage.leads('n3'));
      stage.lead('n1');
      stage.crash('n3');
      for (const value of ['5', '6', '7']) stage.write('n1', 'f1/a', value);
      stage.run(50);
      const commit = stage.commit('n1');
      const old = append(stage, ['n1', 'n2'], 2, 3);
      stage.deliver(old);
      stage.world.network.calm();
      stage.cut(['n1'], ['n2']);
      stage.deliver(old);
      stage.run(300);
      stage.expect('nothing of it is committed', stage.commit('n1') === commit);
    },
  },
  {
    name: 'an answer of an earlier term commits nothing',
    servers: 3,
    play: (stage) => {
      stage.isolate('n1');
      stage.write('n1', 'f1/a', '1');
      stage.run(50);
      const commit = stage.commit('n1');
      stage.deliver(accepted('n2', 'n1', stage.term('n1') - 1, stage.last('n1')));
      stage.expect('n1 commits nothing', stage.commit('n1') === commit);
    },
  },
  {
    name: 'a leader counts for its own entries once its disk has them',
    servers: 3,
    play: (stage) => {
      stage.crash('n3');
      stage.node('n1').disk.ailments.slowness = 1000;
      stage.write('n1', 'f1/a', '1');
      stage.run(80); // n2 has it by now
      stage.node('n1').disk.ailments.slowness = 1;
    },
  },
  {
    name: 'an entry of an older term is committed by one of this term',
    servers: 3,
    play: (stage) => {
      // Only n1 has the entry, which is too large to share a message with the one that follows.
      stage.crash('n2', 'n3');
      stage.write('n1', 'f1/a', 'x'.repeat(40_000));
      stage.until('n1 steps down', () => !stage.leads('n1'));
      stage.start('n2');
      stage.until('n1 leads again', () => stage.leads('n1'));
      stage.run(500);
    },
  },
  {
    name: 'whoever waits for a leader that has fallen hears of it',
    servers: 3,
    play: (stage) => {
      stage.isolate('n1');
      const asked = stage.write('n1', 'f1/a', '1');
      stage.run(2500);
      stage.expect('the write is answered', asked.reply?.type === 'unknown');
    },
  },
  {
    name: 'a write during a transfer is either done or refused',
    servers: 3,
    play: (stage) => {
      const before = stage.write('n1', 'f1/a', '1');
      stage.node('n1').life?.server?.transfer('n2' as NodeId);
      const during = stage.write('n1', 'f1/a', '2');
      stage.run(2000);
      stage.expect('the first is done', before.reply?.type === 'done');
      stage.expect('the second is refused', during.reply?.type === 'failed');
      stage.expect('n2 leads', stage.leads('n2'));
    },
  },
  {
    name: 'entries do not leave before the term that they are of is durable',
    servers: 2,
    play: (stage) => {
      const demotion = stage.change('n1', { type: 'demote', id: 'n2' as NodeId });
      stage.until('n2 has no vote', () => demotion.isDone === true);
      stage.run(500);
      stage.crash('n1');
      stage.node('n1').disk.ailments.isHung = true;
      stage.start('n1');
      stage.run(100);
      stage.write('n1', 'f1/a', '1');
      stage.run(200);
      stage.crash('n1');
      stage.node('n1').disk.ailments.isHung = false;
      stage.start('n1');
      stage.until('n1 leads', () => stage.leads('n1'));
      stage.mustWrite('n1', 'f1/a', '2');
      stage.run(1000);
    },
  },
  {
    name: 'a cluster of one acknowledges nothing before it is durable',
    servers: 1,
    play: (stage) => {
      stage.node('n1').disk.ailments.isHung = true;
      const asked = stage.write('n1', 'f1/a', '1');
      stage.run(300);
      stage.expect('the write is not done', asked.reply?.type !== 'done');
    },
  },
  {
    name: 'a follower whose disk is written slowly does not count for what replaced its write',
    servers: 3,
    play: (stage) => {
      stage.node('n1').disk.ailments.isHung = true;
      stage.write('n1', 'f1/a', '1');
      const heal = stage.isolate('n1');
      stage.until('another leads', () => stage.leads('n2') || stage.leads('n3'));
      const { leader } = stage.world;
      if (leader !== undefined) stage.fill(leader.id, 5);
      heal();
      stage.run(300);
      stage.node('n1').disk.ailments.isHung = false;
      stage.run(300);
    },
  },
];
