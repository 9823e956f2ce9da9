// What is known about a secret with versions: settings, custom metadata, lists, and the removal of all of it.
import test from 'ava';
import { kvV2 } from '#engines/kv/index.ts';
import { TestMount } from '#test/helpers/mount.ts';

const NOT_THERE = { status: 404, errors: [] };
const DONE = { status: 204 };
const NEW = {
  cas_required: false,
  current_version: 0,
  custom_metadata: null,
  delete_version_after: '0s',
  max_versions: 0,
  oldest_version: 0,
  versions: {},
};

async function known(mount: TestMount, path = 'app'): Promise<Readonly<Record<string, unknown>>> {
  const { data } = await mount.read(`metadata/${path}`);
  const { created_time: _, updated_time: __, ...rest } = data ?? {};
  return rest;
}

test('a write creates a secret without versions, and changes only what is sent', async (t) => {
  const mount = new TestMount(kvV2);
  t.deepEqual(await mount.read('metadata/app'), NOT_THERE);
  t.deepEqual(await mount.write('metadata/app', { max_versions: 5 }), DONE);
  const { data } = await mount.read('metadata/app');
  t.deepEqual(data, {
    ...NEW,
    max_versions: 5,
    created_time: mount.clock.text(),
    updated_time: mount.clock.text(),
  });
  await mount.write('metadata/app', { delete_version_after: '90m', cas_required: 'true' });
  const changed = { max_versions: 5, delete_version_after: '1h30m0s', cas_required: true };
  t.deepEqual(await known(mount), { ...NEW, ...changed });
});

test('a write of nothing known creates nothing', async (t) => {
  const mount = new TestMount(kvV2);
  t.deepEqual(await mount.write('metadata/app', { other: 1 }), DONE);
  t.deepEqual(await mount.read('metadata/app'), NOT_THERE);
  t.deepEqual(await mount.write('metadata/', { max_versions: 1 }), {
    status: 400,
    errors: ['missing path'],
  });
});

test('the times are those of the first and of the newest version, settings do not move them', async (t) => {
  const mount = new TestMount(kvV2);
  const created = mount.clock.text();
  await mount.write('data/app', { data: {} });
  mount.clock.advance(1000);
  const updated = mount.clock.text();
  await mount.write('data/app', { data: {} });
  mount.clock.advance(1000);
  await mount.write('metadata/app', { max_versions: 7 });
  await mount.delete('data/app');
  const { data } = await mount.read('metadata/app');
  t.deepEqual([data?.['created_time'], data?.['updated_time']], [created, updated]);
  t.deepEqual(data?.['versions'], {
    1: { created_time: created, deletion_time: '', destroyed: false },
    2: { created_time: updated, deletion_time: mount.clock.text(), destroyed: false },
  });
});

