import test from 'ava';
import { Reads, UnconfirmedError } from '#raft/driver/reads.ts';
import type { Index, Outcome } from '#raft/types.ts';
import { ManualTimer } from '#test/helpers/manual-timer.ts';

const READABLE: Outcome = { type: 'readable', index: 7 as Index };
const REFUSED: Outcome = { type: 'refused', reason: 'no leader', leader: undefined };
const PATIENCE = 1000;

function start(applied = 7) {
  const timer = new ManualTimer();
  const asked: { begin: () => void; settle: (outcome: Outcome) => void }[] = [];
  const state = { applied: applied as Index };
  const reads = new Reads(
    {
      ask: (begin, settle) => asked.push({ begin, settle }),
      applied: () => state.applied,
    },
    timer,
    PATIENCE,
  );
  return { reads, timer, asked, state };
}

test('calls share a question until it is asked, and then no more', async (t) => {
  const { reads, asked } = start();
  const first = [reads.confirm(), reads.confirm()];
  t.is(asked.length, 1);
  asked[0]?.begin();
  const later = reads.confirm();
  t.is(asked.length, 2);
  asked[0]?.settle(READABLE);
  await Promise.all(first);
  asked[1]?.begin();
  asked[1]?.settle(READABLE);
  await t.notThrowsAsync(later);
});

test('a read waits until what the leader named is applied here', async (t) => {
  const { reads, asked, state } = start(5);
  let isDone = false;
  const done = reads.confirm().then(() => (isDone = true));
  asked[0]?.begin();
  asked[0]?.settle(READABLE);
  state.applied = 6 as Index;
  reads.applied(state.applied);
  await Promise.resolve();
  t.false(isDone);
  reads.applied(7 as Index);
  await done;
  t.true(isDone);
});

test('only so many questions are asked at once, whoever comes meanwhile shares the next', async (t) => {
  const { reads, asked } = start();
  const waiting: Promise<void>[] = [];
  for (let call = 0; call < 10; call++) {
    waiting.push(reads.confirm());
    asked.at(-1)?.begin();
  }
  t.is(asked.length, 4);
  for (const { settle } of asked.slice()) settle(READABLE);
  t.is(asked.length, 5);
  asked[4]?.begin();
  asked[4]?.settle(READABLE);
  await Promise.all(waiting);
});

test('what is refused is asked again with the next tick, in vain for a bounded time only', async (t) => {
  const { reads, timer, asked } = start();
  const patient = reads.confirm();
  asked[0]?.begin();
  asked[0]?.settle(REFUSED);
  reads.tick();
  t.is(asked.length, 2);
  asked[1]?.settle(READABLE);
  await patient;

  const vain = reads.confirm();
  asked[2]?.begin();
  asked[2]?.settle(REFUSED);
  timer.advance(PATIENCE);
  await t.throwsAsync(vain, { instanceOf: UnconfirmedError, message: /no leader/ });
  reads.tick();
  t.is(asked.length, 3);
});

test('a question that is never answered is given up, and its answer is for nobody', async (t) => {
  const { reads, timer, asked } = start();
  const vain = reads.confirm();
  asked[0]?.begin();
  timer.advance(PATIENCE);
  await t.throwsAsync(vain, { instanceOf: UnconfirmedError });
  t.notThrows(() => asked[0]?.settle(READABLE));
});

test('nobody waits for a node that has stopped', async (t) => {
  const { reads, asked } = start(0);
  const asking = reads.confirm();
  asked[0]?.begin();
  const gathering = reads.confirm();
  reads.end();
  await t.throwsAsync(asking, { instanceOf: UnconfirmedError, message: /stopped/ });
  await t.throwsAsync(gathering, { instanceOf: UnconfirmedError, message: /stopped/ });
});
