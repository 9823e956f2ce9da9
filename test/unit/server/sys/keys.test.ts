// The encryption key, its rotation, and sealing.
import test from 'ava';
import { SealedError } from '#storage/barrier/barrier.ts';
import { TestServer } from '#test/helpers/server.ts';

test('a rotation is done when it is answered, and what was encrypted before is still read', async (t) => {
  const server = await TestServer.start();
  await server.must('write', 'cubbyhole/a', { body: { x: '1' } });
  t.like((await server.must('read', 'sys/key-status')).data, { term: 1 });
  t.is((await server.must('write', 'sys/rotate')).status, 204);
  t.like((await server.must('read', 'sys/key-status')).data, { term: 2 });
  t.deepEqual((await server.must('read', 'cubbyhole/a')).data, { x: '1' });
  await server.seal();
  await server.unseal();
  t.like((await server.must('read', 'sys/key-status')).data, { term: 2 });
});

const CHANGES: readonly (readonly [object, object])[] = [
  [{}, { enabled: true, interval: 0, max_operations: 3_865_470_566 }],
  [{ interval: '48h' }, { enabled: true, interval: '48h0m0s', max_operations: 3_865_470_566 }],
  [{ max_operations: 2_000_000 }, { enabled: true, interval: 0, max_operations: 2_000_000 }],
  [{ enabled: false }, { enabled: false, interval: 0, max_operations: 3_865_470_566 }],
];

for (const [body, expected] of CHANGES) {
  test(`rotate/config takes ${JSON.stringify(body)}`, async (t) => {
    const server = await TestServer.start();
    await server.must('write', 'sys/rotate/config', { body: { ...body } });
    t.deepEqual((await server.must('read', 'sys/rotate/config')).data, expected);
  });
}

const REFUSED: readonly (readonly [object, RegExp])[] = [
  [{ interval: '1h' }, /^interval must be greater or equal to 24h0m0s$/],
  [{ max_operations: 10 }, /^max_operations must be in the range \[1000000,3865470566\]$/],
  [{ max_operations: 99_999_999_999 }, /^max_operations must be in the range/],
  [{ max_operations: 'many' }, /max_operations/],
];

for (const [body, message] of REFUSED) {
  test(`rotate/config refuses ${JSON.stringify(body)}`, async (t) => {
    const server = await TestServer.start();
    const refused = await server.call('write', 'sys/rotate/config', { body: { ...body } });
    t.is(refused.status, 400);
    t.regex(refused.errors[0] ?? '', message);
  });
}

test('the key rotates by itself as it was told', async (t) => {
  const server = await TestServer.start();
  await server.must('write', 'sys/rotate/config', { body: { interval: '24h' } });
  await server.advance(23 * 3_600_000);
  t.like((await server.must('read', 'sys/key-status')).data, { term: 1 });
  await server.advance(2 * 3_600_000);
  t.like((await server.must('read', 'sys/key-status')).data, { term: 2 });
});

for (const path of ['seal', 'rotate']) {
  test(`${path} needs sudo`, async (t) => {
    const server = await TestServer.start();
    await server.putPolicy('weak', `path "sys/${path}" { capabilities = ["update"] }`);
    const token = await server.token({ policies: ['weak'] });
    t.is((await server.call('write', `sys/${path}`, { token })).status, 403);
    t.is((await server.call('write', `sys/${path}`, { token: '' })).status, 403);
    t.like((await server.must('read', 'sys/key-status')).data, { term: 1 });
  });
}

test('sealing closes everything, and unsealing brings it back', async (t) => {
  const server = await TestServer.start();
  await server.must('write', 'cubbyhole/a', { body: { x: '1' } });
  const { barrier } = server.services;
  t.is((await server.must('write', 'sys/seal')).status, 204);
  t.throws(() => server.services, { message: 'the server is sealed' });
  t.throws(() => barrier.begin(), { instanceOf: SealedError });
  await server.unseal();
  t.deepEqual((await server.must('read', 'cubbyhole/a')).data, { x: '1' });
});

test('stepping down needs sudo, and without others nothing happens', async (t) => {
  const server = await TestServer.start();
  t.is((await server.call('write', 'sys/step-down')).status, 204);
  t.is((await server.call('write', 'sys/step-down', { token: '' })).status, 403);
  t.is((await server.call('read', 'sys/key-status')).status, 200);
});
