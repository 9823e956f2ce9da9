// Cross-origin requests, headers of the user interface, the configuration, plugins and facts about the node.
import test from 'ava';
import { TestServer } from '#test/helpers/server.ts';

test('origins are kept, shown with all headers, and taken back', async (t) => {
  const server = await TestServer.start();
  t.deepEqual((await server.must('read', 'sys/config/cors')).data, { enabled: false });
  const body = {
    allowed_origins: 'https://a.example,https://b.example',
    allowed_headers: ['X-Mine'],
  };
  await server.must('write', 'sys/config/cors', { body });
  const { data } = await server.must('read', 'sys/config/cors');
  t.like(data, { enabled: true, allowed_origins: ['https://a.example', 'https://b.example'] });
  t.true((data['allowed_headers'] as string[]).includes('X-Mine'));
  await server.must('delete', 'sys/config/cors');
  t.deepEqual((await server.must('read', 'sys/config/cors')).data, { enabled: false });
});

const BAD_ORIGINS: readonly (readonly [object, RegExp])[] = [
  [{}, /at least one origin or the wildcard must be provided/],
  [
    { allowed_origins: '*,https://a.example' },
    /the '\*' must be the only value for allowed_origins/,
  ],
];

for (const [body, message] of BAD_ORIGINS) {
  test(`config/cors refuses ${JSON.stringify(body)}`, async (t) => {
    const server = await TestServer.start();
    const refused = await server.call('write', 'sys/config/cors', { body: { ...body } });
    t.is(refused.status, 500);
    t.regex(refused.errors[0] ?? '', message);
  });
}

test('headers of the user interface are kept by their names, in any case', async (t) => {
  const server = await TestServer.start();
  const written = await server.must('write', 'sys/config/ui/headers/X-Mine', {
    body: { values: ['1', '2'] },
  });
  t.is(written.status, 200);
  t.deepEqual((await server.must('list', 'sys/config/ui/headers')).data, { keys: ['x-mine'] });
  t.deepEqual((await server.must('read', 'sys/config/ui/headers/x-mine')).data, { value: '1' });
  const all = await server.must('read', 'sys/config/ui/headers/X-MINE', {
    body: { multivalue: 'true' },
  });
  t.deepEqual(all.data, { values: ['1', '2'] });
  await server.must('delete', 'sys/config/ui/headers/X-Mine');
  t.is((await server.call('list', 'sys/config/ui/headers')).status, 404);
});

const BAD_HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ['X-Vault-Token', ['1']],
  ['X-Mine', []],
  ['X-Mine', ['a\r\nb: c']],
  ['X Mine', ['1']],
];

for (const [name, values] of BAD_HEADERS) {
  test(`a header "${name}" of ${JSON.stringify(values)} is refused`, async (t) => {
    const server = await TestServer.start();
    const refused = await server.call('write', `sys/config/ui/headers/${name}`, {
      body: { values },
    });
    t.is(refused.status, 400);
  });
}

test('the configuration is shown without what a stanza may keep secret', async (t) => {
  const server = await TestServer.start({ config: 'cluster_name = "mine"' });
  const { data } = await server.must('read', 'sys/config/state/sanitized');
  t.like(data, {
    cluster_name: 'mine',
    api_addr: 'http://127.0.0.1:8200',
    raw_storage_endpoint: false,
  });
  t.deepEqual(data['seals'], [{ type: 'shamir', disabled: false }]);
  t.deepEqual(Object.keys(data['storage'] as object).toSorted(), [
    'cluster_addr',
    'disable_clustering',
    'redirect_addr',
    'type',
  ]);
});

test('plugins are those that are built in', async (t) => {
  const server = await TestServer.start();
  const { data } = await server.must('read', 'sys/plugins/catalog');
  t.true((data['secret'] as string[]).includes('kv'));
  t.false((data['secret'] as string[]).includes('system'));
  t.true((data['auth'] as string[]).includes('userpass'));
  t.like((await server.must('read', 'sys/plugins/catalog/secret/kv')).data, {
    builtin: true,
    name: 'kv',
  });
  t.is((await server.call('read', 'sys/plugins/catalog/auth/kv')).status, 404);
  t.is((await server.call('list', 'sys/plugins/catalog/frob')).status, 405);
  const body = { sha256: 'd'.repeat(64), command: 'mine' };
  const refused = await server.call('write', 'sys/plugins/catalog/secret/mine', { body });
  t.deepEqual(refused.errors, ['plugins cannot be registered: all plugins are built in']);
});

const BAD_RELOADS: readonly (readonly [object, string])[] = [
  [{}, 'plugin or mounts must be provided'],
  [{ plugin: 'kv', mounts: ['kv/'] }, 'plugin and mounts cannot be set at the same time'],
  [{ mounts: ['none'] }, 'cannot fetch mount entry on "none/"'],
];

for (const [body, message] of BAD_RELOADS) {
  test(`a reload of ${JSON.stringify(body)} is refused`, async (t) => {
    const server = await TestServer.start();
    const refused = await server.call('write', 'sys/plugins/reload/backend', { body: { ...body } });
    t.deepEqual([refused.status, refused.errors], [400, [message]]);
  });
}

test('mounts go on with what they hold after a reload', async (t) => {
  const server = await TestServer.start();
  await server.must('write', 'sys/mounts/kv', { body: { type: 'kv' } });
  await server.must('write', 'kv/a', { body: { x: '1' } });
  await server.must('write', 'sys/plugins/reload/backend', { body: { plugin: 'kv' } });
  t.deepEqual((await server.must('read', 'kv/a')).data, { x: '1' });
});

test('the version that runs is remembered once', async (t) => {
  const server = await TestServer.start();
  await server.restart();
  const { data } = await server.must('list', 'sys/version-history');
  t.deepEqual(data['keys'], ['1.16.3']);
  t.like(data, { key_info: { '1.16.3': { previous_version: null } } });
});

test('host-info tells of the machine', async (t) => {
  const server = await TestServer.start();
  const { data } = await server.must('read', 'sys/host-info');
  t.deepEqual(Object.keys(data).toSorted(), [
    'cpu',
    'cpu_times',
    'host',
    'load',
    'memory',
    'timestamp',
  ]);
});
