import test from 'ava';
import { LogOutline } from '#raft/driver/log-outline.ts';
import { Replay } from '#raft/driver/wal-replay.ts';
import { CorruptionError } from '#raft/driver/ports.ts';
import type { Index } from '#raft/types.ts';
import { change, EMPTY, meta, noop, vote } from './wal-workload.ts';

const at = (index: number): Index => index as Index;

test('the start of a log that is cut has the term and the configuration of there', (t) => {
  const outline = new LogOutline(EMPTY.start, [
    change(1, 1, 'a'),
    noop(2, 1),
    noop(3, 4),
    change(4, 4, 'a', 'b'),
    noop(5, 4),
  ]);
  t.deepEqual(outline.startAt(at(0)), EMPTY.start);
  t.deepEqual(outline.startAt(at(2)), meta(2, 1, 1, 'a'));
  t.deepEqual(outline.startAt(at(3)), meta(3, 4, 1, 'a'));
  outline.cut(outline.startAt(at(3)));
  t.deepEqual(outline.startAt(at(5)), meta(5, 4, 4, 'a', 'b'));
  t.throws(() => outline.startAt(at(2)), { instanceOf: RangeError });
  t.throws(() => outline.startAt(at(6)), { instanceOf: RangeError });
});

test('what was replaced counts no more', (t) => {
  const outline = new LogOutline(EMPTY.start, [
    change(1, 1, 'a'),
    noop(2, 1),
    change(3, 2, 'a', 'lost'),
  ]);
  for (const entry of [noop(2, 3), noop(3, 3), noop(4, 3)]) outline.append(entry);
  t.deepEqual(outline.startAt(at(4)), meta(4, 3, 1, 'a'));
  t.is(outline.lastIndex, at(4));
});

const head = (lastIndex: number, start = EMPTY.start): Parameters<Replay['begin']>[0] => ({
  number: 7,
  bytes: 4096,
  chain: 1,
  lastIndex: at(lastIndex),
  start,
});

test('what was in segments that are gone must be covered by a start', (t) => {
  const replay = new Replay();
  replay.begin(head(10));
  replay.take({ type: 'entry', entry: noop(11, 2) });
  t.throws(() => replay.finish(), { instanceOf: CorruptionError });
  replay.take({ type: 'start', start: meta(10, 1, 0) });
  t.notThrows(() => replay.finish());
  t.deepEqual(replay.entries, [noop(11, 2)]);
});

test('entries that replace some in segments that are gone are covered by a start before them', (t) => {
  const replay = new Replay();
  replay.begin(head(10));
  for (const index of [8, 9, 10]) replay.take({ type: 'entry', entry: noop(index, 3) });
  t.throws(() => replay.finish(), { instanceOf: CorruptionError });
  replay.take({ type: 'start', start: meta(9, 3, 0) });
  replay.finish();
  t.deepEqual(replay.entries, [noop(10, 3)]);
});

test('a reset needs nothing of what was before it', (t) => {
  const replay = new Replay();
  replay.begin(head(10));
  replay.take({ type: 'hard state', numbered: { sequence: 4, hardState: vote(3, 'a', 2) } });
  replay.take({ type: 'reset', start: meta(90, 5, 0) });
  replay.finish();
  t.deepEqual([replay.start.index, replay.lastIndex, replay.numbered?.sequence], [90, 90, 4]);
});

const IMPOSSIBLE: readonly (readonly [string, Parameters<Replay['take']>[0]])[] = [
  ['an entry behind a gap', { type: 'entry', entry: noop(12, 1) }],
  ['an entry before the start', { type: 'entry', entry: noop(5, 1) }],
  ['a start behind the end', { type: 'start', start: meta(11, 1, 0) }],
  ['a segment within another', { type: 'segment', head: head(10) }],
];

for (const [what, record] of IMPOSSIBLE) {
  test(`${what} is damage`, (t) => {
    const replay = new Replay();
    replay.begin(head(10, meta(5, 1, 0)));
    t.throws(() => replay.take(record), { instanceOf: CorruptionError });
  });
}
