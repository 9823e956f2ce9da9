import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import type { Millis } from '#sdk/clock.ts';
import { LeaseFollower } from '#server/lease/follower.ts';
import { recordKey } from '#server/token/store.ts';
import type { Barrier } from '#storage/barrier/barrier.ts';
import { openBarrier } from '#test/helpers/barrier.ts';

type Seen = [key: string, at: Millis | undefined];

const key = (name: string): string => `h${name.repeat(64).slice(0, 64)}`;
const record = (name: string): string => recordKey(key(name));

async function commit(barrier: Barrier, writes: Readonly<Record<string, object | null>>) {
  const transaction = barrier.begin();
  for (const [name, value] of Object.entries(writes)) {
    if (value === null) transaction.delete(name);
    else transaction.put(name, value);
  }
  await transaction.commit();
}

async function follow(barrier: Barrier) {
  const seen: Seen[] = [];
  const failed: string[] = [];
  const follower = new LeaseFollower({
    barrier,
    whenDue: (name, at) => seen.push([name, at]),
    whenSeen: () => {},
    whenFailed: (name) => failed.push(name),
  });
  const taken = async (): Promise<Seen[]> => {
    for (let turn = 0; turn < 30; turn++) await setImmediate();
    return seen.splice(0);
  };
  return { follower, taken, failed };
}

const pointer = (token: string, id: string) => ({
  [`sys/expire/token/${token.slice(1, 3)}/${token}/${id.split('/').at(-1)}`]: { lease: id },
});

test('what was written or removed is looked at, and nothing else', async (t) => {
  const barrier = await openBarrier();
  const { taken } = await follow(barrier);
  await commit(barrier, { [record('a')]: { expiresAt: 5 }, other: {} });
  t.deepEqual(await taken(), [[record('a'), 5 as Millis]]);
  await commit(barrier, { [record('a')]: { expiresAt: 9 } });
  t.deepEqual(await taken(), [[record('a'), 9 as Millis]]);
  await commit(barrier, { [record('a')]: null });
  t.deepEqual(await taken(), [[record('a'), undefined]]);
});

test('the lease of a token is not looked at: its record says when it ends', async (t) => {
  const barrier = await openBarrier();
  const { taken } = await follow(barrier);
  await commit(barrier, { [`sys/expire/id/auth/token/create/${key('a')}`]: { kind: 'token' } });
  t.deepEqual(await taken(), []);
});

test('a lease is due at its time, without its token at once, after a failure when it is tried again', async (t) => {
  const barrier = await openBarrier();
  const { taken } = await follow(barrier);
  await commit(barrier, { [record('a')]: { expiresAt: 5 } });
  await taken();
  const at = 'sys/expire/id/db/x';
  for (const [lease, due] of [
    [{ token: key('a'), expiresAt: 7 }, 7],
    [{ token: '', expiresAt: 7 }, 7],
    [{ token: key('b'), expiresAt: 7 }, 0],
    [{ token: key('a'), expiresAt: 7, failure: { retryAt: 8 } }, 8],
    [{ token: key('a'), expiresAt: 7, failure: {} }, undefined],
  ] as const) {
    await commit(barrier, { [at]: { kind: 'secret', ...lease } });
    t.deepEqual(await taken(), [[at, due as Millis | undefined]]);
  }
});

test('the leases of a token are due when it goes', async (t) => {
  const barrier = await openBarrier();
  const { taken } = await follow(barrier);
  await commit(barrier, {
    [record('a')]: { expiresAt: 5 },
    'sys/expire/id/db/x': { kind: 'secret', token: key('a'), expiresAt: 7 },
    ...pointer(key('a'), 'db/x'),
  });
  await taken();
  await commit(barrier, { [record('a')]: null });
  t.deepEqual(await taken(), [
    [record('a'), undefined],
    ['sys/expire/id/db/x', 0 as Millis],
  ]);
});

test('at first everything is looked at, in several turns', async (t) => {
  const barrier = await openBarrier();
  const writes: Record<string, object> = {};
  for (let number = 0; number < 500; number++) {
    const name = key(number.toString(16).padStart(8, '0'));
    writes[recordKey(name)] = { expiresAt: number };
  }
  await commit(barrier, {
    ...writes,
    'sys/expire/id/db/x': { kind: 'secret', token: '', expiresAt: 7 },
    ...pointer('h00', 'db/x'),
  });
  const { follower, taken } = await follow(barrier);
  follower.restore();
  await setImmediate();
  await setImmediate();
  const all = await taken();
  t.is(all.length, 501);
  t.is(new Set(all.map(([name]) => name)).size, 501);
});

test('a record that cannot be read does not keep others from their end', async (t) => {
  const barrier = await openBarrier();
  await commit(barrier, { [record('a')]: { expiresAt: 5 }, [record('b')]: { expiresAt: 6 } });
  const writes = new Map([[record('a'), Buffer.from('damaged')]]);
  await barrier.physical.commit({ reads: new Map(), lists: new Map(), writes });
  const { follower, taken, failed } = await follow(barrier);
  follower.restore();
  t.deepEqual(await taken(), [[record('b'), 6 as Millis]]);
  t.deepEqual(failed, [record('a')]);
});

test('stopped, it looks at nothing more', async (t) => {
  const barrier = await openBarrier();
  const { follower, taken } = await follow(barrier);
  await commit(barrier, { [record('a')]: { expiresAt: 5 } });
  follower.stop();
  await commit(barrier, { [record('b')]: { expiresAt: 5 } });
  follower.restore();
  t.deepEqual(await taken(), []);
});

test('a storage that has failed is not looked at, and ends nothing else', async (t) => {
  const barrier = await openBarrier();
  const { follower, taken, failed } = await follow(barrier);
  follower.restore();
  await barrier.physical.close();
  t.deepEqual(await taken(), []);
  t.deepEqual(failed, ['sys/token/id/']);
});
