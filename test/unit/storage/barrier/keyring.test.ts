import { createSecretKey } from 'node:crypto';
import test from 'ava';
import { millis } from '#sdk/clock.ts';
import type { Term } from '#storage/barrier/envelope.ts';
import { Keyring, ownCopy, randomKey } from '#storage/barrier/keyring.ts';
import { DamagedError } from '#storage/physical.ts';

const ROOT = createSecretKey(Buffer.alloc(32, 1));
const term = (number: number): Term => number as Term;

test('a keyring begins with term 1, and each rotation adds one that is active', (t) => {
  const first = Keyring.create(ROOT, millis(1000));
  t.like(first.active, { term: term(1), installTime: millis(1000), encryptions: 0 });
  const third = first.rotate(millis(2000)).rotate(millis(3000));
  t.like(third.active, { term: term(3), installTime: millis(3000) });
  t.true(third.keyOf(term(1))?.equals(first.active.key));
  t.false(third.keyOf(term(2))?.equals(first.active.key));
  t.is(third.keyOf(term(4)), undefined);
  t.is(first.keyOf(term(2)), undefined, 'the older keyring is as it was');
});

test('what is serialised is parsed again, and the bytes are zeroed', (t) => {
  const keyring = Keyring.create(ROOT, millis(1000)).rotate(millis(1_700_000_000_123));
  keyring.active.encryptions = 3_865_470_566;
  const bytes = keyring.serialise();
  const copy = Buffer.from(bytes);
  const parsed = Keyring.parse(ROOT, bytes);
  t.true(bytes.every((byte) => byte === 0));
  t.deepEqual(parsed.serialise(), copy);
  t.like(parsed.active, {
    term: term(2),
    installTime: millis(1_700_000_000_123),
    encryptions: 3_865_470_566,
  });
  t.true(parsed.keyOf(term(1))?.equals(keyring.keyOf(term(1)) ?? ROOT));
});

test('another root key leaves the keys as they are', (t) => {
  const keyring = Keyring.create(ROOT, millis(1));
  const other = createSecretKey(Buffer.alloc(32, 2));
  const changed = keyring.withRootKey(other);
  t.is(changed.rootKey, other);
  t.is(changed.active.key, keyring.active.key);
});

for (const [what, change] of [
  ['a byte short', (bytes: Buffer) => bytes.subarray(0, -1)],
  ['a byte long', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(1)])],
  ['of another version', (bytes: Buffer) => Buffer.concat([Buffer.from([9]), bytes.subarray(1)])],
] as const) {
  test(`a keyring that is ${what} is refused`, (t) => {
    const bytes = change(Keyring.create(ROOT, millis(1)).serialise());
    t.throws(() => Keyring.parse(ROOT, bytes), { instanceOf: DamagedError });
    t.true(
      bytes.every((byte) => byte === 0),
      'and zeroed all the same',
    );
  });
}

test('keys and copies of secrets have memory of their own', (t) => {
  t.is(randomKey().buffer.byteLength, 32);
  t.notDeepEqual(randomKey(), randomKey());
  const copy = ownCopy(Buffer.from('secret'));
  t.is(copy.toString(), 'secret');
  t.is(copy.buffer.byteLength, 6);
});
