// Policies, and policies of passwords, through the API.
import test from 'ava';
import { TestServer } from '#test/helpers/server.ts';

const TEXT = 'path "kv/a" { capabilities = ["read"] }';

test('a policy is written, read, listed and deleted, in both forms of the path', async (t) => {
  const server = await TestServer.start();
  t.is(
    (await server.must('write', 'sys/policies/acl/ops', { body: { policy: TEXT } })).status,
    204,
  );
  t.deepEqual((await server.must('read', 'sys/policies/acl/ops')).data, {
    name: 'ops',
    policy: TEXT,
  });
  t.deepEqual((await server.must('read', 'sys/policy/ops')).data, { name: 'ops', rules: TEXT });
  const names = ['default', 'ops', 'root'];
  t.deepEqual((await server.must('list', 'sys/policies/acl')).data, { keys: names });
  t.deepEqual((await server.must('read', 'sys/policy')).data, { keys: names, policies: names });
  await server.must('delete', 'sys/policies/acl/ops');
  t.is((await server.call('read', 'sys/policies/acl/ops')).status, 404);
});

test('base64 is taken for the text that it is', async (t) => {
  const server = await TestServer.start();
  const policy = Buffer.from(TEXT).toString('base64');
  await server.must('write', 'sys/policies/acl/ops', { body: { policy } });
  t.is((await server.must('read', 'sys/policies/acl/ops')).data['policy'], TEXT);
});

test('names have one form', async (t) => {
  const server = await TestServer.start();
  const written = await server.must('write', 'sys/policies/acl/Ops', { body: { policy: TEXT } });
  t.deepEqual(written.warnings, ['policy name was converted to ops']);
  t.is((await server.must('read', 'sys/policies/acl/OPS')).data['name'], 'ops');
});

test('the old name of the text is taken with a warning', async (t) => {
  const server = await TestServer.start();
  const written = await server.must('write', 'sys/policy/old', { body: { rules: TEXT } });
  t.deepEqual(written.warnings, ["'rules' is deprecated, please use 'policy' instead"]);
  t.is((await server.must('read', 'sys/policy/old')).data['rules'], TEXT);
});

const REFUSED: readonly (readonly ['write' | 'delete', string, string, RegExp])[] = [
  ['write', 'x', '', /^'policy' parameter not supplied or empty$/],
  ['write', 'root', TEXT, /^cannot update "root" policy$/],
  ['write', ' ROOT ', TEXT, /^cannot update "root" policy$/],
  ['write', 'response-wrapping', TEXT, /^cannot update "response-wrapping" policy$/],
  ['write', 'a/../b', TEXT, /^invalid policy name$/],
  ['write', 'a//b', TEXT, /^invalid policy name$/],
  ['write', 'x', 'path "a" { capabilities = ["fly"] }', /^failed to parse policy: /],
  ['delete', 'root', '', /^cannot delete "root" policy$/],
  ['delete', 'default', '', /^cannot delete default policy$/],
];

for (const [verb, name, policy, message] of REFUSED) {
  test(`${verb} of "${name}" with "${policy}" is refused`, async (t) => {
    const server = await TestServer.start();
    const refused = await server.call(verb, `sys/policies/acl/${name}`, { body: { policy } });
    t.is(refused.status, 400);
    t.regex(refused.errors[0] ?? '', message);
  });
}

test('a change of a policy counts at once', async (t) => {
  const server = await TestServer.start();
  await server.must('write', 'sys/mounts/kv', { body: { type: 'kv' } });
  await server.must('write', 'kv/a', { body: { x: '1' } });
  const token = await server.token({ policies: ['ops'] });
  t.is((await server.call('read', 'kv/a', { token })).status, 403);
  await server.must('write', 'sys/policies/acl/ops', { body: { policy: TEXT } });
  t.is((await server.call('read', 'kv/a', { token })).status, 200);
  await server.must('delete', 'sys/policies/acl/ops');
  t.is((await server.call('read', 'kv/a', { token })).status, 403);
});

const DIGITS = 'length = 8\nrule "charset" { charset = "0123456789" }';

test('a password policy is kept, read as text and used', async (t) => {
  const server = await TestServer.start();
  const policy = Buffer.from(DIGITS).toString('base64');
  await server.must('write', 'sys/policies/password/team/pin', { body: { policy } });
  t.deepEqual((await server.must('read', 'sys/policies/password/team/pin')).data, {
    policy: DIGITS,
  });
  t.deepEqual((await server.must('list', 'sys/policies/password')).data, { keys: ['team/pin'] });
  const { data } = await server.must('read', 'sys/policies/password/team/pin/generate');
  t.regex(String(data['password']), /^[0-9]{8}$/);
  await server.must('delete', 'sys/policies/password/team/pin');
  const gone = await server.call('read', 'sys/policies/password/team/pin/generate');
  t.deepEqual(
    [gone.status, gone.errors],
    [404, ['1 error occurred:\n\t* policy does not exist\n\n']],
  );
});
