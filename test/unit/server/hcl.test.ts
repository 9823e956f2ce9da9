// HCL version 1 and its JSON form: what is read, where, and what is refused in which words.
import test from 'ava';
import { parseHcl } from '#server/hcl.ts';
import { blocks, lastValue, plain } from '#server/hcl/read.ts';

/** The tree as JSON would show it: records have no prototype, which deepEqual would notice. */
const read = (text: string): unknown => JSON.parse(JSON.stringify(plain(parseHcl(text))));

const READ: Readonly<Record<string, readonly [string, unknown]>> = {
  'an empty document': ['', {}],
  'a document of comments': ['# a\n// b\n/* c\n d */', {}],
  'a byte order mark': ['\uFEFFa = 1', { a: 1 }],
  'line breaks of Windows': ['a = 1\r\nb = <<E\r\nx\r\nE\r\n', { a: 1, b: 'x\n' }],
  'whole numbers': ['a = 7\nb = -7\nc = 0x1F\nd = 017\ne = 0', { a: 7, b: -7, c: 31, d: 15, e: 0 }],
  fractions: ['a = 1.5\nb = -2e3\nc = 1.5E-1', { a: 1.5, b: -2000, c: 0.15 }],
  booleans: ['a = true\nb = false', { a: true, b: false }],
  'escapes in a string': [String.raw`a = "x\n\t\"\\\x41é\U0001F600\101"`, { a: 'x\n\t"\\Aé😀A' }],
  'templates of policies': [
    'a = "kv/{{identity.entity.id}}/*"',
    { a: 'kv/{{identity.entity.id}}/*' },
  ],
  'a dollar sign': ['a = "$5 ${x "y" {z}\n} $"', { a: '$5 ${x "y" {z}\n} $' }],
  'letters of any alphabet': ['größe = "ü"', { größe: 'ü' }],
  'names with dashes and dots': ['min-chars = 1\na.b = 2', { 'min-chars': 1, 'a.b': 2 }],
  'quoted names': ['"a b" = 1', { 'a b': 1 }],
  'two settings on a line': ['a = 1 b = 2', { a: 1, b: 2 }],
  'a list': ['a = [1, "x", true, [2], {b = 3},]', { a: [1, 'x', true, [2], { b: 3 }] }],
  'a list over lines, with comments': ['a = [\n1, # one\n2 // two\n]', { a: [1, 2] }],
  'an empty list': ['a = []', { a: [] }],
  'an object': ['a = { b = 1, c = { d = 2 } }', { a: { b: 1, c: { d: 2 } } }],
  'a block': ['a { b = 1 }', { a: { b: 1 } }],
  'a block with labels': ['a "b" "c" { d = 1 }', { a: { b: { c: { d: 1 } } } }],
  'the last of two': ['a = 1\na = 2', { a: 2 }],
  'a heredoc': ['a = <<EOF\none\n  two\nEOF\nb = 1', { a: 'one\n  two\n', b: 1 }],
  'an empty heredoc': ['a = <<EOF\nEOF\n', { a: '' }],
  'an indented heredoc': ['a = <<-EOF\n    one\n      two\n    EOF\n', { a: 'one\n  two\n' }],
  'a heredoc less indented than its end': ['a = <<-E\none\n  E\n', { a: 'one\n' }],
  'a heredoc that holds a longer word': ['a = <<E\nEE\n E\nE', { a: 'EE\n E\n' }],
  'a name that is like an object of JavaScript': [
    '__proto__ { a = 1 }',
    JSON.parse('{"__proto__":{"a":1}}'),
  ],
  JSON: [
    ' {"a": 1, "b": [true, "x\\u0041", -1.5e2], "c": {"d": null}}',
    { a: 1, b: [true, 'xA', -150], c: {} },
  ],
  'empty JSON': ['{}', {}],
};

for (const [title, [text, expected]] of Object.entries(READ)) {
  test(`reads ${title}`, (t) => {
    t.deepEqual(read(text), expected);
  });
}

