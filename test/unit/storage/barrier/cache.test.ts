import test from 'ava';
import { ValueCache } from '#storage/barrier/cache.ts';
import type { Index } from '#storage/physical.ts';

const at = (index: number): Index => index as Index;

test('a value answers as of its index and no other', (t) => {
  const cache = new ValueCache();
  const value = { x: 1 };
  cache.put('a', at(3), value, 7);
  t.is(cache.get('a', at(3))?.value, value);
  t.is(cache.get('a', at(4)), undefined);
  t.is(cache.get('a', at(2)), undefined);
  t.is(cache.get('b', at(3)), undefined);
  cache.put('a', at(4), null, 4);
  t.is(cache.get('a', at(4))?.value, null, 'null is a value');
  t.is(cache.get('a', at(3)), undefined);
});

test('it never holds more bytes than its limit', (t) => {
  const cache = new ValueCache(10_000);
  for (let count = 0; count < 1000; count++) {
    cache.put(`key ${count % 300}`, at(count), count, (count * 7) % 500);
    t.true(cache.bytes <= 10_000);
  }
  t.true(cache.bytes > 5000);
  cache.clear();
  t.is(cache.bytes, 0);
  t.is(cache.get('key 99', at(999)), undefined);
});

test('a value that is larger than all room is not kept, nor is the one before it', (t) => {
  const cache = new ValueCache(10_000);
  cache.put('a', at(1), 'small', 7);
  cache.put('a', at(2), 'large', 10_000);
  t.is(cache.get('a', at(2)), undefined);
  t.is(cache.get('a', at(1)), undefined);
  t.is(cache.bytes, 0);
});

test('what is used stays, what is not goes first', (t) => {
  const cache = new ValueCache(10_000);
  cache.put('used', at(1), 1, 100);
  for (let count = 0; count < 100; count++) {
    cache.put(`once ${count}`, at(1), count, 100);
    t.truthy(cache.get('used', at(1)), `after ${count}`);
  }
  t.is(cache.get('once 0', at(1)), undefined);
});
