import test from 'ava';
import { parseJson } from '#sdk/json.ts';
import {
  Concealed,
  Payload,
  Section,
  SharedSection,
  type Reveal,
} from '#server/audit/concealed.ts';
import { fieldsJson } from '#server/audit/json.ts';

/** Shows hashes as `#text`, tokens as `!text` and accessors as `?text`. */
const reveal: Reveal = {
  token: ({ text }) => `!${text}`,
  accessor: ({ text }) => `?${text}`,
  text: (text) => `#${text}`,
  hash: (text) => `%${text}`,
  elidesLists: false,
};

function payload(data: string, clearKeys: readonly string[] = []): string {
  const value = parseJson(data) as Readonly<Record<string, unknown>>;
  return fieldsJson({ d: new Payload(value, clearKeys) }, reveal).slice('{"d":'.length, -1);
}

const PAYLOADS: readonly (readonly [string, string, string, (readonly string[])?])[] = [
  ['texts are hashed', '{"a":"x"}', '{"a":"#x"}'],
  ['the empty text too', '{"a":""}', '{"a":"#"}'],
  ['numbers, booleans and null are not', '{"a":1,"b":true,"c":null}', '{"a":1,"b":true,"c":null}'],
  [
    'numbers keep every digit',
    '{"a":12345678901234567890,"b":1.50}',
    '{"a":12345678901234567890,"b":1.50}',
  ],
  ['times are not', '{"a":"2024-01-02T03:04:05Z"}', '{"a":"2024-01-02T03:04:05Z"}'],
  ['lists are walked', '{"a":["x",1,["y"]]}', '{"a":["#x",1,["#y"]]}'],
  ['maps are walked', '{"a":{"b":{"c":"x"}}}', '{"a":{"b":{"c":"#x"}}}'],
  ['keys are sorted and clear', '{"b":"x","a":"y"}', '{"a":"#y","b":"#x"}'],
  ['a clear key stays', '{"a":"x","b":"y"}', '{"a":"x","b":"#y"}', ['a']],
  ['a clear key counts at any depth', '{"o":{"a":"x"}}', '{"o":{"a":"x"}}', ['a']],
  ['and for the elements of lists', '{"a":["x",["y"]]}', '{"a":["x",["y"]]}', ['a']],
  ['but only the innermost', '{"a":{"b":"x"}}', '{"a":{"b":"#x"}}', ['a']],
  ['in maps of lists the innermost', '{"a":[{"b":"x"}]}', '{"a":[{"b":"#x"}]}', ['a']],
  ['keys with quotes are escaped', '{"a\\"b":"x"}', '{"a\\"b":"#x"}'],
  ['an empty map is one', '{"a":{}}', '{"a":{}}'],
];

for (const [name, data, expected, clearKeys] of PAYLOADS) {
  test(name, (t) => {
    t.is(payload(data, clearKeys), expected);
  });
}

test('bytes are hashed as base64, never written', (t) => {
  const data = { body: new Uint8Array([1, 2, 3]) };
  t.is(fieldsJson({ d: new Payload(data, []) }, reveal), '{"d":{"body":"#AQID"}}');
});

test('fields that are undefined are left out, at every depth', (t) => {
  const fields = {
    a: undefined,
    b: new Section({ c: undefined }),
    d: new Payload({ e: undefined }, []),
  };
  t.is(fieldsJson(fields, reveal), '{"b":{},"d":{}}');
});

test('tokens and accessors are shown as the device says', (t) => {
  const fields = {
    token: new Concealed('token', 'a'),
    accessor: new Concealed('accessor', 'b'),
    headers: [new Concealed('header', 'c')],
    policies: ['d'],
  };
  t.is(
    fieldsJson(fields, reveal),
    '{"token":"!a","accessor":"?b","headers":["%c"],"policies":["d"]}',
  );
});

test('a list is a number where lists are elided, with what else the answer has', (t) => {
  const data = { keys: ['a', 'b'], key_info: { a: {}, b: {}, c: {} }, other: 'x' };
  const elides = { ...reveal, elidesLists: true };
  t.is(
    fieldsJson({ d: new Payload(data, [], true) }, elides),
    '{"d":{"key_info":3,"keys":2,"other":"#x"}}',
  );
  t.is(fieldsJson({ d: new Payload({ keys: ['a'] }, []) }, elides), '{"d":{"keys":["#a"]}}');
  t.is(fieldsJson({ d: new Payload({ keys: ['a'] }, [], true) }, reveal), '{"d":{"keys":["#a"]}}');
});

const nested = (depth: number) => `${'{"a":'.repeat(depth)}"x"${'}'.repeat(depth)}`;
const lists = (depth: number) => `{"a":${'['.repeat(depth)}"x"${']'.repeat(depth)}}`;

test('data as deep as a body may be is walked, deeper is refused', (t) => {
  t.true(payload(nested(510)).includes('"#x"'));
  t.throws(() => payload(nested(700)), { message: /nested too deeply/ });
  t.throws(() => payload(lists(700)), { message: /nested too deeply/ });
});

test('a shared section is written once for each device', (t) => {
  let hashes = 0;
  const counting = (): Reveal => ({ ...reveal, text: (text) => `${(hashes += 1)}${text}` });
  const section = new SharedSection({ d: new Payload({ a: 'x' }, []) });
  const [one, other] = [counting(), counting()];
  const texts = [one, one, other, one].map((device) => fieldsJson({ section }, device));
  t.is(hashes, 2);
  t.is(texts[0], texts[3]);
});
