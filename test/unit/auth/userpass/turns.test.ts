// Turns: how many work at once, in which order the others follow, and when somebody is sent away.
import test from 'ava';
import { Turns } from '#auth/userpass/turns.ts';

interface Task {
  readonly end: (error?: Error) => void;
  readonly result: Promise<unknown>;
}

/** Begins tasks that end when the test says so, and keeps the order in which they began. */
function starter(turns: Turns, begun: number[]): (name: number) => Task {
  return (name) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const result = turns.take(() => {
      begun.push(name);
      return promise;
    });
    result.catch(() => undefined);
    return { end: (error) => (error === undefined ? resolve(name) : reject(error)), result };
  };
}

test('few work at once, the others follow in their order', async (t) => {
  const begun: number[] = [];
  const start = starter(new Turns({ atOnce: 2, waiting: 10 }), begun);
  const tasks = [1, 2, 3, 4].map(start);
  t.deepEqual(begun, [1, 2]);
  tasks[1]?.end();
  t.is(await tasks[1]?.result, 2);
  await Promise.resolve();
  t.deepEqual(begun, [1, 2, 3]);
  tasks[0]?.end();
  tasks[2]?.end();
  tasks[3]?.end();
  t.deepEqual(await Promise.all(tasks.map(({ result }) => result)), [1, 2, 3, 4]);
  t.deepEqual(begun, [1, 2, 3, 4]);
});

test('who would wait behind too many is sent away', async (t) => {
  const begun: number[] = [];
  const start = starter(new Turns({ atOnce: 1, waiting: 1 }), begun);
  const [first, second] = [start(1), start(2)];
  await t.throwsAsync(start(3).result, { message: 'too many logins at once' });
  first.end();
  second.end();
  await second.result;
  const later = start(4);
  later.end();
  t.is(await later.result, 4);
  t.deepEqual(begun, [1, 2, 4]);
});

test('a turn that fails passes on like any other', async (t) => {
  const begun: number[] = [];
  const start = starter(new Turns({ atOnce: 1, waiting: 1 }), begun);
  const [first, second] = [start(1), start(2)];
  first.end(new Error('broken'));
  await t.throwsAsync(first.result, { message: 'broken' });
  second.end();
  t.is(await second.result, 2);
});
