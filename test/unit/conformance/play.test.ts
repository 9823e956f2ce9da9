// A scenario is played against a process that answers with what it was asked.
import test from 'ava';
import { play } from '#test/conformance/kit/play.ts';
import type { Step } from '#test/conformance/kit/scenario.ts';

const BARE = [process.execPath, 'test/helpers/bare-server.ts'];
const CONTEXT = { command: BARE, cli: [process.execPath, '-e'], postgres: '' };

const answers = async (steps: readonly Step[]): Promise<readonly unknown[]> => {
  const played = await play({ about: 'a test', steps }, CONTEXT);
  return played.map(({ answer }) => answer);
};

test('a request is sent as the step says, and its answer is kept', async (t) => {
  const [first, second] = await answers([
    {
      path: 'a/b',
      method: 'POST',
      body: { c: 1 },
      save: { sent: 'body.body', how: 'method~^(.)' },
    },
    { path: '/raw', token: null, raw: '{{sent}} {{how}}', method: 'PATCH', show: ['X-Method'] },
  ]);
  t.deepEqual(first, {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: { method: 'POST', path: '/v1/a/b', token: 'root', body: '{"c":1}' },
  });
  t.deepEqual(second, {
    status: 200,
    headers: { 'content-type': 'application/json', 'x-method': 'PATCH' },
    body: { method: 'PATCH', path: '/raw', token: null, body: '{"c":1} P' },
  });
});

test('bytes that are kept are sent again', async (t) => {
  const [first, second] = await answers([
    { path: 'x', keep: 'kept' },
    { path: 'y', method: 'PUT', bytes: '{{kept}}' },
  ]);
  t.like(first, { status: 200, bytes: true });
  t.like(second, {
    body: { body: '{"method":"GET","path":"/v1/x","token":"root","body":""}' },
  });
});

test('a command is given the address and the token', async (t) => {
  const program = 'console.log(process.env.VAULT_ADDR, process.env.VAULT_TOKEN); process.exit(3)';
  const played = await play(
    { about: 'a test', steps: [{ cli: [program], expect: '{{node0.address}} root' }] },
    CONTEXT,
  );
  t.deepEqual(played[0]?.answer, { exit: 3, stdout: [played[0]?.expected], stderr: [''] });
});

test('a signed token is there for the steps that follow', async (t) => {
  const [, decoded] = await answers([
    { jwt: { key: 'one', claims: { iat: '+0', exp: '+60', sub: 'ana' } }, as: 'token' },
    { decode: '{{token}}' },
  ]);
  t.like(decoded, { claims: { sub: 'ana' }, lifetime: 60 });
});

test('files are written, moved and read', async (t) => {
  const [, , , lines, , read] = await answers([
    { file: { write: ['{{folder}}/log', '{"a":1}\n{"a":2}\n'] } },
    { file: { mode: ['{{folder}}/log', '600'] } },
    { file: { stat: '{{folder}}/log' } },
    { lines: '{{folder}}/log', where: { a: 2 } },
    { file: { move: ['{{folder}}/log', '{{folder}}/old'] } },
    { file: { read: '{{folder}}/log' } },
  ]);
  t.deepEqual(lines, [{ a: 2 }]);
  t.deepEqual(read, { exists: false });
});

test('a stub answers its routes and remembers what it was asked', async (t) => {
  const program = 'fetch(process.argv[1]).then(async (r) => console.log(await r.text()))';
  const [, ran, served] = await answers([
    { serve: { name: 'other', routes: [{ path: '/a', body: { at: '{{url}}' } }] } },
    { cli: [program, '{{other.url}}/a'], parse: 'json' },
    { served: 'other' },
  ]);
  t.like(ran, { exit: 0 });
  t.like(served, [{ method: 'GET', path: '/a', body: '' }]);
});

test('a step that cannot be taken names itself', async (t) => {
  await t.throwsAsync(answers([{ step: 'the first', path: '{{missing}}' }]), {
    message: /^step 1 \(the first\): no variable "missing"/,
  });
});

test('a server that ends at once is an error with its output', async (t) => {
  const program = 'console.log("no luck"); process.exit(4)';
  const context = { ...CONTEXT, command: [process.execPath, '-e', program] };
  await t.throwsAsync(play({ about: 'a test', steps: [] }, context), {
    message: /the server ended with 4\nno luck/,
  });
});
