// No more tasks run at once than is allowed.
import test from 'ava';
import { limitTo } from '#test/conformance/kit/semaphore.ts';

test('limitTo() lets so many tasks run, in the order they came', async (t) => {
  const limited = limitTo(2);
  const order: string[] = [];
  let [running, most] = [0, 0];
  const task = (name: string) => async (): Promise<string> => {
    running += 1;
    most = Math.max(most, running);
    order.push(name);
    await new Promise(setImmediate);
    running -= 1;
    return name;
  };
  const names = ['a', 'b', 'c', 'd', 'e'];
  t.deepEqual(await Promise.all(names.map(async (name) => limited(task(name)))), names);
  t.deepEqual(order, names);
  t.is(most, 2);
});

test('limitTo() goes on after a task that fails', async (t) => {
  const limited = limitTo(1);
  await t.throwsAsync(
    limited(async () => Promise.reject(new Error('no'))),
    { message: 'no' },
  );
  t.is(await limited(async () => Promise.resolve(1)), 1);
});
