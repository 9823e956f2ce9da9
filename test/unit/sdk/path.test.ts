// Declared paths: which URLs they match, how what was sent is decoded, and what Vault warns about.
import test from 'ava';
import { ClientError } from '#sdk/errors.ts';
import { duration, integer, name, rest, text } from '#sdk/field.ts';
import { decodeData, pathFor } from '#sdk/path.ts';
import { seconds } from '#sdk/duration.ts';

const path = pathFor<object>();
const operations = {};

const MATCHES: readonly (readonly [
  string,
  string,
  Readonly<Record<string, string>> | undefined,
])[] = [
  ['keys/{name}', 'keys/a', { name: 'a' }],
  ['keys/{name}', 'keys/a.b-c_d', { name: 'a.b-c_d' }],
  ['keys/{name}', 'keys/a/b', undefined],
  ['keys/{name}', 'keys/', undefined],
  ['keys/', 'keys', {}],
  ['keys/', 'keys/', {}],
  ['keys/{name}/rotate', 'keys/a/rotate', { name: 'a' }],
  ['data/{path...}', 'data/a/b/', { path: 'a/b/' }],
  ['data/{path...}', 'data/', { path: '' }],
  ['data/{path...}', 'data', undefined],
  ['data/{path...}', 'data/a\nb', { path: 'a\nb' }],
  ['{path...}', 'x/y', { path: 'x/y' }],
  ['hash{/name}', 'hash', {}],
  ['hash{/name}', 'hash/sha2', { name: 'sha2' }],
  ['a.b/{name}', 'axb/c', undefined],
];

for (const [template, url, expected] of MATCHES) {
  test(`${template} ${expected === undefined ? 'does not match' : 'matches'} ${JSON.stringify(url)}`, (t) => {
    const declared = path(template, {
      help: 'x',
      fields: { name: name('x'), path: rest('x') },
      operations,
    });
    t.deepEqual(declared.matcher.match(url), expected);
  });
}

const fields = {
  name: name('Name'),
  size: integer('Size').default(7),
  ttl: duration('Lifetime'),
  password: text('Password').required('missing password'),
};
const declared = path('keys/{name}', { help: 'x', fields, operations });

test('what is sent is decoded, what is not has its default', (t) => {
  const { data, warnings } = decodeData(
    declared,
    'write',
    { name: 'a' },
    { ttl: '1m', password: 3 },
  );
  t.deepEqual(data, { name: 'a', size: 7, ttl: seconds(60), password: '3' });
  t.deepEqual(warnings, []);
});

test('a required field that is missing is refused in Vault’s words, on writes only', (t) => {
  const error = t.throws(() => decodeData(declared, 'write', { name: 'a' }, {}), {
    instanceOf: ClientError,
  });
  t.deepEqual([error.status, error.errors], [400, ['missing password']]);
  t.is(decodeData(declared, 'read', { name: 'a' }, {}).data['password'], undefined);
});

test('a value that does not fit is refused without being shown', (t) => {
  const sent = { password: 'x', size: 'sesame' };
  const error = t.throws(() => decodeData(declared, 'write', { name: 'a' }, sent), {
    instanceOf: ClientError,
  });
  t.is(error.status, 400);
  t.regex(error.message, /^Field validation failed: error converting input for field "size": /);
  t.false(error.message.includes('sesame'));
});

test('unknown and replaced parameters are warned about, sorted', (t) => {
  const sent = { password: 'x', zeta: 1, alpha: 2, name: 'b' };
  const { data, warnings } = decodeData(declared, 'write', { name: 'a' }, sent);
  t.is(data['name'], 'a');
  t.deepEqual(warnings, [
    'Endpoint ignored these unrecognized parameters: [alpha zeta]',
    "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [name]",
  ]);
});

test('a parameter named like a member of Object is no field', (t) => {
  const sent: unknown = JSON.parse('{"password":"x","__proto__":{"size":1}}');
  const { data } = decodeData(declared, 'write', { name: 'a' }, sent as Record<string, unknown>);
  t.is(data['size'], 7);
});
