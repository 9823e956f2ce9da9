// Connections for requests that are forwarded: as many as there are requests, but not all dialled at the same time.
import type { Duplex } from 'node:stream';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { PeerAgent } from '#server/cluster/peer-agent.ts';

function begin() {
  const dials: PromiseWithResolvers<Duplex>[] = [];
  const ends: string[] = [];
  const agent = new PeerAgent(() => {
    const dial = Promise.withResolvers<Duplex>();
    dials.push(dial);
    return dial.promise;
  });
  for (const name of ['a', 'b', 'c', 'd']) {
    agent.createConnection({}, (error) => ends.push(error === null ? name : `not ${name}`));
  }
  return { dials, ends };
}

test('two connections are made at a time, the next as soon as one is there', async (t) => {
  const { dials, ends } = begin();
  t.is(dials.length, 2);
  dials[1]?.resolve(new PassThrough());
  await setImmediate();
  t.deepEqual(ends, ['b']);
  t.is(dials.length, 3);
  for (const dial of dials) dial.resolve(new PassThrough());
  await setImmediate();
  dials[3]?.resolve(new PassThrough());
  await setImmediate();
  t.deepEqual(ends, ['b', 'a', 'c', 'd']);
});

test('whoever waits is told at once when nobody can be reached', async (t) => {
  const { dials, ends } = begin();
  dials[0]?.reject(new Error('refused'));
  await setImmediate();
  t.deepEqual(ends, ['not a', 'not c', 'not d']);
  dials[1]?.resolve(new PassThrough());
  await setImmediate();
  t.deepEqual(ends, ['not a', 'not c', 'not d', 'b']);
  t.is(dials.length, 2);
});
