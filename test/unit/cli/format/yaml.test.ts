import test from 'ava';
import { parse } from 'yaml';
import { formatYaml } from '#cli/format/yaml.ts';

test('formatYaml() sorts keys and does not indent lists', (t) => {
  const value = {
    n: 7,
    l: [1, 'two', { x: 3, y: [4] }],
    m: { y: { z: 'deep' } },
    e: '',
    nil: null,
  };
  t.is(
    formatYaml(value),
    'e: ""\nl:\n- 1\n- two\n- x: 3\n  "y":\n  - 4\nm:\n  "y":\n    z: deep\n"n": 7\nnil: null\n',
  );
});

test('formatYaml() keeps lines of a text', (t) => {
  t.is(formatYaml({ a: 'x\ny' }), 'a: |-\n  x\n  y\n');
  t.is(formatYaml({ a: 'x\n' }), 'a: |\n  x\n');
  t.is(formatYaml('x\ny'), '|-\n  x\n  y\n');
});

test('formatYaml() prints single values', (t) => {
  t.deepEqual(
    ['1', 'x', 1, true, null, [], {}].map((value) => formatYaml(value)),
    ['"1"\n', 'x\n', '1\n', 'true\n', 'null\n', '[]\n', '{}\n'],
  );
});

/** Texts that a reader takes for something else where they are not quoted. */
const NASTY = [
  '',
  ' ',
  'a ',
  ' a',
  '~',
  'null',
  'yes',
  'No',
  'on',
  'y',
  'n',
  'true',
  '1',
  '0x1F',
  '0o7',
  '1e3',
  '.5',
  '1_000',
  '-1',
  '+1.5',
  '.inf',
  '.NaN',
  '12:30:45',
  '2024-01-01',
  '2024-01-01T00:00:00Z',
  '2024-01-01 00:00:00',
  '<<',
  '=',
  '-',
  '- a',
  '?',
  '? a',
  ':',
  'a: b',
  'a:',
  'a:b',
  '# a',
  'a # b',
  'a#b',
  '[a',
  '{a',
  '}',
  ']',
  ',',
  '&a',
  '*a',
  '!a',
  '|',
  '>',
  "'a",
  '"a"',
  '%a',
  '@a',
  '`a',
  '---',
  '...',
  '--- a',
  'tab\there',
  'bell\u0007',
  'a\nb',
  'a\n',
  'a\n\nb\n\n',
  '\n',
  ' a\nb',
  'a\n b',
  'a\r\nb',
  'größe',
  'emoji 😀',
  "it's",
  String.raw`back\slash`,
  '0b11',
  '0777',
  '08',
  'line\u2028separator',
  '\ufeffbom',
  'http://x/y?z=1&a',
  'a, b',
  'x'.repeat(200),
  'word '.repeat(40).trim(),
  `quoted: ${'word '.repeat(40).trim()}`,
  `two  blanks ${'word  '.repeat(40).trim()}`,
];
for (const text of NASTY) {
  test(`formatYaml() prints ${JSON.stringify(text).slice(0, 60)} so that it is read back`, (t) => {
    const options = { version: '1.1' } as const;
    t.deepEqual(parse(formatYaml({ [text.slice(0, 100)]: [text, { a: text }] }), options), {
      [text.slice(0, 100)]: [text, { a: text }],
    });
    t.is(parse(formatYaml(text), options), text);
  });
}
