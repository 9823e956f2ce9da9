import test from 'ava';
import { Cursor } from '#storage/leveldb/cursor.ts';

const NUMBERS: readonly (readonly [string, number])[] = [
  ['00', 0],
  ['7f', 127],
  ['8001', 128],
  ['ac02', 300],
  ['ffffffff0f', 0xffffffff],
  ['ffffffffffffff0f', 2 ** 53 - 1],
];

for (const [hex, number] of NUMBERS) {
  test(`[${hex}] is ${number}`, (t) => {
    const cursor = new Cursor(Buffer.from(hex, 'hex'));
    t.is(cursor.number(), number);
    t.true(cursor.atEnd);
  });
}

test('strings follow their length', (t) => {
  const cursor = new Cursor(Buffer.from('\x03abc\x00\x01d', 'latin1'));
  t.deepEqual([cursor.string(), cursor.string(), cursor.string()].map(String), ['abc', '', 'd']);
});

for (const hex of ['', '80', '0361', 'ffffff7f']) {
  test(`[${hex}] ends too early`, (t) => {
    t.throws(() => new Cursor(Buffer.from(hex, 'hex')).string(), { instanceOf: RangeError });
  });
}
