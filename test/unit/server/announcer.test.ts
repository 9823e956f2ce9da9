// An active node says where it is found until it has said so, or until it is active no longer.
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { Announcer } from '#server/announcer.ts';
import { NotLeaderError } from '#storage/cluster-storage.ts';
import { TimerClock } from '#test/helpers/timer-clock.ts';

const RETRY_MS = 1_000;

const line = (): void => {};

function begin(...failures: Error[]) {
  const clock = new TimerClock();
  const events: string[] = [];
  const announcer = new Announcer({
    clock,
    log: { trace: line, debug: line, info: line, warn: line, error: line },
    announce: () => {
      const failure = failures.shift();
      events.push(failure === undefined ? 'said' : 'failed');
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    },
    stepDown: () => {
      events.push('steps down');
      return Promise.resolve();
    },
  });
  announcer.start();
  return { clock, events, announcer };
}

test('what was said once is not said again', async (t) => {
  const { clock, events, announcer } = begin();
  await setImmediate();
  clock.advance(10 * RETRY_MS);
  await announcer.stop();
  t.deepEqual(events, ['said']);
});

test('who cannot say it lets another node lead, and tries again while there is none', async (t) => {
  const { clock, events } = begin(new Error('the disk is full'));
  await setImmediate();
  clock.advance(RETRY_MS - 1);
  await setImmediate();
  t.deepEqual(events, ['failed', 'steps down']);
  clock.advance(1);
  await setImmediate();
  t.deepEqual(events, ['failed', 'steps down', 'said']);
});

test('who seems to have lost leadership does not hand it on, and tries again', async (t) => {
  const { clock, events } = begin(new NotLeaderError(undefined));
  await setImmediate();
  clock.advance(RETRY_MS);
  await setImmediate();
  t.deepEqual(events, ['failed', 'said']);
});

test('nothing is said after the end', async (t) => {
  const { clock, events, announcer } = begin(new NotLeaderError(undefined));
  await setImmediate();
  await announcer.stop();
  clock.advance(RETRY_MS);
  await setImmediate();
  t.deepEqual(events, ['failed']);
});
