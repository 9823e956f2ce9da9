import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'ava';
import {
  openEnvelope,
  OVERHEAD_BYTES,
  sealEnvelope,
  termOf,
  type Term,
} from '#storage/barrier/envelope.ts';
import { Nonces } from '#storage/barrier/nonces.ts';
import { DamagedError } from '#storage/physical.ts';

interface Vector {
  readonly term: Term;
  readonly key: string;
  readonly path: string;
  readonly nonce: string;
  readonly plaintext: string;
  readonly envelope: string;
}

const { envelopes } = JSON.parse(readFileSync('test/vectors/envelope.json', 'utf8')) as {
  readonly envelopes: readonly Vector[];
};
const KEY = { term: 3 as Term, key: createSecretKey(Buffer.alloc(32, 1)) };

for (const { term, key, path, nonce, plaintext, envelope } of envelopes) {
  test(`an envelope of term ${term} is the one that another program makes`, (t) => {
    const secret = createSecretKey(Buffer.from(key, 'hex'));
    const bytes = Buffer.from(envelope, 'hex');
    t.is(termOf(bytes, path), term);
    t.is(openEnvelope(secret, path, bytes).toString(), plaintext);
    const nonces = { fill: (place: Uint8Array) => place.set(Buffer.from(nonce, 'hex')) };
    const sealed = sealEnvelope({ term, key: secret }, nonces, path, Buffer.from(plaintext));
    t.is(sealed.toString('hex'), envelope);
  });
}

test('what is sealed opens again, and no two envelopes are alike', (t) => {
  const nonces = new Nonces();
  const seen = new Set<string>();
  for (const length of [0, 1, 15, 16, 17, 300, 70_000]) {
    const plaintext = Buffer.alloc(length, length);
    for (let round = 0; round < 3; round++) {
      const envelope = sealEnvelope(KEY, nonces, 'a/b', plaintext);
      t.is(envelope.length, length + OVERHEAD_BYTES);
      t.deepEqual(openEnvelope(KEY.key, 'a/b', envelope), plaintext);
      seen.add(envelope.toString('hex'));
    }
  }
  t.is(seen.size, 21);
});

test('each flipped bit is found', (t) => {
  const envelope = sealEnvelope(KEY, new Nonces(), 'a/b', Buffer.from('plain'));
  for (let bit = 0; bit < envelope.length * 8; bit++) {
    const damaged = Buffer.from(envelope);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const open = (): unknown =>
      termOf(damaged, 'a/b') === KEY.term && openEnvelope(KEY.key, 'a/b', damaged);
    // The term only chooses the key: another one does not open it.
    if (bit < 32) t.false(open());
    else t.throws(open, { instanceOf: DamagedError });
  }
});

test('a value that was moved to another key does not open', (t) => {
  const envelope = sealEnvelope(KEY, new Nonces(), 'a/b', Buffer.from('plain'));
  for (const path of ['a/c', 'a/B', 'a', '', 'a/b/']) {
    t.throws(() => openEnvelope(KEY.key, path, envelope), {
      instanceOf: DamagedError,
      message: `the value of ${path} does not open`,
    });
  }
  t.throws(() => openEnvelope(createSecretKey(Buffer.alloc(32, 2)), 'a/b', envelope));
});

for (const length of [0, 4, 16, OVERHEAD_BYTES - 1]) {
  test(`${length} bytes are no envelope`, (t) => {
    t.throws(() => termOf(Buffer.alloc(length, 2), 'a'), {
      instanceOf: DamagedError,
      message: 'the value of a is not in the form of the barrier',
    });
  });
}