const REFUSED: Readonly<Record<string, readonly [string, string]>> = {
  'a name alone': ['a', "At 1:2: key 'a' expected start of object ('{') or assignment ('=')"],
  'a name alone in a block': [
    'b {\n a\n}',
    "At 3:1: key 'a' expected start of object ('{') or assignment ('=')",
  ],
  'a name without a value': ['a =', 'At 1:4: Unknown token: 1:4 EOF '],
  'a value without a name': ['= 1', 'At 1:1: no object keys found!'],
  'a block without a name': [
    'a = 1\n[',
    'At 2:1: expected: IDENT | STRING | ASSIGN | LBRACE got: LBRACK',
  ],
  'an object in an object without a name': [
    'a { { b = 1 } }',
    'At 1:5: expected: IDENT | STRING got: LBRACE',
  ],
  'two names before =': ['a b = 1', 'At 1:5: nested object expected: LBRACE got: ASSIGN'],
  'an open block': ['a {\nb = 1', 'At 2:6: object expected closing RBRACE got: EOF'],
  'a closing brace too many': [
    'a = 1 }',
    'At 1:7: expected: IDENT | STRING | ASSIGN | LBRACE got: RBRACE',
  ],
  'an open list': ['a = [1', 'At 1:7: error parsing list, expected comma or list end, got: EOF'],
  'a list without commas': [
    'a = [1 2]',
    'At 1:8: error parsing list, expected comma or list end, got: NUMBER',
  ],
  'a word in a list': ['a = [b]', 'At 1:6: unexpected token while parsing list: IDENT'],
  'a word as a value': ['a = b', 'At 1:5: Unknown token: 1:5 IDENT b'],
  'a duration without quotes': [
    'a = 5m',
    "At 1:7: key 'm' expected start of object ('{') or assignment ('=')",
  ],
  'a character of no use': ['a = 1\n?', 'At 2:1: illegal character'],
  'an open string': ['a = "x\n"', 'At 1:5: literal not terminated'],
  'an open interpolation': ['a = "${x', 'At 1:5: literal not terminated'],
  'an unknown escape': [String.raw`a = "\q"`, 'At 1:5: illegal char escape'],
  'an escape that is no character': [String.raw`a = "\UFFFFFFFF"`, 'At 1:5: illegal char escape'],
  'an open comment': ['/* a', 'At 1:1: comment not terminated'],
  'half a comment': ['/ a', "At 1:1: expected '/' for comment"],
  'a null character': ['a = 1\0', 'At 1:6: unexpected null character (0x00)'],
  'an open heredoc': ['a = <<E\nx', 'At 1:5: heredoc not terminated'],
  'a heredoc without a word': ['a = <<\nx', 'At 1:5: zero-length heredoc anchor'],
  'a heredoc with a strange word': [
    'a = <<A B\nx\nA B',
    'At 1:5: invalid characters in heredoc anchor',
  ],
  'half a heredoc': ['a = <x', "At 1:5: heredoc expected second '<', didn't see it"],
  'an empty hexadecimal number': ['a = 0x', 'At 1:5: illegal hexadecimal number'],
  'a wrong octal number': ['a = 089', 'At 1:5: illegal octal number'],
  'JSON with something behind it': ['{} x', 'At 1:4: unexpected "x"'],
  'JSON with a comma too many': ['{"a": 1,}', 'At 1:9: unexpected "}"'],
  'JSON with a word': ['{"a":\n yes}', 'At 2:2: Unknown token: yes'],
  'open JSON': ['{"a": [1', 'At 1:9: unexpected end'],
  'JSON with a bad escape': [String.raw`{"\q": 1}`, 'At 1:2: illegal char escape'],
};

for (const [title, [text, message]] of Object.entries(REFUSED)) {
  test(`refuses ${title}`, (t) => {
    t.throws(() => parseHcl(text), { name: 'HclError', message });
  });
}

