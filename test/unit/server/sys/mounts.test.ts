// Secrets engines enabled, tuned, moved and disabled through the API.
import test from 'ava';
import { TestServer } from '#test/helpers/server.ts';

type Json = Readonly<Record<string, unknown>>;

const REFUSED: readonly (readonly [string, string, Json, string])[] = [
  ['no type', 'x', {}, 'backend type must be specified as a string'],
  ['an unknown type', 'x', { type: 'frob' }, 'plugin not found in the catalog: frob'],
  ['an auth method', 'x', { type: 'userpass' }, 'plugin not found in the catalog: userpass'],
  ['another system', 'x', { type: 'system' }, 'mount type of "system" is not mountable'],
  ['a second cubbyhole', 'x', { type: 'cubbyhole' }, 'mount type of "cubbyhole" is not mountable'],
  [
    'a plugin without a name',
    'x',
    { type: 'plugin' },
    'plugin_name must be provided for plugin backend',
  ],
  ['a path of the system', 'sys/x', { type: 'kv' }, 'cannot mount "sys/x/"'],
  ['a path of the auth methods', 'auth/x', { type: 'kv' }, 'cannot mount "auth/x/"'],
  ['a path in use', 'taken', { type: 'kv' }, 'path is already in use at taken/'],
  ['a path below one in use', 'taken/a', { type: 'kv' }, 'path is already in use at taken/'],
  ['a path above one in use', 'deep', { type: 'kv' }, 'path is already in use at deep/er/'],
  [
    'a version of kv that is none',
    'x',
    { type: 'kv', options: { version: '3' } },
    'invalid version provided: 3',
  ],
  [
    'a version of a plugin',
    'x',
    { type: 'kv', plugin_version: 'v9.0.0' },
    'no matching version found for plugin kv with version v9.0.0',
  ],
  [
    'a visibility that is none',
    'x',
    { type: 'kv', config: { listing_visibility: 'maybe' } },
    'invalid listing_visibility maybe',
  ],
  [
    'a default above the maximum',
    'x',
    { type: 'kv', config: { default_lease_ttl: '2h', max_lease_ttl: '1h' } },
    'given default lease TTL greater than given max lease TTL',
  ],
  [
    "a default above the system's maximum",
    'x',
    { type: 'kv', config: { default_lease_ttl: '90000h' } },
    'given default lease TTL greater than system max lease TTL of 2764800',
  ],
  [
    'a negative ttl',
    'x',
    { type: 'kv', config: { max_lease_ttl: '-5s' } },
    'unable to parse max TTL of -5s: cannot provide negative value',
  ],
  [
    'keys of another edition',
    'x',
    { type: 'kv', config: { allowed_managed_keys: ['k'] } },
    'allowed_managed_keys is not supported',
  ],
];

for (const [what, path, body, message] of REFUSED) {
  test(`enabling refuses ${what}, and mounts nothing`, async (t) => {
    const server = await TestServer.start();
    await server.must('write', 'sys/mounts/taken', { body: { type: 'kv' } });
    await server.must('write', 'sys/mounts/deep/er', { body: { type: 'kv' } });
    const before = await server.must('read', 'sys/mounts');
    const refused = await server.call('write', `sys/mounts/${path}`, { body });
    t.is(refused.status, 400);
    t.deepEqual(refused.errors, [message]);
    const after = await server.must('read', 'sys/mounts');
    t.deepEqual(Object.keys(after.data), Object.keys(before.data));
  });
}

test('old names of types are kv with a version', async (t) => {
  const server = await TestServer.start();
  await server.must('write', 'sys/mounts/one', { body: { type: 'kv-v1' } });
  await server.must('write', 'sys/mounts/two', { body: { type: 'plugin', plugin_name: 'kv-v2' } });
  const [one, two] = [
    await server.must('read', 'sys/mounts/one'),
    await server.must('read', 'sys/mounts/two'),
  ];
  t.deepEqual([one.data['type'], one.data['options']], ['kv', { version: '1' }]);
  t.deepEqual([two.data['type'], two.data['options']], ['kv', { version: '2' }]);
});

test('a mount is shown beside the envelope too', async (t) => {
  const server = await TestServer.start();
  await server.must('write', 'sys/mounts/kv', {
    body: { type: 'kv', local: true, seal_wrap: true },
  });
  const { body, data } = await server.must('read', 'sys/mounts/kv');
  t.is(body['accessor'], data['accessor']);
  t.like(data, {
    local: true,
    seal_wrap: true,
    deprecation_status: 'supported',
    plugin_version: '',
  });
});

const TUNED: readonly (readonly [Json, Json])[] = [
  [
    { default_lease_ttl: '10m', max_lease_ttl: 1200 },
    { default_lease_ttl: 600, max_lease_ttl: 1200 },
  ],
  [{ default_lease_ttl: 'system' }, { default_lease_ttl: 2_764_800 }],
  [{ description: 'mine' }, { description: 'mine' }],
  [{ listing_visibility: 'unauth' }, { listing_visibility: 'unauth' }],
  [{ audit_non_hmac_request_keys: 'a,b' }, { audit_non_hmac_request_keys: ['a', 'b'] }],
  [{ options: { mine: 'yes' } }, { options: { mine: 'yes' } }],
];

for (const [body, expected] of TUNED) {
  test(`tuning ${JSON.stringify(body)} shows ${JSON.stringify(expected)}`, async (t) => {
    const server = await TestServer.start();
    await server.must('write', 'sys/mounts/kv', { body: { type: 'kv' } });
    t.is((await server.must('write', 'sys/mounts/kv/tune', { body })).status, 204);
    t.like((await server.must('read', 'sys/mounts/kv/tune')).data, expected);
  });
}

