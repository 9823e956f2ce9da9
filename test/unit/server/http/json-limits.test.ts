// What is small to send and large to hold, at each limit and one beyond it.
import test from 'ava';
import { boundJson, type JsonLimits } from '#server/http/json-limits.ts';

const LIMITS: JsonLimits = {
  max_json_depth: 3,
  max_json_string_value_length: 4,
  max_json_object_entry_count: 3,
  max_json_array_element_count: 3,
  max_json_token: 12,
};

const ALLOWED = [
  '{"a":1}',
  '{"a":{"b":[1]}}',
  '{"abcd":1}',
  '{"a":1,"b":2,"c":3}',
  '[1,2,3]',
  '["[[[[","a\\"b"]',
  '{"a":"{,,,"}',
];
for (const text of ALLOWED) {
  test(`${text} is within the limits`, (t) => {
    t.notThrows(() => boundJson(Buffer.from(text), LIMITS));
  });
}

const REFUSED: readonly (readonly [string, string])[] = [
  ['[[[[1]]]]', 'nesting depth of 3'],
  ['{"abcde":1}', 'string length of 4'],
  ['["abcde"', 'string length of 4'],
  ['{"a":1,"b":2,"c":3,"d":4}', 'number of object entries of 3'],
  ['[1,2,3,4]', 'number of array elements of 3'],
  ['[[1,2],[1,2],[1,2]]', 'number of tokens of 12'],
];
for (const [text, limit] of REFUSED) {
  test(`${text} exceeds the ${limit}`, (t) => {
    const expected = { message: `failed to parse JSON input: exceeded the maximum ${limit}` };
    t.throws(() => boundJson(Buffer.from(text), LIMITS), expected);
  });
}
