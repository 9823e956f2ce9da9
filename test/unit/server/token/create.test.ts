import test from 'ava';
import { TestServer } from '#test/helpers/server.ts';

test('a token is made, looks itself up, and ends', async (t) => {
  const server = await TestServer.start();
  const token = await server.token({ policies: ['default'], ttl: '1h' });
  const seen = await server.must('read', 'auth/token/lookup-self', { token });
  t.is(seen.data['ttl'], 3600);
  await server.advance(3_600_100);
  t.is((await server.call('read', 'auth/token/lookup-self', { token })).status, 403);
  t.deepEqual(server.keys('sys/token/id/').length, 1, 'only the root token is left');
});
