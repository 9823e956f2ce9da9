import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { REVOCATIONS_AT_ONCE, RevocationPool, takeFrom } from '#server/lease/pool.ts';

/** Work that ends when the test says so. */
function gated() {
  const running = new Map<string, () => void>();
  const begun: string[] = [];
  const pool = new RevocationPool((key) => {
    begun.push(key);
    return new Promise((resolve) => running.set(key, resolve));
  });
  const end = (key: string): void => running.get(key)?.();
  return { pool, begun, end };
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate();
}

test('nothing begins in the turn that adds it', async (t) => {
  const { pool, begun } = gated();
  pool.add('a');
  t.deepEqual(begun, []);
  await turns(1);
  t.deepEqual(begun, ['a']);
});

test('what waits or runs is not begun twice, what has ended can be', async (t) => {
  const { pool, begun, end } = gated();
  pool.add('a');
  pool.add('a');
  await turns(2);
  pool.add('a');
  await turns(2);
  t.deepEqual(begun, ['a']);
  end('a');
  await turns(1);
  pool.add('a');
  await turns(2);
  t.deepEqual(begun, ['a', 'a']);
});

test('so many run at once, and the next begins when one ends', async (t) => {
  const { pool, begun, end } = gated();
  for (let count = 0; count < REVOCATIONS_AT_ONCE + 10; count++) pool.add(String(count));
  await turns(20);
  t.is(begun.length, REVOCATIONS_AT_ONCE);
  end('0');
  await turns(2);
  t.is(begun.length, REVOCATIONS_AT_ONCE + 1);
});

test('a turn begins some of them only, so that others get theirs', async (t) => {
  const { pool, begun } = gated();
  for (let count = 0; count < REVOCATIONS_AT_ONCE; count++) pool.add(String(count));
  await turns(1);
  t.true(begun.length > 0 && begun.length < REVOCATIONS_AT_ONCE, String(begun.length));
});

test('closed, it begins nothing and waits for what runs', async (t) => {
  const { pool, begun, end } = gated();
  pool.add('a');
  await turns(1);
  pool.add('b');
  let closed = false;
  const closing = pool.close().then(() => (closed = true));
  pool.add('c');
  await turns(3);
  t.false(closed);
  end('a');
  await closing;
  t.deepEqual(begun, ['a']);
});

test('a pool without work is done', async (t) => {
  const { pool } = gated();
  await t.notThrowsAsync(pool.done());
  await t.notThrowsAsync(pool.close());
});

test('takeFrom() takes the first, and no more than there are', (t) => {
  const set = new Set(['a', 'b', 'c']);
  t.deepEqual(takeFrom(set, 2), ['a', 'b']);
  t.deepEqual(takeFrom(set, 2), ['c']);
  t.deepEqual(takeFrom(set, 2), []);
});
