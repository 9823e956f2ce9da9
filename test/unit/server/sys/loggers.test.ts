// How much the node logs, changed while it runs; and the requests that run.
import test from 'ava';
import { millis } from '#sdk/clock.ts';
import { LogLevel } from '#server/log.ts';
import { TestServer } from '#test/helpers/server.ts';

const SET: readonly (readonly [string, string, string])[] = [
  ['loggers', 'error', 'error'],
  ['loggers/core', 'debug', 'debug'],
  ['loggers/core', 'err', 'error'],
  ['loggers/core', 'notice', 'info'],
];

for (const [path, level, expected] of SET) {
  test(`${path} set to ${level} is ${expected}, until it is set back`, async (t) => {
    const server = await TestServer.start();
    await server.must('write', `sys/${path}`, { body: { level } });
    t.deepEqual((await server.must('read', 'sys/loggers/core')).data, { core: expected });
    await server.must('delete', `sys/${path}`);
    t.deepEqual((await server.must('read', 'sys/loggers')).data, { core: 'info' });
  });
}

const REFUSED: readonly (readonly [string, object, RegExp])[] = [
  ['loggers', {}, /^level is required$/],
  ['loggers', { level: 'loud' }, /^invalid level provided/],
  ['loggers/none', { level: 'info' }, /^logger "none" not found$/],
];

for (const [path, body, message] of REFUSED) {
  test(`${path} refuses ${JSON.stringify(body)}`, async (t) => {
    const server = await TestServer.start();
    const refused = await server.call('write', `sys/${path}`, { body: { ...body } });
    t.is(refused.status, 400);
    t.regex(refused.errors[0] ?? '', message);
    t.deepEqual((await server.must('read', 'sys/loggers')).data, { core: 'info' });
  });
}

test('LogLevel lets through its own level and what is worse', (t) => {
  const level = new LogLevel('warn');
  t.deepEqual([level.lets('info'), level.lets('warn'), level.lets('error')], [false, true, true]);
  level.set('trace');
  t.true(level.lets('trace'));
  level.reset();
  t.is(level.now, 'warn');
});

test('requests in flight are shown as long as they run', async (t) => {
  const server = await TestServer.start();
  const { inFlight } = server.services.node;
  inFlight.begin('one', {
    at: millis(Date.parse('2024-05-06T07:08:09Z')),
    remoteAddress: '127.0.0.1',
    remotePort: 40_000,
    path: '/v1/sys/mounts',
    method: 'GET',
  });
  const shown = {
    start_time: '2024-05-06T07:08:09Z',
    client_remote_address: '127.0.0.1:40000',
    request_path: '/v1/sys/mounts',
    request_method: 'GET',
  };
  t.deepEqual((await server.must('read', 'sys/in-flight-req')).body, { one: shown });
  inFlight.end('one');
  t.deepEqual((await server.must('read', 'sys/in-flight-req')).body, {});
  t.is((await server.call('read', 'sys/in-flight-req', { token: '' })).status, 403);
});