const KEPT: readonly (readonly [number, number, number, number, readonly string[]])[] = [
  // of the mount, of the secret, versions written, the oldest then, the numbers that are left
  [0, 0, 9, 0, ['1', '2', '3', '4', '5', '6', '7', '8', '9']],
  [0, 0, 10, 1, ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']],
  [0, 0, 11, 2, ['2', '3', '4', '5', '6', '7', '8', '9', '10', '11']],
  [0, 2, 3, 2, ['2', '3']],
  [3, 2, 4, 2, ['2', '3', '4']],
  [2, 3, 4, 2, ['2', '3', '4']],
  [0, 1, 1, 1, ['1']],
  [0, -1, 12, 0, ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12']],
];
for (const [ofMount, ofSecret, written, oldest, left] of KEPT) {
  test(`of ${written} versions those are kept that ${ofMount} on the mount and ${ofSecret} on the secret allow`, async (t) => {
    const mount = new TestMount(kvV2);
    await mount.write('config', { max_versions: ofMount });
    await mount.write('metadata/app', { max_versions: ofSecret });
    for (let number = 1; number <= written; number++) await mount.write('data/app', { data: {} });
    const { data } = await mount.read('metadata/app');
    t.is(data?.['oldest_version'], oldest);
    t.deepEqual(Object.keys(data?.['versions'] ?? {}), left);
    const values = mount.storage.keys().filter((key) => key.startsWith('versions/'));
    t.deepEqual(values, left.map((number) => `versions/app/${number}`).toSorted());
  });
}

test('fewer versions are kept from the next write on', async (t) => {
  const mount = new TestMount(kvV2);
  for (let number = 1; number <= 5; number++) await mount.write('data/app', { data: { number } });
  await mount.write('metadata/app', { max_versions: 2 });
  t.is((await mount.read('data/app', { version: 1 })).status, 200);
  await mount.write('data/app', { data: {} });
  t.deepEqual(await mount.read('data/app', { version: 4 }), NOT_THERE);
  t.is((await mount.read('data/app', { version: 5 })).status, 200);
});

test('a patch changes what is sent, null sets back, a missing secret is not created', async (t) => {
  const mount = new TestMount(kvV2);
  t.deepEqual(await mount.patch('metadata/app', { max_versions: 1 }), { status: 404, body: '' });
  t.deepEqual(await mount.read('metadata/app'), NOT_THERE);
  await mount.write('metadata/app', {
    max_versions: 5,
    cas_required: true,
    delete_version_after: '1h',
  });
  t.deepEqual(await mount.patch('metadata/app', { delete_version_after: '0s' }), DONE);
  t.deepEqual(await known(mount), { ...NEW, max_versions: 5, cas_required: true });
  t.deepEqual(await mount.patch('metadata/app', { max_versions: null, cas_required: null }), DONE);
  t.deepEqual(await known(mount), NEW);
  t.deepEqual(await mount.patch('metadata/', {}), { status: 400, errors: ['missing path'] });
});

test('a negative duration is refused on a secret', async (t) => {
  const mount = new TestMount(kvV2);
  await mount.write('metadata/app', { max_versions: 1 });
  for (const seen of [
    await mount.write('metadata/app', { delete_version_after: '-5s' }),
    await mount.patch('metadata/app', { delete_version_after: '-5s' }),
  ]) {
    t.is(seen.status, 400);
    t.regex(seen.errors?.[0] ?? '', /error converting input .*for field "delete_version_after"/);
  }
});

test('a secret cannot opt out of what the mount requires', async (t) => {
  const mount = new TestMount(kvV2);
  await mount.write('config', { cas_required: true });
  const warned = {
    status: 200,
    data: null,
    warnings: [
      '"cas_required" set to false, but is mandated by backend config. This value will be ignored.',
    ],
  };
  t.deepEqual(await mount.write('metadata/app', { cas_required: false }), warned);
  t.deepEqual(await mount.patch('metadata/app', { cas_required: false }), warned);
  t.deepEqual(await mount.write('metadata/app', { cas_required: true }), DONE);
  await mount.write('config', { cas_required: false });
  t.deepEqual(await mount.write('metadata/app', { cas_required: false }), DONE);
});

test('custom metadata is replaced by a write and merged by a patch', async (t) => {
  const mount = new TestMount(kvV2);
  const custom = async (): Promise<unknown> => (await known(mount))['custom_metadata'];
  await mount.write('metadata/app', { custom_metadata: { owner: 'team', tier: 1, yes: true } });
  t.deepEqual(await custom(), { owner: 'team', tier: '1', yes: '1' });
  await mount.patch('metadata/app', {
    custom_metadata: { tier: '2', stage: 'x', owner: null, no: null },
  });
  t.deepEqual(await custom(), { tier: '2', yes: '1', stage: 'x' });
  await mount.patch('metadata/app', { custom_metadata: {} });
  t.deepEqual(await custom(), { tier: '2', yes: '1', stage: 'x' });
  await mount.write('data/app', { data: {} });
  const { data } = await mount.read('data/app');
  t.deepEqual(data?.['metadata'], {
    created_time: mount.clock.text(),
    custom_metadata: { tier: '2', yes: '1', stage: 'x' },
    deletion_time: '',
    destroyed: false,
    version: 1,
  });
  await mount.write('metadata/app', { custom_metadata: { a: 'b' } });
  t.deepEqual(await custom(), { a: 'b' });
  await mount.patch('metadata/app', { custom_metadata: null });
  t.is(await custom(), null);
  await mount.write('metadata/app', { custom_metadata: { a: 'b' } });
  await mount.write('metadata/app', { custom_metadata: {} });
  t.is(await custom(), null);
});

const one = (problem: string): string =>
  `1 error occurred:\n\t* custom_metadata validation failed: ${problem}\n\n`;
const MANY = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`k${index}`, 'v']));
const REFUSED: readonly (readonly [string, unknown, string])[] = [
  [
    'an empty text',
    { a: '' },
    one('length of value for key "a" is 0 but must be 0 < len(value) <= 512'),
  ],
  [
    'a long text',
    { a: 'ž'.repeat(257) },
    one('length of value for key "a" is 514 but must be 0 < len(value) <= 512'),
  ],
  ['an empty name', { '': 'a' }, one('length of key "" is 0 but must be 0 < len(key) <= 128')],
  [
    'a long name',
    { ['k'.repeat(129)]: 'a' },
    one(`length of key "${'k'.repeat(129)}" is 129 but must be 0 < len(key) <= 128`),
  ],
  ['65 names', MANY, one('payload must contain at most 64 keys, provided 65')],
  [
    'a text that does not print',
    { a: 'x\u0000' },
    one('value for key "a" contains unprintable characters'),
  ],
  [
    'a name that does not print',
    { 'a\u0001"\n\u200b': 'x' },
    one('key "a\\x01\\"\\n\\u200b" (a\u0001"\n\u200b) contains unprintable characters'),
  ],
  [
    'two problems',
    { a: '', b: '\t' },
    '2 errors occurred:\n\t* custom_metadata validation failed: length of value for key "a" is 0 but must be 0 < len(value) <= 512\n\t* custom_metadata validation failed: value for key "b" contains unprintable characters\n\n',
  ],
  [
    'a nested value',
    { a: { b: 'c' } },
    "custom_metadata validation failed: '' expected type 'string', got unconvertible type 'map[string]interface {}'",
  ],
];
for (const [what, custom_metadata, error] of REFUSED) {
  test(`${what} is refused as custom metadata`, async (t) => {
    const mount = new TestMount(kvV2);
    t.deepEqual(await mount.write('metadata/app', { custom_metadata }), {
      status: 400,
      errors: [error],
    });
    t.deepEqual(await mount.read('metadata/app'), NOT_THERE);
    await mount.write('metadata/app', { custom_metadata: { kept: 'x' } });
    t.deepEqual(await mount.patch('metadata/app', { custom_metadata }), {
      status: 400,
      errors: [error],
    });
    t.deepEqual((await known(mount))['custom_metadata'], { kept: 'x' });
  });
}

