// Changes of the cluster, and snapshots for those who come late.
import type { Index, MembershipChange, NodeId, Round, Term } from '#raft/types.ts';
import { LightDisk } from '../light-disk.ts';
import type { Image } from '../light-machine.ts';
import { ELECTION, type Scenario, type Stage } from './stage.ts';

function addServer(stage: Stage, name: string, slowness = 1): void {
  const id = name as NodeId;
  stage.world.addHost(id).disk.ailments.slowness = slowness;
  stage.start(name);
  const server = { id, address: id, suffrage: 'staging' } as const;
  const addition = stage.change('n1', { type: 'add', server });
  stage.until(`${name} is a member`, () => addition.isDone === true);
}

/** At once: one that is begun and never comes to its end is told to have failed, too. */
function expectRefused(stage: Stage, name: string, change: MembershipChange, millis = 0): void {
  const asked = stage.change(name, change);
  stage.run(millis);
  stage.expect('the change is refused', asked.isDone === false);
}

function range(from: number, to: number): readonly Index[] {
  return Array.from({ length: to - from + 1 }, (_, at) => (from + at) as Index);
}

function imageOf(stage: Stage, name: string): Image {
  const { disk } = stage.node(name);
  if (!(disk instanceof LightDisk)) throw new Error('only on the core');
  return disk.contents.image;
}

export const MEMBER_SCENARIOS: readonly Scenario[] = [
  {
    name: 'a new leader changes no servers before it has committed in its term',
    servers: 4,
    play: (stage) => {
      let [leader, other, last] = ['', '', ''];
      stage.world.trapLeader(({ id }) => {
        [leader, other = '', last = ''] = [id, ...['n2', 'n3', 'n4'].filter((one) => one !== id)];
        stage.crash(last);
      });
      stage.crash('n1');
      // Half of the servers have its entry, which is no majority, and it would be one without the fourth.
      stage.until(
        'one has its entry',
        () => last !== '' && stage.last(other) === stage.last(leader),
      );
      stage.run(5);
      expectRefused(stage, leader, { type: 'demote', id: last as NodeId });
    },
  },
  {
    name: 'servers are changed one after the other',
    servers: 5,
    play: (stage) => {
      stage.part(['n1'], ['n2', 'n3', 'n4', 'n5']);
      stage.change('n1', { type: 'demote', id: 'n2' as NodeId });
      expectRefused(stage, 'n1', { type: 'demote', id: 'n3' as NodeId });
    },
  },
  {
    name: 'a change is in force from when it is appended',
    servers: 4,
    play: (stage) => {
      stage.crash('n3', 'n4');
      const removal = stage.change('n1', { type: 'remove', id: 'n4' as NodeId });
      stage.until('n1 and n2 decide it', () => removal.isDone === true, ELECTION * 5);
    },
  },
  {
    name: 'a change that is truncated is in force no more',
    servers: 3,
    play: (stage) => {
      const heal = stage.isolate('n1');
      stage.change('n1', { type: 'demote', id: 'n3' as NodeId });
      stage.run(100);
      stage.until('another leads', () => stage.leads('n2') || stage.leads('n3'));
      heal();
      stage.run(2000);
      stage.world.checkAll();
    },
  },
  {
    name: 'a server that has nothing is not promoted',
    servers: 3,
    play: (stage) => {
      addServer(stage, 'n4', 1000);
      expectRefused(stage, 'n1', { type: 'promote', id: 'n4' as NodeId });
      stage.node('n4').disk.ailments.slowness = 1;
    },
  },
  {
    name: 'the last voter stays',
    servers: 1,
    play: (stage) => {
      expectRefused(stage, 'n1', { type: 'demote', id: 'n1' as NodeId });
    },
  },
  {
    name: 'a voter stays while those left could not decide that it goes',
    servers: 3,
    play: (stage) => {
      stage.crash('n3');
      stage.run(ELECTION * 2);
      expectRefused(stage, 'n1', { type: 'remove', id: 'n2' as NodeId });
    },
  },
  {
    name: 'a snapshot that comes late does not set the state back',
    servers: 3,
    play: (stage) => {
      stage.fill('n1', 40);
      for (const name of ['n1', 'n2']) stage.node(name).life?.server?.compact();
      stage.run(100);
      const image = imageOf(stage, 'n1');
      stage.fill('n1', 40);
      stage.node('n2').life?.server?.compact();
      stage.run(100);
      const applied = stage.applied('n2');
      const host = stage.node('n2');
      const packet = { type: 'snapshot', term: stage.term('n1'), image };
      host.process?.run(() => host.life?.receive('n1' as NodeId, packet));
      stage.run(500);
      stage.expect('n2 has all that it had', stage.applied('n2') >= applied);
    },
  },
  {
    name: 'entries that come while a snapshot is installed are not taken',
    servers: 3,
    play: (stage) => {
      const heal = stage.isolate('n3');
      stage.fill('n1', 40);
      stage.node('n1').life?.server?.compact();
      stage.run(100);
      stage.fill('n1', 5);
      stage.node('n3').disk.ailments.slowness = 500;
      heal();
      stage.run(300);
      const [has, lacks] = [stage.view('n2'), stage.view('n3')];
      const missing = range(lacks.last + 1, has.last).flatMap((at) => has.entryAt(at) ?? []);
      stage.expect('n3 lacks more than a few', missing.length > 40);
      stage.deliver({
        type: 'append',
        from: 'n1' as NodeId,
        to: 'n3' as NodeId,
        term: has.term,
        previousIndex: lacks.last,
        previousTerm: lacks.termAt(lacks.last) ?? (0 as Term),
        entries: missing,
        commit: has.commit,
        round: 1 as Round,
      });
      stage.run(3000);
    },
  },
  {
    name: 'a snapshot brings the servers as they were then',
    servers: 3,
    play: (stage) => {
      const heal = stage.isolate('n3');
      addServer(stage, 'n4');
      stage.fill('n1', 60);
      stage.node('n1').life?.server?.compact();
      stage.run(100);
      heal();
      stage.until('n3 has all', () => stage.applied('n3') >= stage.commit('n1'));
      stage.world.checkAll();
    },
  },
  {
    name: 'two snapshots follow on each other, with entries in between',
    servers: 3,
    play: (stage) => {
      const heal = stage.isolate('n3');
      stage.fill('n1', 60);
      stage.node('n1').life?.server?.compact();
      stage.run(100);
      stage.node('n3').disk.ailments.slowness = 500;
      heal();
      stage.run(300);
      stage.fill('n1', 60);
      stage.node('n1').life?.server?.compact();
      stage.run(100);
      stage.node('n3').disk.ailments.slowness = 1;
      stage.until('n3 has all', () => stage.applied('n3') >= stage.commit('n1'), 20_000);
    },
  },
];
