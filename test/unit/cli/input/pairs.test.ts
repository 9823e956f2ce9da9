import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { Host } from '#cli/host.ts';
import { parseData, parseQuery, parseTexts } from '#cli/input/pairs.ts';

const folder = mkdtempSync(join(tmpdir(), 'coffer-test-'));
test.after.always(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const json = file('data.json', '{"a":"one","n":7,"deep":{"x":true}}');
const note = file('note.txt', 'first\nsecond\n');
const secretFile = file('broken.json', '{"password": "hunter2" oops');

const host = (stdin = ''): Host => ({
  environment: {},
  home: folder,
  isTerminal: false,
  stdout: () => undefined,
  stderr: () => undefined,
  readStdin: () => stdin,
  readHidden: () => Promise.reject(new Error('no terminal')),
  sleep: async () => undefined,
  now: () => 0,
});

const PARSED: readonly (readonly [readonly string[], string, object])[] = [
  [['a=1', 'b=x=y', 'c='], '', { a: '1', b: 'x=y', c: '' }],
  [['a=1', 'a=2', 'a=3'], '', { a: ['1', '2', '3'] }],
  [['mail=\\@home'], '', { mail: '@home' }],
  [[`@${json}`], '', { a: 'one', n: 7, deep: { x: true } }],
  [[`@${json}`, 'b=2'], '', { a: 'one', n: 7, deep: { x: true }, b: '2' }],
  [['a=0', `@${json}`], '', { a: 'one', n: 7, deep: { x: true } }],
  [[`note=@${note}`], '', { note: 'first\nsecond\n' }],
  [['-'], '{"from":"stdin"}', { from: 'stdin' }],
  [['key=-'], 'typed\n', { key: 'typed\n' }],
  [['', 'a=1'], '', { a: '1' }],
];
for (const [args, stdin, expected] of PARSED) {
  test(`parseData() reads ${JSON.stringify(args).replaceAll(folder, '')}`, (t) => {
    t.deepEqual(parseData(args, host(stdin)), expected);
  });
}

const REFUSED: readonly (readonly [readonly string[], string, string])[] = [
  [['word'], '', 'invalid key/value pair "word": format must be key=value'],
  [
    ['@/no/such.json'],
    '',
    'invalid key/value pair "@/no/such.json": open /no/such.json: no such file or directory',
  ],
  [
    ['a=@/no/such'],
    '',
    'invalid key/value pair "a=@/no/such": error reading file: open /no/such: no such file or directory',
  ],
  [['-'], 'oops', 'invalid key/value pair "-": invalid character in JSON input'],
  [['-'], '', 'invalid key/value pair "-": EOF'],
  [
    ['-'],
    '[1,2]',
    'invalid key/value pair "-": json: cannot unmarshal array into Go value of type map[string]interface {}',
  ],
  [['a=-', 'b=-'], 'x', 'invalid key/value pair "b=-": stdin already consumed'],
];
for (const [args, stdin, message] of REFUSED) {
  test(`parseData() refuses ${JSON.stringify(args)} with ${JSON.stringify(stdin)} typed`, (t) => {
    t.throws(() => parseData(args, host(stdin)), { message });
  });
}

test('what is in a file that is no JSON is not repeated', (t) => {
  const error = t.throws(() => parseData([`@${secretFile}`], host()));
  t.false(error.message.includes('hunter2'));
});

test('numbers keep their digits', (t) => {
  const data = parseData(['-'], host('{"n":12345678901234567890}'));
  t.is(JSON.stringify(data), '{"n":12345678901234567890}');
});

test('parseTexts() makes texts of values, and refuses what is none', (t) => {
  t.deepEqual(parseTexts(['-'], host('{"b":true,"n":1.50,"s":"x"}')), {
    b: '1',
    n: '1.50',
    s: 'x',
  });
  t.throws(() => parseTexts(['-'], host('{"a":{}}')), {
    message: 'failed to convert values to strings',
  });
});

test('parseQuery() repeats a key for each of its values', (t) => {
  t.deepEqual(parseQuery(['a=1', 'a=2', 'b=3'], host()), [
    ['a', '1'],
    ['a', '2'],
    ['b', '3'],
  ]);
});
