// Auth methods enabled, tuned and disabled; all of it but the list needs sudo.
import test from 'ava';
import { TestServer } from '#test/helpers/server.ts';

test('an auth method gives tokens for services unless it is tuned', async (t) => {
  const server = await TestServer.start();
  await server.must('write', 'sys/auth/people', { body: { type: 'userpass' } });
  t.like((await server.must('read', 'sys/auth/people')).data, {
    config: { token_type: 'default-service' },
  });
  await server.must('write', 'sys/auth/people/tune', { body: { token_type: 'batch' } });
  t.is((await server.must('read', 'sys/auth/people/tune')).data['token_type'], 'batch');
  t.is((await server.must('read', 'sys/mounts/auth/people/tune')).data['token_type'], 'batch');
});

test('what is sent of the lockout counts, what is not stays', async (t) => {
  const server = await TestServer.start();
  await server.must('write', 'sys/auth/people', { body: { type: 'userpass' } });
  const tune = (lockout: object) =>
    server.call('write', 'sys/auth/people/tune', { body: { user_lockout_config: lockout } });
  await tune({ lockout_threshold: '3', lockout_duration: '10m' });
  await tune({ lockout_disable: true });
  t.like((await server.must('read', 'sys/auth/people/tune')).data, {
    user_lockout_threshold: 3,
    user_lockout_duration: 600,
    user_lockout_disable: true,
  });
  t.is((await tune({ lockout_threshold: '-1' })).status, 400);
  t.is((await tune({ lockout_duration: 'soon' })).status, 400);
});

const REFUSED: readonly (readonly [string, string, object, string])[] = [
  ['write', 'sys/auth/t', { type: 'token' }, 'token credential backend cannot be instantiated'],
  ['write', 'sys/auth/kv', { type: 'kv' }, 'plugin not found in the catalog: kv'],
  ['write', 'sys/auth/token', { type: 'userpass' }, 'path is already in use at token/'],
  [
    'write',
    'sys/auth/token/tune',
    { token_type: 'batch' },
    "'token_type' cannot be set for 'token' or 'ns_token' auth mounts",
  ],
  ['write', 'sys/auth/none/tune', {}, 'tune of path "auth/none/" failed: no mount entry found'],
  ['read', 'sys/auth/none', {}, 'No auth engine at none/'],
  ['delete', 'sys/auth/token', {}, 'token credential backend cannot be disabled'],
];

for (const [verb, path, body, message] of REFUSED) {
  test(`${verb} ${path} with ${JSON.stringify(body)} is refused`, async (t) => {
    const server = await TestServer.start();
    const refused = await server.call(verb as 'write', path, { body: { ...body } });
    t.deepEqual([refused.status, refused.errors], [400, [message]]);
  });
}

const ALL = '["create", "read", "update", "delete", "list"]';

test('enabling and tuning need sudo, the list does not', async (t) => {
  const server = await TestServer.start();
  await server.putPolicy('weak', `path "sys/auth*" { capabilities = ${ALL} }`);
  await server.putPolicy('strong', `path "sys/auth*" { capabilities = ["sudo", "update"] }`);
  const weak = await server.token({ policies: ['weak'] });
  const strong = await server.token({ policies: ['weak', 'strong'] });
  const body = { type: 'userpass' };
  t.is((await server.call('read', 'sys/auth', { token: weak })).status, 200);
  t.is((await server.call('write', 'sys/auth/people', { token: weak, body })).status, 403);
  t.is((await server.call('write', 'sys/auth/people', { token: strong, body })).status, 204);
  t.is((await server.call('write', 'sys/auth/people/tune', { token: weak, body: {} })).status, 403);
  t.is((await server.call('delete', 'sys/auth/people', { token: weak })).status, 403);
});

test('a disabled auth method takes its users and their tokens with it', async (t) => {
  const server = await TestServer.start();
  await server.must('write', 'sys/auth/people', { body: { type: 'userpass' } });
  await server.must('write', 'auth/people/users/ann', { body: { password: 'pw' } });
  const { auth } = await server.must('write', 'auth/people/login/ann', {
    token: '',
    body: { password: 'pw' },
  });
  const token = String(auth['client_token']);
  await server.must('read', 'auth/token/lookup-self', { token });
  await server.must('delete', 'sys/auth/people');
  t.is((await server.call('read', 'auth/token/lookup-self', { token })).status, 403);
  t.deepEqual(server.keys('auth/'), []);
});
