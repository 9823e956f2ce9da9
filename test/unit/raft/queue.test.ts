import test from 'ava';
import { drain, newQueue, peek, size, take } from '#raft/queue.ts';

test('what came first goes first, however much there is', (t) => {
  const queue = newQueue<number>();
  const taken: number[] = [];
  for (let round = 0; round < 300; round += 1) {
    queue.items.push(round * 2, round * 2 + 1);
    taken.push(take(queue) ?? -1);
  }
  t.is(size(queue), 300);
  t.is(peek(queue), 300);
  while (size(queue) > 0) taken.push(take(queue) ?? -1);
  t.deepEqual(
    taken,
    Array.from({ length: 600 }, (_, place) => place),
  );
});

test('what was taken is not kept', (t) => {
  const queue = newQueue<number>();
  for (let item = 0; item < 1000; item += 1) queue.items.push(item);
  for (let item = 0; item < 900; item += 1) take(queue);
  t.true(queue.items.length <= 2 * 100 + 64);
});

test('an empty queue gives nothing', (t) => {
  const queue = newQueue<number>();
  t.deepEqual([take(queue), peek(queue), size(queue)], [undefined, undefined, 0]);
});

test('draining takes what is left', (t) => {
  const queue = newQueue<number>();
  queue.items.push(1, 2, 3);
  take(queue);
  t.deepEqual([drain(queue), size(queue), take(queue)], [[2, 3], 0, undefined]);
});
