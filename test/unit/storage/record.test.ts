import test from 'ava';
import type { Index } from '#storage/physical.ts';
import {
  decodeRecord,
  decodeState,
  encodeRecord,
  encodeState,
  fingerprintOf,
  STATE_BYTES,
  StateHash,
  valueOf,
} from '#storage/record.ts';

const at = (index: number): Index => index as Index;

for (const [key, index, value] of [
  ['a', 1, 'value'],
  ['', 0, ''],
  ['é/\u{1f511}', 2 ** 47, 'x'.repeat(70_000)],
] as const) {
  test(`the record of ${JSON.stringify(key)} at ${index} is decoded as it was encoded`, (t) => {
    const record = encodeRecord({ key, index: at(index), value: Buffer.from(value) });
    const decoded = decodeRecord(record);
    t.is(decoded?.key, key);
    t.is(decoded?.index, at(index));
    t.is(valueOf(record).toString(), value);
  });
}

for (const bytes of ['', '00', '000000000000000100000001', '0000000000000001ffffffff61']) {
  test(`[${bytes}] is no record`, (t) => {
    t.is(decodeRecord(Buffer.from(bytes, 'hex')), undefined);
  });
}

test('the fingerprint is SHA-256, a character for each byte', (t) => {
  const print = fingerprintOf(Buffer.from('abc'));
  t.is(
    Buffer.from(print, 'latin1').toString('hex'),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

test('keys and values that run into each other have other fingerprints', (t) => {
  const [one, two] = [
    ['ab', 'c'],
    ['a', 'bc'],
  ].map(([key = '', value = '']) =>
    fingerprintOf(encodeRecord({ key, index: at(1), value: Buffer.from(value) })),
  );
  t.not(one, two);
});

test('a state hash adds and subtracts in any order, over the ends of its lanes', (t) => {
  const prints = Array.from({ length: 40 }, (_, byte) => fingerprintOf(Buffer.from([byte])));
  const [one, two] = [new StateHash(), new StateHash()];
  for (const print of prints) one.add(print);
  for (const print of prints.toReversed()) two.add(print);
  t.true(one.equals(two));
  const copy = one.copy();
  for (const print of prints.slice(1)) one.subtract(print);
  t.is<string | undefined, string | undefined>(one.bytes().toString('latin1'), prints[0]);
  t.false(one.equals(copy), 'a copy is its own');
  t.true(new StateHash(copy.bytes()).equals(copy));
});

test('a state is decoded as it was encoded, and each flipped bit is found', (t) => {
  const hash = new StateHash();
  hash.add(fingerprintOf(Buffer.from('x')));
  const bytes = encodeState({ index: at(2 ** 40), count: 7, hash });
  t.is(bytes.length, STATE_BYTES);
  const decoded = decodeState(bytes);
  t.like(decoded, { index: at(2 ** 40), count: 7 });
  t.true(decoded?.hash.equals(hash));
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = Buffer.from(bytes);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    t.is(decodeState(damaged), undefined);
  }
  t.is(decodeState(bytes.subarray(1)), undefined);
});
