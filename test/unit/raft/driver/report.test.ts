import test from 'ava';
import { Report } from '#raft/driver/report.ts';
import type { Term } from '#raft/types.ts';
import { NotingMeter } from '#test/helpers/noting-meter.ts';
import { RaftTimer } from '#test/helpers/raft-timer.ts';

function start() {
  const timer = new RaftTimer();
  const meter = new NotingMeter();
  return { timer, meter, report: new Report(meter, timer) };
}

const term = (value: number): Term => value as Term;

test('a role is told of when it changes, and that it ends', (t) => {
  const { meter, report } = start();
  report.stepped({ role: 'follower', term: term(1) });
  report.stepped({ role: 'follower', term: term(2) });
  report.stepped({ role: 'pre-candidate', term: term(2) });
  report.stepped({ role: 'candidate', term: term(3) });
  report.stepped({ role: 'leader', term: term(3) });
  report.ended({ term: term(3) });
  t.deepEqual(meter.told, [
    'turned follower 1',
    'turned candidate 2',
    'turned leader 3',
    'turned nothing 3',
  ]);
});

test('a round that does not matter any more is not told of', (t) => {
  const { meter, report } = start();
  report.confirmed(undefined, 100);
  report.confirmed(60, 100);
  t.deepEqual(meter.told, ['confirmed 40']);
});

test('what was committed has waited until it is applied, which takes its time', (t) => {
  const { timer, meter, report } = start();
  const committed = timer.now();
  timer.advance(7);
  report.applying(committed);
  timer.advance(2);
  report.applied(3, timer.now());
  t.deepEqual(meter.told, ['applied 3 7 2']);
});

test('work is timed, and done without a meter too', async (t) => {
  const { timer, meter, report } = start();
  const work = () => {
    timer.advance(3);
    return Promise.resolve('done');
  };
  t.is(await report.timed('install', work), 'done');
  t.deepEqual(meter.told, ['install 3']);
  t.is(await new Report(undefined, timer).timed('install', work), 'done');
});
