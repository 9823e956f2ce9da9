// JSON that keeps its digits.
import test from 'ava';
import { isJsonObject, isRawNumber, parseJson } from '#sdk/json.ts';

const KEPT = [
  '{"n":12345678901234567890}',
  '{"n":[1.0,1e5,-0,0.1]}',
  '{"a":{"b":1234567890123456789.5}}',
  '{"s":"1.0 12345678901234567890","n":7}',
  '{"__proto__":{"x":1}}',
  '1.10',
  '-0',
  '12345678901234567',
  '[[1.10],{"a":-1.10,"b":[0,-0]}]',
  '{"a":"0,1.10","b":"\\":1.10","t":"2024-01-01T00:00:12.10Z","c":1e-7}',
];
for (const text of KEPT) {
  test(`${text} comes back as it was`, (t) => {
    t.is(JSON.stringify(parseJson(text)), text);
  });
}

test('an ordinary number is a number, an unusual one is kept as text', (t) => {
  const { a, b } = parseJson('{"a":1.5,"b":1.50}') as Record<string, unknown>;
  t.is(a, 1.5);
  t.true(isRawNumber(b));
  t.false(isJsonObject(b));
});

test('what is not JSON is refused', (t) => {
  t.throws(() => parseJson('{"a":1.0,}'), { instanceOf: SyntaxError });
});

for (const [text, printed] of [
  [' \t-1.10', '-1.10'],
  ['{ "a"  : \n 1.10 }', '{"a":1.10}'],
  ['[ 1 , 1.10 , -0 ]', '[1,1.10,-0]'],
  ['{"a":{"b" :[ 1E5]}}', '{"a":{"b":[1E5]}}'],
] as const) {
  test(`${JSON.stringify(text)} keeps its digits wherever spaces stand`, (t) => {
    t.is(JSON.stringify(parseJson(text)), printed);
  });
}
