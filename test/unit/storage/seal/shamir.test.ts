import { readFileSync } from 'node:fs';
import test from 'ava';
import { combine, invert, multiply, ShareError, split } from '#storage/seal/shamir.ts';
import { seededRandom } from '#test/helpers/random.ts';

interface Vectors {
  readonly products: readonly (readonly [number, number, number])[];
  readonly sharings: readonly { threshold: number; secret: string; shares: readonly string[] }[];
}

const vectors = JSON.parse(readFileSync('test/vectors/shamir.json', 'utf8')) as Vectors;
const BYTES = Array.from({ length: 256 }, (_, byte) => byte);

test('multiply() gives the products that others give', (t) => {
  for (const [left, right, product] of vectors.products) {
    t.is(multiply(left, right), product);
    t.is(multiply(right, left), product);
  }
});

test('multiply() and invert() make a field of the bytes', (t) => {
  t.is(invert(0), 0);
  const wrong = BYTES.slice(1).filter((byte) => multiply(byte, invert(byte)) !== 1);
  t.deepEqual(wrong, []);
  const undistributed = BYTES.filter(
    (byte) => multiply(byte, 0x57 ^ 0x83) !== (multiply(byte, 0x57) ^ multiply(byte, 0x83)),
  );
  t.deepEqual(undistributed, []);
});

test('combine() finds the secret of shares that another program made', (t) => {
  for (const { threshold, secret, shares } of vectors.sharings) {
    const parts = shares.map((share) => Buffer.from(share, 'hex'));
    t.is(combine(parts.slice(0, threshold)).toString('hex'), secret);
    t.is(combine(parts.toReversed().slice(0, threshold)).toString('hex'), secret);
    t.is(combine(parts).toString('hex'), secret, 'more than needed do no harm');
  }
});

const SHARINGS = [
  [2, 2],
  [3, 2],
  [5, 3],
  [7, 7],
  [255, 2],
  [40, 20],
] as const;

for (const [shares, threshold] of SHARINGS) {
  test(`any ${threshold} of ${shares} shares bring the secret back, fewer do not`, (t) => {
    const random = seededRandom(shares * 256 + threshold);
    const secret = random.bytes(32);
    const parts = split(secret, { shares, threshold });
    t.is(parts.length, shares);
    for (let round = 0; round < 10; round++) {
      const some = shuffle(parts, random.below).slice(0, threshold);
      t.deepEqual(combine(some), secret);
      if (threshold > 2) t.notDeepEqual(combine(some.slice(1)), secret);
    }
  });
}

test('split() makes shares of the length of the secret and one, the last byte another in each', (t) => {
  const parts = split(Buffer.alloc(32, 1), { shares: 255, threshold: 2 });
  t.true(parts.every((part) => part.length === 33));
  t.deepEqual(
    parts.map((part) => part[32]).toSorted((a = 0, b = 0) => a - b),
    BYTES.slice(1),
  );
  t.notDeepEqual(
    parts.map((part) => part[32]),
    BYTES.slice(1),
    'in random order',
  );
});

test('split() makes other shares each time, in memory of their own', (t) => {
  const [one, two] = [0, 1].map(() => split(Buffer.alloc(32, 1), { shares: 3, threshold: 2 }));
  t.notDeepEqual(one, two);
  t.true(one?.every((part) => part.buffer.byteLength === part.length));
});

test('split() spreads the bytes of a share evenly whatever the secret', (t) => {
  const counts = Array.from({ length: 16 }, () => 0);
  for (let round = 0; round < 100; round++) {
    const [share] = split(Buffer.alloc(32), { shares: 2, threshold: 2 });
    share?.subarray(0, 32).forEach((byte) => (counts[byte >> 4] = (counts[byte >> 4] ?? 0) + 1));
  }
  // 3,200 bytes in 16 classes: 200 each, 13.7 of standard deviation.
  t.true(
    counts.every((count) => count > 120 && count < 280),
    counts.join(),
  );
});

const REFUSED: readonly (readonly [string, readonly string[]])[] = [
  ['less than two parts cannot be used to reconstruct the secret', []],
  ['less than two parts cannot be used to reconstruct the secret', ['0102']],
  ['parts must be at least two bytes', ['01', '02']],
  ['all parts must be the same length', ['0101', '010202']],
  ['duplicate part detected', ['0101', '0201', '0302']],
];

for (const [message, parts] of REFUSED) {
  test(`combine() refuses [${parts.join(' ')}]: ${message}`, (t) => {
    t.throws(() => combine(parts.map((part) => Buffer.from(part, 'hex'))), {
      instanceOf: ShareError,
      message,
    });
  });
}

test('split() refuses numbers that nobody has checked', (t) => {
  for (const [shares, threshold] of [
    [1, 1],
    [2, 3],
    [256, 2],
  ] as const) {
    t.throws(() => split(Buffer.alloc(32), { shares, threshold }), { name: 'InvariantError' });
  }
});

test('the arithmetic of the field has no table, no branch and no index (CVE-2023-25000)', (t) => {
  const source = readFileSync('storage/seal/shamir.ts', 'utf8');
  t.notRegex(source, /\[\s*(0x)?\d+\s*,\s*(0x)?\d+/, 'no table of numbers');
  t.notRegex(
    source,
    /new (Uint8Array|Uint16Array|Uint32Array|Array)\b|\.at\(\w/,
    'no table that is made',
  );
  for (const name of ['multiply', 'invert']) {
    const body = new RegExp(`export function ${name}\\([^]*?\\n}`).exec(source)?.[0] ?? '';
    t.regex(body, /return/);
    t.notRegex(body.replaceAll(/\/\/.*/g, ''), /\bif\b|\?|&&|\|\||\bswitch\b|\bwhile\b|\[/, name);
    t.is(body.match(/for \(let bit = \d; bit < 8; bit\+\+\)/g)?.length, 1, 'loops of fixed length');
  }
});

function shuffle<T>(items: readonly T[], below: (end: number) => number): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(below(left.length), 1));
}
