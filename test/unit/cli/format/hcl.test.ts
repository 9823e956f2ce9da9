import test from 'ava';
import { formatHcl } from '#cli/format/hcl.ts';

const CASES: readonly (readonly [string, string, string])[] = [
  [
    'indents and spaces',
    'path "a" {\n      capabilities=["read","list"]\n}',
    'path "a" {\n  capabilities = ["read", "list"]\n}\n',
  ],
  ['aligns neighbours', 'a = 1\nlong = 2\n\nb = 3', 'a    = 1\nlong = 2\n\nb = 3\n'],
  ['leaves one empty line', 'a = 1\n\n\n\nb = 2\n\n', 'a = 1\n\nb = 2\n'],
  ['separates blocks', 'path "a" {}\npath "b" {}', 'path "a" {}\n\npath "b" {}\n'],
  [
    'keeps comments',
    '# one = 1\npath "a" { # two\n/* three */\n}',
    '# one = 1\npath "a" { # two\n  /* three */\n}\n',
  ],
  ['keeps strings', 'a="x  =  { y"', 'a = "x  =  { y"\n'],
  ['keeps a heredoc', 'a = <<EOT\n   x {\nEOT\nb = 1', 'a = <<EOT\n   x {\nEOT\nb = 1\n'],
  ['sets long lists', 'a = [\n"x",\n"y",\n]', 'a = [\n  "x",\n  "y",\n]\n'],
];
for (const [name, text, expected] of CASES) {
  test(`formatHcl() ${name}, and changes nothing the second time`, (t) => {
    t.is(formatHcl(text), expected);
    t.is(formatHcl(expected), expected);
  });
}

for (const text of ['path "a" {', 'path "a" }', 'a = "x', 'a = <<EOT\nx']) {
  test(`formatHcl() refuses ${JSON.stringify(text)}`, (t) => {
    t.throws(() => formatHcl(text));
  });
}
