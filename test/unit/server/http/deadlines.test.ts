// The time that a request may take: told when it is up, however many run, and not before.
import test from 'ava';
import { millis } from '#sdk/clock.ts';
import { Deadlines } from '#server/http/deadlines.ts';
import { TimerClock } from '#test/helpers/timer-clock.ts';

const LIMIT = millis(90_000);
const tooLate = (): Error => new Error('too late');
const forever = new Promise<never>(() => {});

test('what ends in time is what it was', async (t) => {
  const clock = new TimerClock();
  const deadlines = new Deadlines(clock, LIMIT);
  t.is(await deadlines.hold(clock.now(), Promise.resolve('done'), tooLate), 'done');
  const failure = new Error('failed');
  const held = deadlines.hold(clock.now(), Promise.reject(failure), tooLate);
  t.is(await t.throwsAsync(held), failure);
});

test('what does not end is told when its time is up, each by its own', async (t) => {
  const clock = new TimerClock();
  const deadlines = new Deadlines(clock, LIMIT);
  const told: string[] = [];
  const hold = (name: string): Promise<unknown> =>
    deadlines.hold(clock.now(), forever, tooLate).catch(() => told.push(name));
  const first = hold('first');
  clock.advance(60_000);
  const second = hold('second');
  clock.advance(29_999);
  t.deepEqual(told, []);
  clock.advance(1);
  await first;
  t.deepEqual(told, ['first']);
  clock.advance(60_000);
  await second;
  t.deepEqual(told, ['first', 'second']);
});

test('a later request has its time although none was waiting before', async (t) => {
  const clock = new TimerClock();
  const deadlines = new Deadlines(clock, LIMIT);
  await deadlines.hold(clock.now(), Promise.resolve(1), tooLate);
  clock.advance(200_000);
  const late = deadlines.hold(clock.now(), forever, tooLate);
  clock.advance(90_000);
  await t.throwsAsync(late, { message: 'too late' });
});
