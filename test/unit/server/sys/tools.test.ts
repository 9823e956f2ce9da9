// Random bytes and hashes.
import test from 'ava';
import { TestServer } from '#test/helpers/server.ts';

const RANDOM: readonly (readonly [string, object, RegExp])[] = [
  ['random', {}, /^[A-Za-z0-9+/]{43}=$/],
  ['random/8', {}, /^[A-Za-z0-9+/]{11}=$/],
  ['random/platform/8', {}, /^[A-Za-z0-9+/]{11}=$/],
  ['random/seal', { bytes: '4', format: 'hex' }, /^[0-9a-f]{8}$/],
  ['random/8', { bytes: 4, format: 'hex' }, /^[0-9a-f]{16}$/],
];

for (const [path, body, expected] of RANDOM) {
  test(`tools/${path} with ${JSON.stringify(body)} answers ${expected}`, async (t) => {
    const server = await TestServer.start();
    const { data } = await server.must('write', `sys/tools/${path}`, { body: { ...body } });
    t.regex(String(data['random_bytes']), expected);
  });
}

const HASHED: readonly (readonly [string, object, string])[] = [
  ['hash', { input: '' }, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['hash', { input: 'aGVsbG8=', format: 'base64' }, 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ='],
  [
    'hash/sha2-224',
    { input: 'aGVsbG8=', algorithm: 'sha2-512' },
    'ea09ae9cc6768c50fcee903ed054556e5bfc8347907f12598aa24193',
  ],
  [
    'hash',
    { input: 'aGVsbG8=', algorithm: 'sha3-224' },
    'b87f88c72702fff1748e58b87e9141a42c0dbedc29a78cb0d4a5cd81',
  ],
];

for (const [path, body, sum] of HASHED) {
  test(`tools/${path} of ${JSON.stringify(body)} is ${sum}`, async (t) => {
    const server = await TestServer.start();
    t.deepEqual((await server.must('write', `sys/tools/${path}`, { body: { ...body } })).data, {
      sum,
    });
  });
}

const REFUSED: readonly (readonly [string, object, RegExp])[] = [
  ['random/0', {}, /cannot be less than 1/],
  ['random', { bytes: -1 }, /cannot be less than 1/],
  ['random', { bytes: 131_073 }, /should be less than/],
  ['random/many', {}, /byte count/],
  [
    'random',
    { format: 'octal' },
    /^unsupported encoding format "octal"; must be "hex" or "base64"$/,
  ],
  ['random/moon/8', {}, /^unsupported entropy source "moon"/],
  ['hash/md5', { input: '' }, /^unsupported algorithm md5$/],
  ['hash', { input: '!!' }, /^unable to decode input as base64: /],
  ['hash', { format: 'octal' }, /^unsupported encoding format octal; must be "hex" or "base64"$/],
];

for (const [path, body, message] of REFUSED) {
  test(`tools/${path} refuses ${JSON.stringify(body)}`, async (t) => {
    const server = await TestServer.start();
    const refused = await server.call('write', `sys/tools/${path}`, { body: { ...body } });
    t.is(refused.status, 400);
    t.regex(refused.errors[0] ?? '', message);
  });
}
