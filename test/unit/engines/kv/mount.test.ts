// A mount with versions as a whole: its configuration, paths that are none, and how it gets versions.
import test from 'ava';
import type { Verb } from '#sdk/call.ts';
import { kvV1, kvV2 } from '#engines/kv/index.ts';
import { TestMount } from '#test/helpers/mount.ts';

const CONFIGS: readonly (readonly [Readonly<Record<string, unknown>>, object])[] = [
  [{}, {}],
  [
    { max_versions: 5, cas_required: true },
    { max_versions: 5, cas_required: true },
  ],
  [{ max_versions: '3' }, { max_versions: 3 }],
  [{ cas_required: 'true' }, { cas_required: true }],
  [{ delete_version_after: '3h25m19s' }, { delete_version_after: '3h25m19s' }],
  [{ delete_version_after: 90 }, { delete_version_after: '1m30s' }],
  [{ delete_version_after: '2d' }, { delete_version_after: '48h0m0s' }],
  [{ delete_version_after: '-5s' }, { delete_version_after: '-1s' }],
  [{ unknown: 1 }, {}],
];
for (const [sent, shown] of CONFIGS) {
  test(`the configuration ${JSON.stringify(sent)}`, async (t) => {
    const mount = new TestMount(kvV2);
    t.deepEqual(await mount.write('config', sent), { status: 204 });
    t.deepEqual(await mount.read('config'), {
      status: 200,
      data: { cas_required: false, delete_version_after: '0s', max_versions: 0, ...shown },
    });
  });
}

test('what is not sent stays, zero clears', async (t) => {
  const mount = new TestMount(kvV2);
  await mount.write('config', { max_versions: 5, cas_required: true, delete_version_after: '1h' });
  await mount.write('config', { max_versions: 3 });
  const kept = { cas_required: true, delete_version_after: '1h0m0s', max_versions: 3 };
  t.deepEqual((await mount.read('config')).data, kept);
  await mount.write('config', {
    delete_version_after: '0s',
    cas_required: 'false',
    max_versions: '0',
  });
  const cleared = { cas_required: false, delete_version_after: '0s', max_versions: 0 };
  t.deepEqual((await mount.read('config')).data, cleared);
});

for (const [field, value] of [
  ['delete_version_after', 'soon'],
  ['max_versions', 'many'],
  ['cas_required', 'perhaps'],
] as const) {
  test(`${value} is refused as ${field}`, async (t) => {
    const mount = new TestMount(kvV2);
    const { status, errors } = await mount.write('config', { [field]: value });
    t.is(status, 400);
    t.regex(errors?.[0] ?? '', new RegExp(`^Field validation failed: .*for field "${field}"`));
    t.is((await mount.delete('config')).status, 405);
  });
}

const ROOT = 'Non-listing operations on the root of a K/V v2 mount are not supported.';
const instead = (subcommand: string): string =>
  `Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. If using the Vault CLI, use 'vault kv ${subcommand}' for this operation.`;
const INVALID: readonly (readonly [Verb, string, string])[] = [
  ['read', 'app', instead('get')],
  ['read', '', instead('get')],
  ['write', 'app/deeper', instead('put')],
  ['patch', 'app', instead('patch')],
  ['delete', 'app', instead('delete')],
  ['list', 'app/', instead('list')],
  ['list', '', instead('list')],
  ['read', 'subkeys', instead('get')],
  ['read', 'data', ROOT],
  ['write', 'data', ROOT],
  ['read', 'metadata', ROOT],
  ['read', 'delete', ROOT],
  ['read', 'undelete', ROOT],
  ['read', 'destroy', ROOT],
];
for (const [verb, path, warning] of INVALID) {
  test(`${verb} of "${path}" is told what to do instead`, async (t) => {
    const mount = new TestMount(kvV2);
    const seen =
      verb === 'list' ? await mount.list(path) : await mount[verb](path, { user: 'ana' });
    t.deepEqual(seen.warnings, [warning]);
    t.deepEqual([seen.status, seen.data], [404, null]);
  });
}

test('values get versions: each is the first of itself', async (t) => {
  const before = new TestMount(kvV1);
  await before.write('app', { user: 'ana', n: 1 });
  await before.write('a/b/c', { v: 'deep' });
  await before.write('config', { not: 'the configuration' });
  await before.write('metadata/app', { not: 'metadata' });
  const { storage, clock } = before;
  const warnings: string[] = [];
  const call = { storage, clock, warn: (message: string) => warnings.push(message) };
  kvV2.adopt?.({ ...call, options: { version: '2' }, previousOptions: { version: '1' } });
  t.is(warnings.length, 1);
  t.regex(warnings[0] ?? '', /^Upgrading mount from version 1 to version 2\./);

  const after = new TestMount(kvV2, { storage, clock, options: { version: '2' } });
  t.deepEqual((await after.read('data/app')).data?.['data'], { user: 'ana', n: 1 });
  t.deepEqual((await after.read('data/a/b/c')).data?.['data'], { v: 'deep' });
  t.deepEqual((await after.read('data/metadata/app')).data?.['data'], { not: 'metadata' });
  t.is((await after.read('config')).data?.['max_versions'], 0);
  const { data } = await after.read('metadata/app');
  t.deepEqual([data?.['current_version'], data?.['oldest_version']], [1, 1]);
  t.deepEqual((await after.list('metadata/')).data, { keys: ['a/', 'app', 'config', 'metadata/'] });
  t.is((await after.write('data/app', { data: {} })).data?.['version'], 2);
  t.is((await after.read('data/app', { version: 1 })).status, 200);
  t.false(storage.keys().some((key) => key.startsWith('plain/')));
});

test('versions stay when a mount with versions is tuned, and cannot be taken away', (t) => {
  const { storage, clock } = new TestMount(kvV2);
  const warn = (): never => t.fail();
  const call = { storage, clock, warn, previousOptions: { version: '2' } };
  t.notThrows(() => kvV2.adopt?.({ ...call, options: { version: '2' } }));
  t.throws(() => kvV1.adopt?.({ ...call, options: { version: '1' } }), {
    message: 'cannot downgrade mount from version 2',
  });
  t.notThrows(() => kvV1.adopt?.({ ...call, options: { x: 'y' }, previousOptions: {} }));
});
