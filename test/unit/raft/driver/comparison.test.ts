import test from 'ava';
import { Comparison } from '#raft/driver/comparison.ts';
import type { Part } from '#raft/driver/packet.ts';
import type { Index, NodeId, Server } from '#raft/types.ts';

const INDEX = 1000 as Index;
const id = (name: string): NodeId => name as NodeId;
const sum = (text: string): Uint8Array => Buffer.from(text);

/** Node `a` of three voters. */
function start(leader = 'a', own = 'right') {
  const done: string[] = [];
  const servers = ['a', 'b', 'c'].map((name): Server => ({
    id: id(name),
    address: '',
    suffrage: 'voter',
  }));
  const comparison = new Comparison({
    id: id('a'),
    leader: () => id(leader),
    configuration: () => servers,
    checksum: () => sum(own),
    send: (to, parts) => done.push(`${parts.map(({ type }) => type).join()} to ${to}`),
    diverged: (index) => done.push(`diverged at ${index}`),
  });
  const heard = (from: string, text: string, index = INDEX): void =>
    comparison.heard(id(from), { type: 'checksum', index, sum: sum(text) });
  return { comparison, done, heard };
}

test('a follower tells its leader at each index at which states are compared', (t) => {
  const { comparison, done } = start('b');
  comparison.applied(999 as Index);
  comparison.applied(INDEX);
  t.deepEqual(done, ['checksum to b']);
});

test('the leader tells a follower that is alone with its state, once a majority is known', (t) => {
  const { comparison, done, heard } = start();
  heard('b', 'wrong');
  t.deepEqual(done, []);
  comparison.applied(INDEX);
  t.deepEqual(done, []);
  heard('c', 'right');
  t.deepEqual(done, ['diverged to b']);
});

test('a leader that is alone with its state is the one that is wrong', (t) => {
  const { comparison, done, heard } = start('a', 'wrong');
  comparison.applied(INDEX);
  heard('b', 'right');
  heard('c', 'right');
  t.deepEqual(done, ['diverged at 1000']);
});

test('nobody is wrong while all agree, or all differ', (t) => {
  for (const others of [
    ['right', 'right'],
    ['other', 'third'],
  ]) {
    const { comparison, done, heard } = start();
    comparison.applied(INDEX);
    heard('b', others[0] ?? '');
    heard('c', others[1] ?? '');
    t.deepEqual(done, []);
  }
});

test('a node believes its leader only, and only about what it said itself', (t) => {
  const { comparison, done } = start('b');
  const part: Part & { type: 'diverged' } = { type: 'diverged', index: INDEX };
  comparison.accused(id('b'), part);
  comparison.applied(INDEX);
  comparison.accused(id('c'), part);
  t.deepEqual(done, ['checksum to b']);
  comparison.accused(id('b'), part);
  t.deepEqual(done, ['checksum to b', 'diverged at 1000']);
});

test('who does not lead judges nobody, and old indexes are forgotten', (t) => {
  const follower = start('b');
  follower.comparison.applied(INDEX);
  follower.heard('c', 'wrong');
  t.deepEqual(follower.done, ['checksum to b']);

  const { comparison, done, heard } = start();
  for (let at = 1; at <= 20; at++) comparison.applied((at * 1000) as Index);
  heard('b', 'wrong');
  heard('c', 'right');
  t.deepEqual(done, []);
});
