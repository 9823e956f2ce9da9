import test from 'ava';
import { ShareCollector } from '#storage/seal/share-collector.ts';

const share = (byte: number, length = 33): Buffer => Buffer.alloc(length, byte);

test('shares are counted, each once, under the nonce of the attempt', (t) => {
  const collector = new ShareCollector();
  t.deepEqual([collector.progress, collector.nonce], [0, '']);
  t.true(collector.add(share(1)));
  const { nonce } = collector;
  t.regex(nonce, /^[0-9a-f-]{36}$/);
  t.false(collector.add(share(1)), 'the same share is no progress');
  t.true(collector.add(share(2)));
  t.true(collector.add(share(2, 32)), 'another length is another share');
  t.deepEqual([collector.progress, collector.nonce], [3, nonce]);
});

test('a reset ends the attempt, and the next has another nonce', (t) => {
  const collector = new ShareCollector();
  collector.add(share(1));
  const { nonce } = collector;
  collector.reset();
  t.deepEqual([collector.progress, collector.nonce], [0, '']);
  t.true(collector.add(share(1)));
  t.not(collector.nonce, nonce);
});

const LENGTHS = [
  [0, 'invalid key: key is shorter than minimum 16 bytes'],
  [15, 'invalid key: key is shorter than minimum 16 bytes'],
  [16, undefined],
  [33, undefined],
  [34, 'invalid key: key is longer than maximum 33 bytes'],
] as const;

for (const [length, message] of LENGTHS) {
  test(`a share of ${length} bytes is ${message === undefined ? 'taken' : 'refused'}`, (t) => {
    const collector = new ShareCollector();
    if (message === undefined) t.true(collector.add(share(1, length)));
    else t.throws(() => collector.add(share(1, length)), { name: 'ClientError', message });
    t.is(collector.progress, message === undefined ? 1 : 0);
  });
}

test('use() hands over copies that are zeroed afterwards, also when it fails', (t) => {
  for (const fails of [false, true]) {
    const collector = new ShareCollector();
    const given = share(7);
    collector.add(given);
    let kept: readonly Buffer[] = [];
    const use = (): void =>
      collector.use((parts) => {
        kept = parts;
        t.deepEqual(parts, [given]);
        if (fails) throw new Error('as planned');
      });
    if (fails) t.throws(use, { message: 'as planned' });
    else use();
    t.deepEqual(kept, [share(0)]);
    t.deepEqual(given, share(7), 'the copy of the caller is his');
    t.is(collector.progress, 0);
  }
});
