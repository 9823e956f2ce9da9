import test from 'ava';
import {
  hasRoom,
  newProgress,
  noteAccepted,
  noteSent,
  startProbing,
  startReplicating,
  startShipping,
} from '#raft/progress.ts';
import type { Round, Settings } from '#raft/types.ts';
import { SETTINGS, index, node } from '#test/helpers/raft-cluster.ts';

const settings: Settings = {
  ...SETTINGS,
  id: node('a'),
  seed: 1,
  maxInflightAppends: 3,
  maxInflightBytes: 100,
};
const round = (value: number): Round => value as Round;

test('one probe is on its way at a time', (t) => {
  const peer = newProgress(node('b'), index(5));
  t.true(hasRoom(peer, settings));
  noteSent(peer, index(7), 10);
  t.false(hasRoom(peer, settings));
  t.is(peer.next, index(5));
  startProbing(peer, index(4));
  t.true(hasRoom(peer, settings));
});

test('replicating sends on without answers, up to so many messages', (t) => {
  const peer = newProgress(node('b'), index(5));
  startReplicating(peer);
  for (const last of [1, 2, 3]) {
    t.true(hasRoom(peer, settings));
    noteSent(peer, index(last), 1);
  }
  t.false(hasRoom(peer, settings));
  t.is(peer.next, index(4));
  noteAccepted(peer, index(1), round(1));
  t.true(hasRoom(peer, settings));
});

test('and up to so many bytes', (t) => {
  const peer = newProgress(node('b'), index(5));
  startReplicating(peer);
  noteSent(peer, index(1), 60);
  t.true(hasRoom(peer, settings));
  noteSent(peer, index(2), 60);
  t.false(hasRoom(peer, settings));
  noteAccepted(peer, index(1), round(1));
  t.true(hasRoom(peer, settings));
  noteAccepted(peer, index(2), round(1));
  t.is(peer.inflightBytes, 0);
});

test('nothing but heartbeats goes to a server that gets a snapshot', (t) => {
  const peer = newProgress(node('b'), index(5));
  startShipping(peer);
  t.false(hasRoom(peer, settings));
});

test('an answer that comes late takes nothing back', (t) => {
  const peer = newProgress(node('b'), index(5));
  startReplicating(peer);
  noteAccepted(peer, index(9), round(2));
  noteAccepted(peer, index(4), round(1));
  t.deepEqual(
    [peer.match, peer.next, peer.acknowledged, peer.acknowledgedRound],
    [index(9), index(10), index(9), round(2)],
  );
});

test('what a server is known to have is not tried again', (t) => {
  const peer = newProgress(node('b'), index(5));
  noteAccepted(peer, index(9), round(1));
  startProbing(peer, index(3));
  t.is(peer.next, index(10));
});

test('beginning to probe takes what is under way for lost', (t) => {
  const peer = newProgress(node('b'), index(5));
  startReplicating(peer);
  noteSent(peer, index(1), 60);
  noteSent(peer, index(2), 60);
  startProbing(peer, index(1));
  t.deepEqual([peer.inflightBytes, peer.next], [0, index(1)]);
});
