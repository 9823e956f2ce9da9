import test from 'ava';
import { humanDuration, looksLikeDuration, quoteList, show, showTime } from '#cli/format/go.ts';
import { formatJson } from '#cli/format/json.ts';
import { columns, table, title, titleOfMap } from '#cli/format/table.ts';
import { wrap, wrapIndented } from '#cli/format/wrap.ts';
import { parseJson } from '#sdk/json.ts';

const SHOWN: readonly (readonly [unknown, string])[] = [
  ['text', 'text'],
  [null, '<nil>'],
  [true, 'true'],
  [1.5, '1.5'],
  [[1, 'two', { x: 3 }], '[1 two map[x:3]]'],
  [{ b: 1, a: null }, 'map[a:<nil> b:1]'],
  [{}, 'map[]'],
  [parseJson('12345678901234567890'), '12345678901234567890'],
];
for (const [value, expected] of SHOWN) {
  test(`show() prints ${expected} as Go does`, (t) => {
    t.is(show(value), expected);
  });
}

const DURATIONS: readonly (readonly [unknown, unknown])[] = [
  [0, '0s'],
  [2764800, '768h'],
  [3605, '1h5s'],
  [5400, '1h30m'],
  [600, '10m'],
  [61, '1m1s'],
  ['1h0m0s', '1h0m0s'],
  [1.5, 1.5],
];
for (const [seconds, expected] of DURATIONS) {
  test(`humanDuration(${String(seconds)}) is ${String(expected)}`, (t) => {
    t.is(humanDuration(seconds), expected);
  });
}

test('only fields that hold seconds by their name are shown as durations', (t) => {
  const names = ['ttl', 'token_max_ttl', 'period', 'token_period', 'lease_duration', 'lease_max'];
  t.deepEqual(names.filter(looksLikeDuration), [
    'ttl',
    'token_max_ttl',
    'period',
    'token_period',
    'lease_duration',
    'lease_max',
  ]);
  t.deepEqual(['ttls', 'throttle', 'periods', 'version', 'battl'].filter(looksLikeDuration), []);
});

test('showTime() prints a moment as Go does', (t) => {
  t.is(showTime('2024-05-06T07:08:09.120Z'), '2024-05-06 07:08:09.12 +0000 UTC');
  t.is(showTime('2024-05-06T07:08:09+02:00'), '2024-05-06 07:08:09 +0200 +0200');
  t.is(showTime('soon'), 'soon');
});

test('quoteList() prints texts in quotes', (t) => {
  t.is(quoteList(['default', 'a"b']), '["default" "a\\"b"]');
  t.is(quoteList(undefined), '[]');
});

test('table() underlines its header and fills empty cells', (t) => {
  t.is(
    table(
      ['Key', 'Value'],
      [
        ['größe', ''],
        ['a', ' x '],
      ],
    ),
    'Key      Value\n---      -----\ngröße    n/a\na        x',
  );
});

test('columns() has no header', (t) => {
  t.is(
    columns([
      ['a', 'b'],
      ['long', 'c'],
    ]),
    'a       b\nlong    c',
  );
});

test('title() is about as wide as its body, and at least two signs on each side', (t) => {
  t.is(title('Secret Path', 'secret/data/app'.length), '= Secret Path =');
  t.is(title('Secret Path', 3), '== Secret Path ==');
  t.is(titleOfMap('Data', { password: 1, user: 2 }), '====== Data ======');
});

test('wrap() sets lines of even length', (t) => {
  t.is(
    wrap(
      'Warning! Force-removing leases can cause Vault to become out of sync with secret engines!',
    ),
    'Warning! Force-removing leases can cause Vault to become out of sync with\nsecret engines!',
  );
  t.is(
    wrapIndented(
      "* Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. If using the Vault CLI, use 'vault kv list' for this operation.",
      2,
    ),
    "  * Invalid path for a versioned K/V secrets engine. See the API docs for\n  the appropriate API endpoints to use. If using the Vault CLI, use 'vault kv\n  list' for this operation.",
  );
});

test('wrap() breaks no word, however long', (t) => {
  const word = 'x'.repeat(100);
  t.is(wrap(`a ${word} b`), `a ${word}\nb`);
});

test('formatJson() sorts maps, keeps the order of structures and escapes markup', (t) => {
  const value = new Map<string, unknown>([
    ['z', { b: '<&>', a: [] }],
    ['a', [{}, null]],
  ]);
  t.is(
    formatJson(value),
    String.raw`{
  "z": {
    "a": [],
    "b": "\u003c\u0026\u003e"
  },
  "a": [
    {},
    null
  ]
}`,
  );
});

test('formatJson() prints numbers digit by digit', (t) => {
  t.is(
    formatJson(parseJson('[12345678901234567890, 1.50]')),
    '[\n  12345678901234567890,\n  1.50\n]',
  );
});

test('formatJson() sorts keys that are numbers as texts', (t) => {
  t.is(formatJson({ 10: 1, 9: 2 }), '{\n  "10": 1,\n  "9": 2\n}');
});
