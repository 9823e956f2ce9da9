// Texts of one letter over and over, at which a regular expression can try every place as a beginning. One request
// would keep everybody waiting. What counts is the processor time of this process, which a busy machine does not
// stretch: it grows with the square of the length, or it does not.
import test from 'ava';
import { parseBlock } from '#sdk/cidr.ts';
import { decodeCommaStringSlice, decodePairs, decodeTime } from '#sdk/decode.ts';
import { parseDurationSeconds } from '#sdk/duration.ts';
import { matchesEnds, matchesGlob } from '#sdk/glob.ts';
import { catalog } from '#server/mount/catalog.ts';
import { fullPath } from '#server/mount/enable.ts';
import { parsePolicy } from '#server/policy/parse.ts';

/** At this length what is quadratic takes seconds, and what is linear a few milliseconds. */
const LENGTH = 40_000;
const ENOUGH_MS = 400;
/** The longest target that a request line can have. */
const URL_LENGTH = 15_000;

const LETTERS = [
  '\r',
  '\n',
  ' ',
  '/',
  '*',
  '+',
  '{',
  '{{',
  '}}',
  '"',
  '\\',
  '#',
  'a',
  '1h',
  '.',
  '-',
  ',',
  '=',
  '${',
];
const BEGINNINGS = ['', 'x'];
const ENDS = ['x', '}}'];

/** The longest time that a function took for any of the texts, with the text. */
function slowest(texts: readonly string[], action: (text: string) => unknown): [number, string] {
  const times = texts.map((text): [number, string] => {
    const before = process.cpuUsage();
    try {
      action(text);
    } catch {
      // Refused: what counts is how long that took.
    }
    const { user, system } = process.cpuUsage(before);
    return [(user + system) / 1000, JSON.stringify([text.slice(0, 30), text.slice(-5)])];
  });
  return times.reduce((one, other) => (other[0] > one[0] ? other : one));
}

const hostile = (length: number): readonly string[] =>
  BEGINNINGS.flatMap((beginning) =>
    LETTERS.flatMap((letter) =>
      ENDS.map((end) => beginning + letter.repeat(Math.ceil(length / letter.length)) + end),
    ),
  );

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  'the path of a rule': (text) =>
    parsePolicy('p', `path ${JSON.stringify(text)} { capabilities = ["read"] }`),
  'a template in a rule': (text) =>
    parsePolicy('p', `path "{{identity.entity.name}}${text}" { capabilities = ["read"] }`),
  'a comment in a policy': (text) => parsePolicy('p', `# ${text}`),
  'a policy': (text) => parsePolicy('p', text),
  'a duration': parseDurationSeconds,
  'a block of addresses': parseBlock,
  'a glob': (text) => matchesGlob(text, 'a'.repeat(LENGTH)),
  'the ends of a glob': (text) => matchesEnds(text, 'a'.repeat(LENGTH)),
  pairs: decodePairs,
  'a list': decodeCommaStringSlice,
  'a moment': decodeTime,
  'a heredoc in a policy': (text) => parsePolicy('p', `path "x" { a = <<A\n${text}\nA\n}`),
  'the path of a mount': (path) => fullPath('secret', path),
};

for (const [what, read] of Object.entries(READERS)) {
  test.serial(`a long text as ${what} takes a time that is in proportion`, (t) => {
    const [time, text] = slowest(hostile(LENGTH), read);
    t.true(time < ENOUGH_MS, `${time} ms for ${text}`);
  });
}

// Before anybody has shown a token, the path is looked for among the templates.
test.serial('no target of a request takes long to be found among the declared paths', (t) => {
  const engines = [
    catalog.find('secret', 'cubbyhole', {}),
    catalog.find('secret', 'kv', { version: '1' }),
    catalog.find('secret', 'kv', { version: '2' }),
    catalog.find('secret', 'system', {}),
    catalog.find('auth', 'token', {}),
    catalog.find('auth', 'userpass', {}),
  ];
  const texts = hostile(URL_LENGTH).filter((text) => !/[\r\n]/.test(text));
  for (const { template, matcher } of engines.flatMap((engine) => engine?.paths ?? [])) {
    const targets = texts.flatMap((text) => [
      template.replaceAll(/\{[^}]*\}/g, text),
      template.replaceAll(/\{[^}]*\}/g, '') + text,
    ]);
    const [time, text] = slowest(targets, (target) => matcher.match(target));
    t.true(time < ENOUGH_MS / 5, `${template}: ${time} ms for ${text}`);
  }
});
