// How the kit compares an answer with what was recorded.
import test from 'ava';
import { differences } from '#test/conformance/kit/match.ts';

const SAME: readonly (readonly [unknown, unknown])[] = [
  ['text', 'text'],
  [null, null],
  [0, 0],
  [{ a: 1 }, { a: 1, b: 2 }],
  ['<any>', null],
  ['<string>', ''],
  ['<int>', -3],
  ['<number>', 1.5],
  ['<bool>', false],
  ['<uuid>', '01234567-89ab-cdef-0123-456789abcdef'],
  ['<time>', '2026-01-02T03:04:05.678901234Z'],
  ['<time>', '2026-01-02T03:04:05+01:00'],
  ['<token>', 'hvs.CAESIJ0123456789abcdef'],
  ['<base64>', 'aGVsbG8='],
  ['<hex>', 'DEADbeef'],
  ['<serial>', '0a:1b:ff'],
  ['<pem>', '-----BEGIN CERTIFICATE-----\n'],
  ['<jwt>', 'a.b.c'],
  ['<array>', []],
  ['<object>', {}],
  ['<10..20>', 10],
  ['<-1..1>', 1],
  ['<absent>', undefined],
  ['~^a.c$', 'a\nc'],
  [
    [1, '<more>'],
    [1, 2, 3],
  ],
  [['<more>'], []],
];

const DIFFERENT: readonly (readonly [unknown, unknown, string])[] = [
  ['text', 'other', 'answer: expected "text", got "other"'],
  ['text', undefined, 'answer: expected "text", got nothing'],
  ['1', 1, 'answer: expected "1", got 1'],
  ['<any>', undefined, 'answer: expected "<any>", got nothing'],
  ['<text>', '', 'answer: expected "<text>", got ""'],
  ['<int>', 1.5, 'answer: expected "<int>", got 1.5'],
  ['<object>', [], 'answer: expected "<object>", got []'],
  ['<10..20>', 21, 'answer: expected "<10..20>", got 21'],
  ['<absent>', null, 'answer: expected "<absent>", got null'],
  ['~^a$', 'ab', 'answer: expected "~^a$", got "ab"'],
  [[1], [1, 2], 'answer: expected [1], got [1,2]'],
  [[1, '<more>'], [2], '[0]: expected 1, got 2'],
  [{ a: { b: 1 } }, { a: { b: 2 } }, 'a.b: expected 1, got 2'],
  [{ a: { b: 1 } }, { a: null }, 'a: expected {"b":1}, got null'],
  [{ a: [{ b: 1 }] }, { a: [{}] }, 'a[0].b: expected 1, got nothing'],
  [{ toString: 'x' }, {}, 'toString: expected "x", got nothing'],
];

for (const [expected, actual] of SAME) {
  test(`${JSON.stringify(expected)} allows ${JSON.stringify(actual)}`, (t) => {
    t.deepEqual(differences(expected, actual), []);
  });
}

for (const [expected, actual, line] of DIFFERENT) {
  test(`${JSON.stringify(expected)} refuses ${JSON.stringify(actual)}`, (t) => {
    t.deepEqual(differences(expected, actual), [line]);
  });
}

test('fields beyond the recorded are named where they are asked for', (t) => {
  const found = differences({ a: { b: 1 } }, { a: { b: 1, c: 2 } }, { extra: true });
  t.deepEqual(found, ['a.c: not recorded: 2']);
});

test('a long value is cut', (t) => {
  const [line = ''] = differences('', 'x'.repeat(1000));
  t.true(line.endsWith('...'));
  t.true(line.length < 400);
});
