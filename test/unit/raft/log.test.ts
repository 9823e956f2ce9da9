import test from 'ava';
import { InvariantError } from '#raft/invariant.ts';
import {
  append,
  batchFrom,
  between,
  forget,
  inForce,
  lastIndex,
  lastTerm,
  lastWithin,
  newLog,
  sizeOf,
  termAt,
  truncate,
} from '#raft/log.ts';
import type { Log } from '#raft/log.ts';
import type { Entry } from '#raft/types.ts';
import { bytes, index, servers, term } from '#test/helpers/raft-cluster.ts';

const START = {
  index: index(10),
  term: term(2),
  configuration: servers('a'),
  configurationIndex: index(4),
};

const data = (at: number, of: number, text = 'x'): Entry => ({
  type: 'data',
  index: index(at),
  term: term(of),
  data: bytes(text),
});

const configuration = (at: number, of: number, ...names: string[]): Entry => ({
  type: 'configuration',
  index: index(at),
  term: term(of),
  configuration: servers(...names),
});

/** 11 and 12 of term 2, 13 of term 4, 14 (two servers) of term 4, 15 of term 7. */
const log = (): Log =>
  newLog(START, [
    data(11, 2),
    data(12, 2),
    data(13, 4),
    configuration(14, 4, 'a', 'b'),
    data(15, 7),
  ]);

test('an empty log ends where it begins', (t) => {
  const empty = newLog(START, []);
  t.deepEqual([lastIndex(empty), lastTerm(empty)], [index(10), term(2)]);
  t.is(inForce(empty).index, index(4));
});

test('terms are known from the start on, and of nothing before or behind', (t) => {
  t.deepEqual(
    [9, 10, 11, 13, 15, 16].map((at) => termAt(log(), index(at))),
    [undefined, 2, 2, 4, 7, undefined].map((of) => of && term(of)),
  );
});

test('what leaves a gap or lets terms fall is not appended', (t) => {
  t.throws(() => append(log(), data(17, 7)), { instanceOf: InvariantError });
  t.throws(() => append(log(), data(16, 6)), { instanceOf: InvariantError });
  t.notThrows(() => append(log(), data(16, 7)));
});

test('a configuration is in force from when it is appended until it is truncated', (t) => {
  const some = log();
  t.deepEqual(inForce(some).configuration, servers('a', 'b'));
  truncate(some, index(15));
  t.is(inForce(some).index, index(14));
  truncate(some, index(14));
  t.deepEqual([lastIndex(some), inForce(some).index], [index(13), index(4)]);
});

test('what the state machine holds is not truncated', (t) => {
  t.throws(() => truncate(log(), index(10)), { instanceOf: InvariantError });
});

test('entries are forgotten up to a place, with configurations that are not in force there', (t) => {
  const some = log();
  forget(some, index(14));
  t.deepEqual(some.start, { index: index(14), term: term(4) });
  t.deepEqual(
    some.configurations.map((one) => one.index),
    [index(14)],
  );
  t.deepEqual([lastIndex(some), termAt(some, index(13))], [index(15), undefined]);
  t.throws(() => forget(some, index(16)), { instanceOf: InvariantError });
});

test('a configuration behind the cut stays beside the one as of the cut', (t) => {
  const some = log();
  forget(some, index(12));
  t.deepEqual(
    some.configurations.map((one) => one.index),
    [index(4), index(14)],
  );
});

test('entries between two places', (t) => {
  t.deepEqual(
    between(log(), index(12), index(14)).map((one) => one.index),
    [12, 13, 14].map(index),
  );
  t.deepEqual(between(log(), index(13), index(12)), []);
});

const BATCHES: readonly (readonly [string, number, number, number])[] = [
  ['everything that fits', 11, 10_000, 5],
  ['as many as fit exactly', 11, 2 * sizeOf(data(1, 1)), 2],
  ['one less when a byte is missing', 11, 2 * sizeOf(data(1, 1)) - 1, 1],
  ['one at least', 11, 1, 1],
  ['from the middle', 14, 10_000, 2],
  ['nothing behind the end', 16, 10_000, 0],
];

for (const [what, from, room, count] of BATCHES) {
  test(`a batch takes ${what}`, (t) => {
    const batch = batchFrom(log(), index(from), room);
    t.is(batch.length, count);
    t.is(batch[0]?.index, count === 0 ? undefined : index(from));
  });
}

const AGREEMENTS: readonly (readonly [limit: number, of: number, place: number])[] = [
  [15, 9, 15],
  [15, 7, 15],
  [15, 6, 14],
  [15, 4, 14],
  [13, 4, 13],
  [15, 3, 12],
  [15, 2, 12],
  [15, 1, 10],
  [99, 7, 15],
  [5, 7, 10],
];

for (const [limit, of, place] of AGREEMENTS) {
  test(`the last place up to ${limit} within term ${of} is ${place}`, (t) => {
    t.is(lastWithin(log(), index(limit), term(of)), index(place));
  });
}