const NOT_TUNED: readonly (readonly [string, Json, string])[] = [
  [
    'kv',
    { default_lease_ttl: '30m' },
    'backend max lease TTL of 1200 would be less than backend default lease TTL of 1800',
  ],
  ['kv', { token_type: 'batch' }, "'token_type' can only be modified on auth mounts"],
  [
    'kv',
    { user_lockout_config: {} },
    'tuning of user lockout configuration for auth type "kv" not allowed',
  ],
  ['none', { description: 'x' }, 'tune of path "none/" failed: no mount entry found'],
  ['sys', { description: 'x' }, 'cannot tune "sys/"'],
  ['cubbyhole', { description: 'x' }, 'cannot tune "cubbyhole/"'],
  ['kv', { options: { version: '7' } }, 'invalid version provided: 7'],
];

for (const [path, body, message] of NOT_TUNED) {
  test(`tuning ${path} refuses ${JSON.stringify(body)}`, async (t) => {
    const server = await TestServer.start();
    const config = { default_lease_ttl: '10m', max_lease_ttl: '20m' };
    await server.must('write', 'sys/mounts/kv', { body: { type: 'kv', config } });
    const refused = await server.call('write', `sys/mounts/${path}/tune`, { body });
    t.deepEqual([refused.status, refused.errors], [400, [message]]);
  });
}

test('a mount gets versions with all that it holds, and cannot lose them', async (t) => {
  const server = await TestServer.start();
  await server.must('write', 'sys/mounts/kv', { body: { type: 'kv' } });
  await server.must('write', 'kv/a', { body: { x: '1' } });
  const up = await server.must('write', 'sys/mounts/kv/tune', {
    body: { options: { version: '2' } },
  });
  t.regex(up.warnings[0] ?? '', /^Upgrading mount from version 1 to version 2\./);
  t.like((await server.must('read', 'kv/data/a')).data, { data: { x: '1' } });
  const down = await server.call('write', 'sys/mounts/kv/tune', {
    body: { options: { version: '1' } },
  });
  t.deepEqual(down.errors, ['cannot downgrade mount from version 2']);
});

test('what a disabled mount held is gone from storage, and its path is free', async (t) => {
  const server = await TestServer.start();
  await server.must('write', 'sys/mounts/kv', { body: { type: 'kv' } });
  await server.must('write', 'kv/a/b/c', { body: { x: '1' } });
  t.true(server.keys('logical/').length > 0);
  await server.must('delete', 'sys/mounts/kv');
  t.deepEqual(server.keys('logical/'), []);
  t.is((await server.call('read', 'kv/a/b/c')).status, 404);
  await server.must('write', 'sys/mounts/kv', { body: { type: 'kv' } });
  t.is((await server.call('read', 'kv/a/b/c')).status, 404);
});

for (const path of ['sys', 'cubbyhole', 'identity', 'auth/token']) {
  test(`${path} cannot be disabled`, async (t) => {
    const server = await TestServer.start();
    t.is((await server.call('delete', `sys/mounts/${path}`)).status, 400);
  });
}

test('disabling what is not there is no error', async (t) => {
  const server = await TestServer.start();
  t.is((await server.call('delete', 'sys/mounts/none')).status, 204);
});

test('a mount moves with its secrets and its accessor', async (t) => {
  const server = await TestServer.start();
  await server.must('write', 'sys/mounts/from', { body: { type: 'kv' } });
  await server.must('write', 'from/a', { body: { x: '1' } });
  const before = await server.must('read', 'sys/mounts/from');
  const moved = await server.must('write', 'sys/remount', {
    body: { from: 'from', to: 'to/there' },
  });
  const id = String(moved.data['migration_id']);
  const { data } = await server.must('read', `sys/remount/status/${id}`);
  t.like(data, {
    migration_info: { source_mount: 'from/', target_mount: 'to/there/', status: 'success' },
  });
  t.deepEqual((await server.must('read', 'to/there/a')).data, { x: '1' });
  t.is((await server.call('read', 'from/a')).status, 404);
  t.is(
    (await server.must('read', 'sys/mounts/to/there')).data['accessor'],
    before.data['accessor'],
  );
});

const NOT_MOVED: readonly (readonly [string, string, string])[] = [
  ['none', 'x', 'no matching mount at "none/"'],
  ['kv', 'kv', 'path already in use at "kv/"'],
  ['kv', 'kv/below', 'path already in use at "kv/"'],
  ['sys', 'x', 'cannot remount "sys/"'],
  ['kv', 'sys/x', 'cannot remount to destination sys/x/'],
  ['kv', 'auth/x', 'cannot remount to destination auth/x/'],
  ['auth/token', 'auth/x', 'cannot remount "auth/token/"'],
  ['auth/token', 'x', 'cannot remount auth mount to non-auth mount "x/"'],
  ['kv', ' spaced', "'to' path cannot contain leading or trailing whitespace"],
  ['kv', '', "both 'from' and 'to' path must be specified as a string"],
];

for (const [from, to, message] of NOT_MOVED) {
  test(`moving ${from} to "${to}" is refused`, async (t) => {
    const server = await TestServer.start();
    await server.must('write', 'sys/mounts/kv', { body: { type: 'kv' } });
    const refused = await server.call('write', 'sys/remount', { body: { from, to } });
    t.deepEqual([refused.status, refused.errors], [400, [message]]);
  });
}