for (const [form, open, close] of [
  ['blocks', 'a {', '}'],
  ['lists', '[', ']'],
  ['JSON', '{"a":', '}'],
] as const) {
  const nested = (depth: number): string =>
    `${form === 'lists' ? 'a = ' : ''}${open.repeat(depth)}${form === 'JSON' ? '1' : ''}${close.repeat(depth)}`;
  test(`${form} nest 64 deep and no deeper`, (t) => {
    t.notThrows(() => parseHcl(nested(64)));
    t.throws(() => parseHcl(nested(65)), { message: /nested too deeply/ });
    t.throws(() => parseHcl(open.repeat(100_000)), { name: 'HclError' });
  });
}

test('a document longer than a storage entry is refused', (t) => {
  t.throws(() => parseHcl(' '.repeat(1_048_577)), { message: /longer than/ });
  t.notThrows(() => parseHcl(`a = "${'x'.repeat(1_000_000)}"`));
  t.notThrows(() => parseHcl(`{"a": "${String.raw`\n`.repeat(400_000)}"}`));
});

test('positions count lines and columns from 1', (t) => {
  const { entries } = parseHcl('a = 1\n\n  b {\n    c = 2\n  }\n');
  t.like(entries[1]?.keys[0], { text: 'b', at: { line: 3, column: 3 } });
  const json = parseHcl('{\n "a": 1,\n   "b": 2}');
  t.like(json.entries[1]?.keys[0], { text: 'b', at: { line: 3, column: 4 } });
});

const labelled = (text: string, name: string, count: number): unknown =>
  blocks(parseHcl(text), name, count).map(({ labels, body }) => [
    labels,
    JSON.parse(JSON.stringify(plain(body))),
  ]);

const BLOCKS: Readonly<Record<string, readonly [string, unknown]>> = {
  'of HCL': [
    'l "t" { a = 1 }\nl "u" { a = 2 }\nm "x" {}',
    [
      [['t'], { a: 1 }],
      [['u'], { a: 2 }],
    ],
  ],
  'of HCL without labels': ['l { a = 1 }', [[[], { a: 1 }]]],
  'of HCL with a label too many': ['l "t" "u" { a = 1 }', [[['t'], { u: { a: 1 } }]]],
  'of HCL as a list': [
    'l = [{ a = 1 }, { a = 2 }]',
    [
      [[], { a: 1 }],
      [[], { a: 2 }],
    ],
  ],
  'of nested JSON': [
    '{"l": {"t": {"a": 1}, "u": {}}}',
    [
      [['t'], { a: 1 }],
      [['u'], {}],
    ],
  ],
  'of JSON in lists': [
    '{"l": [{"t": {"a": 1}}, {"t": [{"a": 2}, {"a": 3}]}]}',
    [
      [['t'], { a: 1 }],
      [['t'], { a: 2 }],
      [['t'], { a: 3 }],
    ],
  ],
};

for (const [title, [text, expected]] of Object.entries(BLOCKS)) {
  test(`finds blocks ${title}`, (t) => {
    t.deepEqual(labelled(text, 'l', 1), expected);
  });
}

test('a block that is none is refused', (t) => {
  t.throws(() => labelled('\nl = 5', 'l', 1), { message: 'At 2:5: a block is needed here' });
  t.throws(() => labelled('{"l": {"t": 5}}', 'l', 1), { name: 'HclError' });
});

test('a value given twice is the last one, a list given twice is one list', (t) => {
  const body = parseHcl('a = 1\na = 2\nb = [1]\nb = [2, 3]\nc "x" {}');
  const value = (name: string): unknown => {
    const found = lastValue(body, name);
    return found === undefined ? undefined : plain(found);
  };
  t.is(value('a'), 2);
  t.deepEqual(value('b'), [1, 2, 3]);
  t.is(value('c'), undefined);
  t.is(value('d'), undefined);
});
