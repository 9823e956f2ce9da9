import test from 'ava';
import { Standing } from '#raft/driver/standing.ts';
import type { Index, NodeId, Term } from '#raft/types.ts';

const TERM = 3 as Term;
const index = (number: number): Index => number as Index;

test('a leader is told of once it has applied the first entry of its term', (t) => {
  const standing = new Standing();
  standing.lead(TERM, index(7), index(5));
  t.deepEqual(standing.news(), { type: 'candidate', term: TERM });
  standing.applied(index(6));
  t.is(standing.news(), undefined);
  standing.applied(index(7));
  t.deepEqual(standing.news(), { type: 'leader', term: TERM });
  t.is(standing.news(), undefined);
});

test('a leader that was deposed before it served is never told of', (t) => {
  const standing = new Standing();
  standing.lead(TERM, index(7), index(5));
  standing.follow((TERM + 1) as Term, 'b' as NodeId);
  standing.applied(index(8));
  t.deepEqual(standing.news(), { type: 'follower', term: TERM + 1, leader: 'b' } as never);
});

test('another leader of the same term is news, no leader makes a candidate', (t) => {
  const standing = new Standing();
  standing.follow(TERM, undefined);
  t.deepEqual(standing.news(), { type: 'candidate', term: TERM });
  standing.follow(TERM, 'b' as NodeId);
  t.deepEqual(standing.news(), { type: 'follower', term: TERM, leader: 'b' as NodeId });
  standing.follow(TERM, 'b' as NodeId);
  t.is(standing.news(), undefined);
});

test('a node that was removed stays so', (t) => {
  const standing = new Standing();
  standing.end({ type: 'removed' });
  standing.end({ type: 'stopped' });
  t.deepEqual(standing.role, { type: 'removed' });
});
