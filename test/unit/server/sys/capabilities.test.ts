// What a token may do, asked by itself, by the token and by its accessor.
import test from 'ava';
import { TestServer } from '#test/helpers/server.ts';

const POLICY = `
  path "kv/a" { capabilities = ["read", "create"] }
  path "kv/b" { capabilities = ["deny"] }
  path "kv/c/*" { capabilities = ["sudo", "list"] }
`;

const ASKED: readonly (readonly [object, object])[] = [
  [{ path: 'kv/a' }, { capabilities: ['create', 'read'], 'kv/a': ['create', 'read'] }],
  [{ paths: ['kv/a', 'kv/b'] }, { 'kv/a': ['create', 'read'], 'kv/b': ['deny'] }],
  [{ paths: 'kv/c/x,kv/none' }, { 'kv/c/x': ['list', 'sudo'], 'kv/none': ['deny'] }],
  [{ paths: ['/kv/a'] }, { capabilities: ['create', 'read'], '/kv/a': ['create', 'read'] }],
];

for (const [body, expected] of ASKED) {
  test(`${JSON.stringify(body)} is answered the same in all three ways`, async (t) => {
    const server = await TestServer.start();
    await server.putPolicy('p', POLICY);
    const made = await server.must('write', 'auth/token/create', { body: { policies: ['p'] } });
    const [token, accessor] = [String(made.auth['client_token']), String(made.auth['accessor'])];
    const answers = [
      await server.must('write', 'sys/capabilities-self', { token, body: { ...body } }),
      await server.must('write', 'sys/capabilities', { body: { ...body, token } }),
      await server.must('write', 'sys/capabilities-accessor', { body: { ...body, accessor } }),
    ];
    for (const { data } of answers) t.deepEqual(data, expected);
  });
}

const REFUSED: readonly (readonly [string, object, number, string])[] = [
  ['capabilities-self', {}, 400, 'paths must be supplied'],
  ['capabilities', { paths: ['a'] }, 500, '1 error occurred:\n\t* no token found\n\n'],
  ['capabilities', { token: 'x', paths: ['a'] }, 400, '1 error occurred:\n\t* invalid token\n\n'],
  ['capabilities-accessor', { paths: ['a'] }, 400, 'missing accessor'],
  [
    'capabilities-accessor',
    { accessor: 'x', paths: ['a'] },
    400,
    '1 error occurred:\n\t* invalid accessor\n\n',
  ],
];

for (const [path, body, status, message] of REFUSED) {
  test(`${path} refuses ${JSON.stringify(body)}`, async (t) => {
    const server = await TestServer.start();
    const refused = await server.call('write', `sys/${path}`, { body: { ...body } });
    t.deepEqual([refused.status, refused.errors], [status, [message]]);
  });
}

test('root may do everything, and asks about others; a usual token does not', async (t) => {
  const server = await TestServer.start();
  const token = await server.token({ policies: ['default'] });
  const { data } = await server.must('write', 'sys/capabilities-self', { body: { path: 'x' } });
  t.deepEqual(data['x'], ['root']);
  const body = { token: 'root', path: 'x' };
  t.is((await server.call('write', 'sys/capabilities', { token, body })).status, 403);
});
