// Who may lead, and who must not get in the way.
import type { NodeId, Term } from '#raft/types.ts';
import { ELECTION, type Scenario, type Stage } from './stage.ts';

const later = (term: Term, by: number): Term => (term + by) as Term;

/** Has an isolated server stand for election, as if the others had agreed that it may. */
function stand(stage: Stage, name: string, supporter: string): void {
  const term = stage.term(name);
  const [from, to] = [supporter as NodeId, name as NodeId];
  for (let wait = 0; wait < 40 && stage.term(name) === term; wait++) {
    stage.run(100);
    const asked = later(stage.term(name), 1);
    stage.deliver({ type: 'pre-vote-reply', from, to, term: asked, isGranted: true });
  }
  stage.expect(`${name} stands`, stage.term(name) === term + 1);
}

/** n1 is down, n3 has lost what it had, and n2 had never heard of it. */
function expectNoLeader(stage: Stage): void {
  stage.start('n3');
  stage.world.network.calm();
  stage.run(10_000);
  stage.expect('nobody leads', stage.world.leader === undefined);
}

export const ELECTION_SCENARIOS: readonly Scenario[] = [
  {
    name: 'a server that is started again may have heard a leader just before',
    servers: 3,
    play: (stage) => {
      // n3 hears nothing and asks n2 again and again; n2 hears n1, so n1 has its lease.
      stage.cut(['n1'], ['n3']);
      stage.part(['n3'], ['n1']);
      for (let round = 0; round < 40; round++) {
        stage.run(130);
        stage.restart('n2');
      }
      stage.expect('n1 leads on', stage.leads('n1'));
    },
  },
  {
    name: 'a server that was cut off does not raise the term when it comes back',
    servers: 3,
    play: (stage) => {
      const before = stage.term('n1');
      const heal = stage.isolate('n3');
      stage.run(10_000);
      heal();
      stage.run(2000);
      stage.expect('n1 leads on in its term', stage.leads('n1') && stage.term('n1') === before);
    },
  },
  {
    name: 'two halves that one server connects do not take leadership from each other',
    servers: 5,
    play: (stage) => {
      const before = stage.term('n1');
      stage.part(['n1', 'n2'], ['n4', 'n5']);
      stage.run(20_000);
      stage.expect('the term grows less than once in ten seconds', stage.term('n3') <= before + 2);
    },
  },
  {
    name: 'a server that was removed unheard does not disturb',
    servers: 4,
    play: (stage) => {
      const before = stage.term('n1');
      const heal = stage.isolate('n4');
      const removal = stage.change('n1', { type: 'remove', id: 'n4' as NodeId });
      stage.until('n4 is removed', () => removal.isDone === true);
      stage.run(3000);
      heal();
      stage.run(5000);
      stage.expect('n1 leads on in its term', stage.leads('n1') && stage.term('n1') === before);
    },
  },
  {
    name: 'a vote of an earlier candidacy does not count',
    servers: 3,
    play: (stage) => {
      stage.isolate('n2');
      stand(stage, 'n2', 'n3');
      const [from, to] = ['n3' as NodeId, 'n2' as NodeId];
      const term = later(stage.term('n2'), -1);
      stage.deliver({ type: 'vote-reply', from, to, term, isGranted: true });
      stage.expect('n2 does not lead', stage.node('n2').life?.server?.view.isLeader === false);
    },
  },
  {
    name: 'a vote of a server that was demoted does not count',
    servers: 3,
    play: (stage) => {
      const demotion = stage.change('n1', { type: 'demote', id: 'n3' as NodeId });
      stage.until('n3 has no vote', () => demotion.isDone === true);
      stage.run(500);
      stage.isolate('n2');
      stand(stage, 'n2', 'n1');
      const [from, to] = ['n3' as NodeId, 'n2' as NodeId];
      stage.deliver({ type: 'vote-reply', from, to, term: stage.term('n2'), isGranted: true });
      stage.run(100);
      stage.expect('n2 does not lead', stage.node('n2').life?.server?.view.isLeader === false);
    },
  },
  {
    name: 'a server that lost its log gives nobody a majority',
    servers: 3,
    play: (stage) => {
      stage.isolate('n2');
      stage.fill('n1', 5); // on n1 and n3
      stage.crash('n1', 'n3');
      stage.rot('n3');
      expectNoLeader(stage);
    },
  },
  {
    name: 'a server that comes back under its name with an empty disk gives nobody a majority',
    servers: 3,
    play: (stage) => {
      stage.isolate('n2');
      stage.fill('n1', 5);
      stage.crash('n1', 'n3');
      stage.replaceDisk('n3');
      expectNoLeader(stage);
    },
  },
  {
    name: 'a server that lost its log and has an old state does not lead',
    servers: 3,
    play: (stage) => {
      stage.fill('n1', 5);
      stage.isolate('n2');
      stage.fill('n1', 30);
      stage.node('n3').life?.server?.compact();
      stage.run(100);
      stage.fill('n1', 30);
      stage.crash('n1', 'n3');
      stage.rot('n3');
      expectNoLeader(stage);
    },
  },
  {
    name: 'an old leader does not end the recovery of a server that has forgotten the new one',
    servers: 3,
    play: (stage) => {
      const heal = stage.isolate('n1');
      const resume = stage.world.pause(stage.node('n1'), 60_000, (all) => all);
      const leader = stage.untilAnotherLeads('n1');
      const other = leader === 'n2' ? 'n3' : 'n2';
      stage.fill(leader, 5);
      stage.crash(other);
      stage.replaceDisk(other);
      heal();
      stage.isolate(leader);
      stage.start(other);
      resume();
      stage.write('n1', 'f1/a', 'old');
      stage.run(5000);
    },
  },
  {
    name: 'a leader that hears nobody steps down, though others hear it',
    servers: 3,
    play: (stage) => {
      stage.cut(['n2', 'n3'], ['n1']);
      stage.run(4 * ELECTION);
      stage.expect('n1 does not lead', !stage.leads('n1'));
    },
  },
  {
    name: 'a leader whose disk hangs steps down, and another one leads',
    servers: 3,
    play: (stage) => {
      stage.node('n1').disk.ailments.isHung = true;
      stage.write('n1', 'f1/a', '1');
      stage.run(4 * ELECTION);
      stage.expect('n1 does not lead', !stage.leads('n1'));
      stage.untilAnotherLeads('n1', 2000);
    },
  },
  {
    name: 'a leader whose disk is full steps down, another one leads, and it comes back',
    servers: 3,
    play: (stage) => {
      const { ailments } = stage.node('n1').disk;
      ailments.isFull = true;
      stage.write('n1', 'f1/a', '1');
      stage.run(ELECTION / 2);
      stage.expect('n1 does not lead', !stage.leads('n1'));
      stage.untilAnotherLeads('n1', 2000);
      ailments.isFull = false;
      stage.run(2000);
      stage.lead('n1');
    },
  },
  {
    name: 'terms and votes of absurd size are nobody’s',
    servers: 3,
    play: (stage) => {
      const before = stage.term('n1');
      const [from, to] = ['n2' as NodeId, 'n1' as NodeId];
      for (const term of [2 ** 53, Number.NaN, Infinity] as Term[]) {
        stage.deliver({ type: 'vote-reply', from, to, term, isGranted: true });
        stage.deliver({
          type: 'vote',
          from,
          to,
          term,
          lastIndex: 0 as never,
          lastTerm: term,
          isTransfer: true,
        });
      }
      stage.run(2000);
      stage.expect('n1 leads on in its term', stage.leads('n1') && stage.term('n1') === before);
    },
  },
];
