import test from 'ava';
import { Lease } from '#raft/driver/lease.ts';
import type { Round } from '#raft/types.ts';

const round = (number: number): Round => number as Round;

test('there is no lease before a round is confirmed', (t) => {
  const lease = new Lease(100);
  lease.begin(round(1), 0);
  t.false(lease.holds(0));
});

test('a confirmed round gives a lease from when it began, for less than an election takes', (t) => {
  const lease = new Lease(100);
  lease.begin(round(1), 1000);
  lease.confirm(round(1));
  t.true(lease.holds(1079));
  t.false(lease.holds(1080));
});

test('a later round extends the lease, an earlier one that is confirmed late does not shorten it', (t) => {
  const lease = new Lease(100);
  lease.begin(round(1), 1000);
  lease.begin(round(2), 1050);
  t.is(lease.confirm(round(2)), 1050);
  t.is(lease.confirm(round(1)), undefined);
  t.true(lease.holds(1129));
  t.false(lease.holds(1130));
});

test('what has ended is not brought back by a round that began before', (t) => {
  const lease = new Lease(100);
  lease.begin(round(1), 1000);
  lease.confirm(round(1));
  lease.begin(round(2), 1010);
  lease.end();
  t.false(lease.holds(1011));
  lease.confirm(round(2));
  t.false(lease.holds(1011));
});

test('a round that is not known gives nothing, and rounds that nobody answers are forgotten', (t) => {
  const lease = new Lease(100);
  for (let number = 1; number <= 100; number++) lease.begin(round(number), 1000 + number);
  lease.confirm(round(1));
  lease.confirm(round(101));
  t.false(lease.holds(1000));
  lease.confirm(round(100));
  t.true(lease.holds(1100));
});
