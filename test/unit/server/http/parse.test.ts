// Targets, verbs and bodies: one meaning each, or a refusal.
import test from 'ava';
import { ClientError } from '#sdk/errors.ts';
import { parseBody } from '#server/http/body.ts';
import { DEFAULT_JSON_LIMITS } from '#server/http/json-limits.ts';
import { locate, verbOf } from '#server/http/parse.ts';

const LOCATED: readonly (readonly [string, string])[] = [
  ['/v1/a/b', '/v1/a/b'],
  ['/v1/a/b?x=1', '/v1/a/b'],
  ['/v1/with%20space', '/v1/with space'],
  ['/v1/a%2Fb', '/v1/a/b'],
  ['/v1/a+b', '/v1/a+b'],
  ['/v1/100%25', '/v1/100%'],
  ['/v1/a/.../b', '/v1/a/.../b'],
  ['/v1/a..b', '/v1/a..b'],
];
for (const [target, path] of LOCATED) {
  test(`${target} is ${path}`, (t) => {
    const located = locate(target);
    t.is('path' in located ? located.path : undefined, path);
  });
}

const REDIRECTED: readonly (readonly [string, string])[] = [
  ['/v1/a//b', '/v1/a/b'],
  ['/v1//a', '/v1/a'],
  ['/v1/a/./b', '/v1/a/b'],
  ['/v1/a/../b', '/v1/b'],
  ['/v1/../../etc/passwd', '/etc/passwd'],
  ['/v1/a//b/?x=1', '/v1/a/b/?x=1'],
];
for (const [target, location] of REDIRECTED) {
  test(`${target} is sent to ${location}`, (t) => {
    t.deepEqual(locate(target), { location });
  });
}

const REFUSED: readonly (readonly [string, string])[] = [
  ['/v1/a/%2e%2e/b', 'relative paths not supported'],
  ['/v1/a/..%2fb', 'relative paths not supported'],
  ['/v1/a%2f%2fb', 'path cannot contain empty or relative segments'],
  ['/v1/a%00b', 'path cannot contain control characters'],
  ['/v1/a%0ab', 'path cannot contain control characters'],
  ['/v1/%zz', 'invalid URL escape'],
  ['http://elsewhere/v1/a', 'the request target must begin with a slash'],
];
for (const [target, message] of REFUSED) {
  test(`${target} is refused`, (t) => {
    const error = t.throws(() => locate(target), { instanceOf: ClientError });
    t.deepEqual([error.status, error.message], [400, message]);
  });
}

const VERBS: readonly (readonly [string, string, string | undefined])[] = [
  ['GET', '', 'read'],
  ['GET', 'list=true', 'list'],
  ['GET', 'list=t', 'list'],
  ['GET', 'list=false', 'read'],
  ['GET', 'help=1', 'help'],
  ['POST', 'list=true', 'write'],
  ['PUT', '', 'write'],
  ['SEARCH', '', 'list'],
  ['HEAD', '', undefined],
  ['constructor', '', undefined],
];
for (const [method, query, verb] of VERBS) {
  test(`${method} ?${query} is ${verb}`, (t) => {
    t.is(verbOf(method, query === '' ? undefined : new URLSearchParams(query)), verb as never);
  });
}

test('a list parameter that is no truth value is refused without a word', (t) => {
  const error = t.throws(() => verbOf('GET', new URLSearchParams('list=maybe')), {
    instanceOf: ClientError,
  });
  t.deepEqual([error.status, error.errors], [400, []]);
});

const BODIES: readonly (readonly [string, string | undefined, unknown])[] = [
  ['{"x":1}', undefined, { x: 1 }],
  ['  {"x":1}\n', 'application/json', { x: 1 }],
  ['null', undefined, {}],
  ['x=3&y=4', 'application/x-www-form-urlencoded', { x: '3', y: '4' }],
  ['{"x":"1"}', 'application/x-www-form-urlencoded', { x: '1' }],
  ['{"x":"1","x":"2"}', undefined, { x: '2' }],
];
for (const [text, type, expected] of BODIES) {
  test(`the body ${text} (${type}) is taken`, (t) => {
    t.deepEqual(
      { ...parseBody(Buffer.from(text), type, DEFAULT_JSON_LIMITS) },
      expected as Record<string, unknown>,
    );
  });
}

for (const text of [
  '{"x":',
  'hello',
  '[1,2]',
  '"x"',
  '1',
  '['.repeat(600),
  `{"a":${'{"a":'.repeat(501)}1${'}'.repeat(502)}`,
]) {
  test(`the body ${text.slice(0, 12)} of ${text.length} bytes is refused without being shown`, (t) => {
    const error = t.throws(() => parseBody(Buffer.from(text), undefined, DEFAULT_JSON_LIMITS), {
      instanceOf: ClientError,
    });
    t.is(error.status, 400);
    t.regex(error.message, /^failed to parse JSON input: [a-zA-Z0-9 ]+$/);
  });
}

test('a body that is small to send and large to hold is refused', (t) => {
  const many = `{"a":[${'1,'.repeat(500_001)}1]}`;
  t.throws(() => parseBody(Buffer.from(many), undefined, DEFAULT_JSON_LIMITS), {
    message: /number of array elements/,
  });
});
