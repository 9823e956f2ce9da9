// Weak decoding: what each kind of field takes, and what it refuses without showing it.
import test from 'ava';
import * as decode from '#sdk/decode.ts';
import { parseJson } from '#sdk/json.ts';

type Decoder = (raw: unknown) => unknown;

/** Refused. */
const NO = Symbol('refused');
const big = parseJson('12345678901234567890');
const half = parseJson('1.50');

const CASES: Readonly<
  Record<string, readonly [Decoder, readonly (readonly [unknown, unknown])[]]>
> = {
  string: [
    decode.decodeString,
    [
      ['x', 'x'],
      [5, '5'],
      [big, '12345678901234567890'],
      [true, '1'],
      [false, '0'],
      [null, ''],
      [['x'], NO],
      [{ a: 1 }, NO],
    ],
  ],
  integer: [
    decode.decodeInteger,
    [
      [7, 7],
      ['-7', -7],
      ['', 0],
      [null, 0],
      [true, 1],
      [' 1', NO],
      ['1.5', NO],
      [1.5, NO],
      [half, NO],
      [big, NO],
      ['12345678901234567890', NO],
      [[1], NO],
      [{}, NO],
    ],
  ],
  boolean: [
    decode.decodeBoolean,
    [
      [true, true],
      ['true', true],
      ['F', false],
      ['', false],
      [0, false],
      [2, true],
      [null, false],
      ['perhaps', NO],
      [['true'], NO],
    ],
  ],
  duration: [
    decode.decodeDuration,
    [
      ['1h30m', 5400],
      [90, 90],
      ['90', 90],
      ['', 0],
      [null, 0],
      ['-1s', NO],
      ['soon', NO],
      [true, NO],
      [['1h'], NO],
    ],
  ],
  'signed duration': [
    decode.decodeSignedDuration,
    [
      ['-1s', -1],
      ['2d', 172_800],
      ['soon', NO],
    ],
  ],
  'list with commas': [
    decode.decodeCommaStringSlice,
    [
      ['', []],
      [null, []],
      ['a', ['a']],
      ['a, b ,c', ['a', 'b', 'c']],
      ['a,,b,', ['a', '', 'b', '']],
      [' ', ['']],
      [
        [' a ', 'b,c', '', 5],
        ['a', 'b,c', '', '5'],
      ],
      [5, ['5']],
      [{ a: 1 }, NO],
      [[{ a: 1 }], NO],
    ],
  ],
  'whole numbers with commas': [
    decode.decodeCommaIntegerSlice,
    [
      ['', []],
      [null, []],
      [3, [3]],
      ['1,2', [1, 2]],
      [
        [1, '2'],
        [1, 2],
      ],
      ['1, 2', NO],
      ['one', NO],
      [{ a: 1 }, NO],
    ],
  ],
  map: [
    decode.decodeMap,
    [
      [{ a: 1 }, { a: 1 }],
      [null, {}],
      ['x', NO],
      [[1], NO],
      [5, NO],
      [big, NO],
    ],
  ],
  pairs: [
    decode.decodePairs,
    [
      [
        { a: 1, b: true },
        { a: '1', b: '1' },
      ],
      ['a=1, b = 2,', { a: '1', b: '2' }],
      [['a=b=c'], { a: 'b=c' }],
      ['', {}],
      ['a', NO],
      ['=a', NO],
    ],
  ],
};

for (const [kind, [decoder, cases]] of Object.entries(CASES)) {
  for (const [raw, expected] of cases) {
    test(`${JSON.stringify(raw)} as ${kind} is ${expected === NO ? 'refused' : JSON.stringify(expected)}`, (t) => {
      if (expected !== NO) return t.deepEqual(decoder(raw), expected);
      const error = t.throws(() => decoder(raw), { instanceOf: decode.DecodeError });
      return t.false(error.message.includes('soon') || error.message.includes('perhaps'));
    });
  }
}
