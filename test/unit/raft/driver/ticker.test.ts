import test from 'ava';
import { Ticker } from '#raft/driver/ticker.ts';
import { ManualTimer } from '#test/helpers/manual-timer.ts';

test('it ticks once per length, from when it is started until it is stopped', (t) => {
  const timer = new ManualTimer();
  let ticks = 0;
  const ticker = new Ticker(timer, 50, () => (ticks += 1));
  timer.advance(100);
  t.is(ticks, 0);
  ticker.start();
  ticker.start();
  timer.advance(149);
  t.is(ticks, 2);
  ticker.stop();
  timer.advance(100);
  t.is(ticks, 2);
});

test('a process that was paused ticks once, and a whole length passes before the next', (t) => {
  const timer = new ManualTimer();
  let ticks = 0;
  const ticker = new Ticker(timer, 50, () => (ticks += 1));
  ticker.start();
  timer.pause(10_000);
  timer.advance(49);
  t.is(ticks, 1);
  timer.advance(1);
  t.is(ticks, 2);
});
