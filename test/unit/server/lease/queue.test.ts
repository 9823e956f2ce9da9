import test from 'ava';
import { millis } from '#sdk/clock.ts';
import { LeaseQueue, TICK_MS } from '#server/lease/queue.ts';
import { seededRandom, type Random } from '#test/helpers/random.ts';

const SECOND = 1000;
const YEAR = 365 * 24 * 3600 * SECOND;
const START = 1_700_000_000_000;

const at = (offset: number) => millis(START + offset);

test('what was scheduled is due at its time and not before', (t) => {
  for (const delay of [1, TICK_MS, 999, 64 * TICK_MS, 3600 * SECOND, YEAR, 290 * YEAR]) {
    const queue = new LeaseQueue(at(0));
    queue.schedule('a', at(delay));
    t.deepEqual(queue.advance(at(delay - 1)), [], `before ${delay}`);
    t.deepEqual(queue.advance(at(delay + TICK_MS)), ['a'], `after ${delay}`);
    t.is(queue.size, 0);
  }
});

test('what lies in the past is due at once', (t) => {
  const queue = new LeaseQueue(at(0));
  queue.schedule('a', at(-YEAR));
  queue.schedule('b', millis(0));
  t.deepEqual(queue.advance(at(0)), ['a', 'b']);
});

test('a later word about the same thing counts', (t) => {
  const queue = new LeaseQueue(at(0));
  queue.schedule('a', at(10 * SECOND));
  queue.schedule('a', at(30 * SECOND));
  t.deepEqual(queue.advance(at(20 * SECOND)), []);
  queue.schedule('a', at(25 * SECOND));
  t.deepEqual(queue.advance(at(26 * SECOND)), ['a']);
});

test('what was cancelled is never due', (t) => {
  const queue = new LeaseQueue(at(0));
  queue.schedule('a', at(SECOND));
  queue.cancel('a');
  queue.cancel('never there');
  t.is(queue.next(), undefined);
  t.deepEqual(queue.advance(at(YEAR)), []);
});

test('the earliest is due first', (t) => {
  const queue = new LeaseQueue(at(0));
  for (const seconds of [500, 2, 70, 3600, 7, 0]) {
    queue.schedule(String(seconds), at(seconds * SECOND));
  }
  t.deepEqual(queue.advance(at(YEAR)), ['0', '2', '7', '70', '500', '3600']);
});

test('next() is no later than what is due next, and advancing to it gets nearer', (t) => {
  const queue = new LeaseQueue(at(0));
  queue.schedule('a', at(YEAR));
  let steps = 0;
  for (let next = queue.next(); next !== undefined; next = queue.next()) {
    t.true(next <= at(YEAR + TICK_MS));
    const due = queue.advance(next);
    steps++;
    if (due.length > 0) t.true(next >= at(YEAR));
  }
  t.true(steps <= 6, `${steps} steps`);
});

test('time that goes back changes nothing', (t) => {
  const queue = new LeaseQueue(at(0));
  queue.schedule('a', at(SECOND));
  t.deepEqual(queue.advance(at(-YEAR)), []);
  t.deepEqual(queue.advance(at(SECOND + TICK_MS)), ['a']);
});

interface Model {
  readonly queue: LeaseQueue;
  readonly dueByKey: Map<string, number>;
  now: number;
}

/** Does one random thing to both. @returns what is wrong then */
function step(model: Model, { below }: Random): string | undefined {
  const { queue, dueByKey } = model;
  const key = `k${below(60)}`;
  const choice = below(10);
  if (choice < 5) {
    const due = model.now + below(10 ** (1 + below(11)));
    queue.schedule(key, millis(due));
    dueByKey.set(key, due);
  } else if (choice < 6) {
    queue.cancel(key);
    dueByKey.delete(key);
  } else {
    model.now += below(10 ** (1 + below(10)));
    return compare(model, new Set(queue.advance(millis(model.now))));
  }
  return queue.size === dueByKey.size ? undefined : `${queue.size} wait, not ${dueByKey.size}`;
}

function compare({ dueByKey, now }: Model, due: Set<string>): string | undefined {
  for (const [key, when] of dueByKey) {
    if (due.has(key) && when > now) return `${key} is early`;
    if (!due.has(key) && when <= now - TICK_MS) return `${key} is late`;
    if (due.delete(key)) dueByKey.delete(key);
  }
  return due.size === 0 ? undefined : `${[...due].join()} was not waiting`;
}

test('it does what a plain list would do', (t) => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = seededRandom(seed);
    const model = { queue: new LeaseQueue(at(0)), dueByKey: new Map<string, number>(), now: START };
    for (let count = 0; count < 400; count++) {
      t.is(step(model, random), undefined, `seed ${seed}, step ${count}`);
    }
  }
});
