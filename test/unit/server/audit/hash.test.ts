import { createHmac } from 'node:crypto';
import test from 'ava';
import { isTime, newSalt, Salt } from '#server/audit/hash.ts';

test('a hash is the HMAC-SHA256 of the text under the salt', (t) => {
  const salt = newSalt();
  const expected = createHmac('sha256', Buffer.from(salt, 'base64')).update('café').digest('hex');
  t.is(new Salt(salt).hash('café'), `hmac-sha256:${expected}`);
});

test('two salts give two hashes, one salt one', (t) => {
  const [one, other] = [newSalt(), newSalt()];
  t.not(new Salt(one).hash('x'), new Salt(other).hash('x'));
  t.is(new Salt(one).hash('x'), new Salt(one).hash('x'));
});

const TIMES: readonly (readonly [string, boolean])[] = [
  ['2024-01-02T03:04:05Z', true],
  ['2024-01-02T03:04:05.123456789Z', true],
  ['2024-02-29T23:59:59+02:00', true],
  ['2024-01-02T03:04:05.999999999-07:00', true],
  ['2023-02-29T00:00:00Z', false],
  ['2024-13-01T00:00:00Z', false],
  ['2024-00-01T00:00:00Z', false],
  ['2024-01-02T24:00:00Z', false],
  ['2024-01-02T03:60:05Z', false],
  ['2024-01-02 03:04:05Z', false],
  ['2024-01-02T03:04:05', false],
  ['2024-01-02T03:04:05.Z', false],
  ['2024-01-02T03:04:05Z\n', false],
  ['x2024-01-02T03:04:05Z', false],
  ['geheim', false],
  ['', false],
];

for (const [text, expected] of TIMES) {
  test(`${JSON.stringify(text)} is ${expected ? '' : 'not '}a time`, (t) => {
    t.is(isTime(text), expected);
  });
}
