import test from 'ava';
import { viewOf } from '#storage/view.ts';
import { openBarrier } from '#test/helpers/barrier.ts';

test('a view reads and writes below its prefix only', async (t) => {
  const barrier = await openBarrier();
  const transaction = barrier.begin();
  const [mine, other] = [viewOf(transaction, 'logical/1/'), viewOf(transaction, 'logical/2/')];
  mine.put('a/b', { x: 1 });
  mine.put('c', { x: 2 });
  other.put('c', { x: 3 });
  t.deepEqual(mine.get('a/b'), { x: 1 });
  t.deepEqual(transaction.get('logical/1/a/b'), { x: 1 });
  t.is(other.get('a/b'), undefined);
  t.deepEqual(mine.list(''), ['a/', 'c']);
  t.deepEqual(mine.list('a/'), ['b']);
  mine.delete('c');
  t.is(mine.get('c'), undefined);
  t.deepEqual(other.get('c'), { x: 3 });
  await transaction.commit();
  t.deepEqual(
    viewOf(viewOf(barrier.begin(), 'logical/'), '1/').get('a/b'),
    { x: 1 },
    'a view of a view',
  );
});

test('no key leads out of a view', async (t) => {
  const barrier = await openBarrier();
  const transaction = barrier.begin();
  transaction.put('core/mounts', { secret: true });
  const view = viewOf(transaction, 'logical/1/');
  for (const key of ['../../core/mounts', '/core/mounts', '']) t.is(view.get(key), undefined);
  view.put('../../core/mounts', { mine: true });
  t.deepEqual(transaction.get('core/mounts'), { secret: true });
});