test('the limits themselves are allowed', async (t) => {
  const mount = new TestMount(kvV2);
  const { k64: _, ...most } = MANY;
  const custom_metadata = { ...most, k0: 'v'.repeat(512), k1: 'žluť 🐎, punctuation!' };
  t.deepEqual(await mount.write('metadata/app', { custom_metadata }), DONE);
  t.deepEqual((await known(mount))['custom_metadata'], custom_metadata);
});

test('a list has names and folders, whatever became of the versions', async (t) => {
  const mount = new TestMount(kvV2);
  t.deepEqual(await mount.list('metadata/'), NOT_THERE);
  for (const path of ['a', 'a/b', 'a/b/c/d', 'Z', '10', '9', 'with space', 'ž']) {
    await mount.write(`data/${path}`, { data: {} });
  }
  await mount.delete('data/Z');
  const all = { status: 200, data: { keys: ['10', '9', 'Z', 'a', 'a/', 'with space', 'ž'] } };
  t.deepEqual(await mount.list('metadata/'), all);
  t.deepEqual(await mount.list('metadata/a/'), { status: 200, data: { keys: ['b', 'b/'] } });
  t.deepEqual(await mount.list('metadata/Z/'), NOT_THERE);
  t.deepEqual(await mount.list('metadata/none/'), NOT_THERE);
  t.deepEqual(await mount.list('metadata//'), NOT_THERE);
  t.deepEqual(await mount.list('data/'), { status: 405, errors: ['unsupported operation'] });
});

test('the removal of a secret leaves nothing of it, and what is below it alone', async (t) => {
  const mount = new TestMount(kvV2);
  for (const path of ['a', 'a', 'a/b', 'a/1']) {
    await mount.write(`data/${path}`, { data: { path } });
  }
  t.deepEqual(await mount.delete('metadata/a'), DONE);
  t.deepEqual(mount.storage.keys(), [
    'metadata/a/1',
    'metadata/a/b',
    'versions/a/1/1',
    'versions/a/b/1',
  ]);
  t.deepEqual(await mount.delete('metadata/a'), DONE);
  t.is((await mount.write('data/a', { data: {} })).data?.['version'], 1);
});
