// The records below every mount: closed unless the configuration opens them, and never the keys.
import test from 'ava';
import { TestServer } from '#test/helpers/server.ts';

const OPEN = { config: 'raw_storage_endpoint = true' };

for (const [verb, path] of [
  ['read', 'core/mounts'],
  ['list', ''],
  ['write', 'x'],
  ['delete', 'x'],
] as const) {
  test(`${verb} is not there unless the configuration opens it`, async (t) => {
    const server = await TestServer.start();
    const refused = await server.call(verb, `sys/raw/${path}`, { body: { value: '1' } });
    t.deepEqual(
      [refused.status, refused.errors],
      [404, ['1 error occurred:\n\t* unsupported path\n\n']],
    );
  });
}

test('records are written, read, listed and deleted', async (t) => {
  const server = await TestServer.start(OPEN);
  await server.must('write', 'sys/raw/mine/a', { body: { value: 'hello' } });
  await server.must('write', 'sys/raw/mine/b', { body: { value: 'aGVsbG8=', encoding: 'base64' } });
  t.deepEqual((await server.must('list', 'sys/raw/mine')).data, { keys: ['a', 'b'] });
  t.deepEqual((await server.must('read', 'sys/raw/mine/a')).data, { value: 'hello' });
  const coded = await server.must('read', 'sys/raw/mine/b', { body: { encoding: 'base64' } });
  t.deepEqual(coded.data, { value: 'aGVsbG8=' });
  await server.must('delete', 'sys/raw/mine/a');
  t.is((await server.call('read', 'sys/raw/mine/a')).status, 404);
});

test('a record of the server is read as it is, and can be mended', async (t) => {
  const server = await TestServer.start(OPEN);
  await server.must('write', 'sys/policies/acl/p', { body: { policy: 'path "a" {}' } });
  const { data } = await server.must('read', 'sys/raw/sys/policy/p');
  t.deepEqual(JSON.parse(String(data['value'])), { text: 'path "a" {}' });
  await server.must('write', 'sys/raw/sys/policy/p', {
    body: { value: '{"text":"path \\"b\\" {}"}' },
  });
  t.is((await server.must('read', 'sys/policies/acl/p')).data['policy'], 'path "b" {}');
});

for (const key of [
  'core/keyring',
  'core/seal-config',
  'core/hsm/barrier-unseal-keys',
  'core/root-key',
]) {
  for (const verb of ['read', 'write', 'delete'] as const) {
    test(`${verb} of ${key} is refused`, async (t) => {
      const server = await TestServer.start(OPEN);
      const refused = await server.call(verb, `sys/raw/${key}`, { body: { value: 'x' } });
      t.deepEqual([refused.status, refused.errors], [400, [`cannot access '${key}'`]]);
    });
  }
}

const REFUSED: readonly (readonly ['read' | 'write', object, RegExp])[] = [
  ['read', { encoding: 'rot13' }, /^invalid encoding "rot13"$/],
  ['write', { value: 'x', encoding: 'rot13' }, /^invalid encoding "rot13"$/],
  ['write', { value: '!!', encoding: 'base64' }, /base64/],
  ['write', { value: 'x', compression_type: 'gzip' }, /^compression is not supported$/],
];

for (const [verb, body, message] of REFUSED) {
  test(`${verb} refuses ${JSON.stringify(body)}`, async (t) => {
    const server = await TestServer.start(OPEN);
    const refused = await server.call(verb, 'sys/raw/mine/a', { body: { ...body } });
    t.is(refused.status, 400);
    t.regex(refused.errors[0] ?? '', message);
  });
}

test('it needs sudo', async (t) => {
  const server = await TestServer.start(OPEN);
  await server.putPolicy('weak', 'path "sys/raw/*" { capabilities = ["read", "list", "update"] }');
  const token = await server.token({ policies: ['weak'] });
  t.is((await server.call('read', 'sys/raw/core/mounts', { token })).status, 403);
});
