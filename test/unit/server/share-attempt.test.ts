// Shares handed in for one purpose, whatever is run how often.
import test from 'ava';
import { ShareAttempt } from '#server/share-attempt.ts';

const share = (letter: string): Buffer => Buffer.from(letter.repeat(32));
const join = (parts: readonly Buffer[]): string => parts.map((part) => part[0]).join(',');

test('a request that is run again finds what it did', (t) => {
  const attempt = new ShareAttempt<string>('test');
  const { nonce } = attempt;
  const first = { id: '1', share: share('a'), nonce };
  t.is(attempt.provide(first, 2, join), undefined);
  t.is(attempt.provide(first, 2, join), undefined);
  t.is(attempt.progress, 1);
  const last = { id: '2', share: share('b'), nonce };
  t.is(attempt.provide(last, 2, join), '97,98');
  t.is(attempt.provide(last, 2, join), '97,98');
});

test('shares are forgotten once they were put together, and when the attempt ends', (t) => {
  const attempt = new ShareAttempt<readonly Buffer[]>('test');
  const { nonce } = attempt;
  const kept = attempt.provide({ id: '1', share: share('a'), nonce }, 1, (parts) => parts) ?? [];
  t.deepEqual(
    [...(kept[0] ?? [])],
    Array.from({ length: 32 }, () => 0),
  );
  t.is(attempt.progress, 0);
  attempt.provide({ id: '2', share: share('b'), nonce }, 2, (parts) => parts);
  attempt.end();
  t.is(attempt.progress, 0);
});
