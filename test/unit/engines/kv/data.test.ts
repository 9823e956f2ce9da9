// Values with versions: writing, reading by number, check-and-set, patching, deleting, what is refused.
import test from 'ava';
import { kvV2 } from '#engines/kv/index.ts';
import { TestMount } from '#test/helpers/mount.ts';

const meta = (mount: TestMount, version: number, more: object = {}): Record<string, unknown> => ({
  created_time: mount.clock.text(),
  custom_metadata: null,
  deletion_time: '',
  destroyed: false,
  version,
  ...more,
});

const refused = (error: string): object => ({ status: 400, errors: [error] });
const NOT_THERE = { status: 404, errors: [] };

async function withVersions(...values: readonly object[]): Promise<TestMount> {
  const mount = new TestMount(kvV2);
  for (const data of values) await mount.write('data/app', { data });
  return mount;
}

test('a write answers the metadata of its version, a read the value beside it', async (t) => {
  const mount = new TestMount(kvV2);
  const first = meta(mount, 1);
  t.deepEqual(await mount.write('data/app', { data: { user: 'ana' } }), {
    status: 200,
    data: first,
  });
  mount.clock.advance(1500);
  const second = meta(mount, 2);
  t.deepEqual(await mount.write('data/app', { data: { n: 5432 } }), { status: 200, data: second });
  t.deepEqual(await mount.read('data/app'), {
    status: 200,
    data: { data: { n: 5432 }, metadata: second },
  });
  t.deepEqual(await mount.read('data/app', { version: '1' }), {
    status: 200,
    data: { data: { user: 'ana' }, metadata: first },
  });
});

for (const [version, value] of [
  ['0', 'two'],
  ['-1', 'two'],
  ['', 'two'],
  ['1', 'one'],
  ['3', undefined],
] as const) {
  test(`version ${JSON.stringify(version)} of two ${value ? `is version ${value}` : 'is not there'}`, async (t) => {
    const mount = await withVersions({ v: 'one' }, { v: 'two' });
    const seen = await mount.read('data/app', { version });
    if (value === undefined) t.deepEqual(seen, NOT_THERE);
    else t.deepEqual(seen.data?.['data'], { v: value });
  });
}

test('a version that is no number is refused', async (t) => {
  const mount = await withVersions({});
  const { status, errors } = await mount.read('data/app', { version: 'first' });
  t.is(status, 400);
  t.regex(
    errors?.[0] ?? '',
    /^Field validation failed: error converting input .*for field "version"/,
  );
});

test('what was never written is not there', async (t) => {
  const mount = await withVersions({});
  for (const path of [
    'data/none',
    'data/app/below',
    'data/',
    'data/app/',
    'data//app',
    'data/a//b',
  ]) {
    t.deepEqual(await mount.read(path), NOT_THERE, path);
  }
});

const VALUES: readonly object[] = [
  {},
  { text: 'x', empty: '', yes: true, nothing: null, list: [1, 'two', null, { three: 3 }] },
  { unicode: 'žluťoučký 🐎 \u0000\u001f', 'key with space': 'k', '': 'empty name' },
  { deep: { a: { b: [] }, c: {} } },
];
for (const value of VALUES) {
  test(`${JSON.stringify(value)} comes back as it was`, async (t) => {
    const mount = await withVersions(value);
    t.deepEqual((await mount.read('data/app')).data?.['data'], value);
  });
}

test('numbers and names like __proto__ survive digit by digit', async (t) => {
  const text = '{"__proto__":{"x":1},"f":1.0,"n":12345678901234567890}';
  const mount = new TestMount(kvV2);
  const { parseJson } = await import('#sdk/json.ts');
  await mount.write('data/app', { data: parseJson(text) });
  t.is(JSON.stringify((await mount.read('data/app')).data?.['data']), text);
  await mount.patch('data/app', { data: parseJson('{"m":2.50}') });
  t.is(
    JSON.stringify((await mount.read('data/app')).data?.['data']),
    '{"__proto__":{"x":1},"f":1.0,"m":2.50,"n":12345678901234567890}',
  );
});

test('null is a value', async (t) => {
  const mount = new TestMount(kvV2);
  t.is((await mount.write('data/app', { data: null })).status, 200);
  const { status, data } = await mount.read('data/app');
  t.deepEqual([status, data?.['data']], [200, null]);
  t.is((await mount.read('subkeys/app')).data?.['subkeys'], null);
});

const REFUSED_WRITES = [
  ['nothing', {}, 'no data provided'],
  ['fields at the top', { user: 'ana' }, 'no data provided'],
  ['options alone', { options: { cas: 0 } }, 'no data provided'],
  ['a text as data', { data: 'x' }, /^Field validation failed: error converting input .*"data"/],
  ['a list as data', { data: ['x'] }, /^Field validation failed: error converting input .*"data"/],
  ['a text as options', { data: {}, options: 'x' }, /error converting input .*"options"/],
] as const;
for (const [what, body, expected] of REFUSED_WRITES) {
  test(`${what}: neither written nor patched`, async (t) => {
    const mount = await withVersions({ v: '1' });
    for (const seen of [await mount.write('data/app', body), await mount.patch('data/app', body)]) {
      t.is(seen.status, 400);
      t.regex(seen.errors?.[0] ?? '', new RegExp(expected));
    }
    t.is((await mount.read('metadata/app')).data?.['current_version'], 1);
  });
}

test('a path that cannot be kept is refused', async (t) => {
  const mount = new TestMount(kvV2);
  t.deepEqual(await mount.write('data/', { data: {} }), refused('missing path'));
  for (const path of ['data/a//b', 'data//a', 'data/a/']) {
    t.deepEqual(await mount.write(path, { data: {} }), refused('path has an empty segment'), path);
  }
  t.deepEqual(mount.storage.keys(), []);
});

const MISMATCH = 'check-and-set parameter did not match the current version';
const UNPARSABLE = 'error parsing check-and-set parameter';
const CAS: readonly (readonly [unknown, string | undefined])[] = [
  [2, undefined],
  ['2', undefined],
  [0, MISMATCH],
  [1, MISMATCH],
  [3, MISMATCH],
  [-1, MISMATCH],
  [2_147_483_648, MISMATCH],
  [null, MISMATCH],
  ['', MISMATCH],
  ['two', UNPARSABLE],
  [' 2', UNPARSABLE],
  [[2], UNPARSABLE],
  [{ version: 2 }, UNPARSABLE],
];
for (const [cas, error] of CAS) {
  test(`cas ${JSON.stringify(cas)} at version 2 ${error ?? 'is right'}`, async (t) => {
    const mount = await withVersions({ v: '1' }, { v: '2' });
    const body = { data: { v: '3' }, options: { cas } };
    const expected = error === undefined ? 200 : 400;
    const written = await mount.write('data/app', body);
    t.is(written.status, expected);
    if (error !== undefined) t.deepEqual(written, refused(error));
    if (error !== undefined) t.deepEqual(await mount.patch('data/app', body), refused(error));
    t.is((await mount.read('metadata/app')).data?.['current_version'], error === undefined ? 3 : 2);
  });
}

for (const cas of [0, null, '', '0']) {
  test(`cas ${JSON.stringify(cas)} writes what was not there, and only that`, async (t) => {
    const mount = new TestMount(kvV2);
    const body = { data: {}, options: { cas } };
    t.is((await mount.write('data/app', body)).status, 200);
    t.deepEqual(await mount.write('data/app', body), refused(MISMATCH));
    await mount.delete('data/app');
    t.deepEqual(await mount.write('data/app', body), refused(MISMATCH));
    await mount.delete('metadata/app');
    t.is((await mount.write('data/app', body)).status, 200);
  });
}

test('cas_required of the mount or of the secret is required of writes and patches', async (t) => {
  const REQUIRED = refused('check-and-set parameter required for this call');
  const mount = await withVersions({ v: '1' });
  await mount.write('metadata/app', { cas_required: true });
  t.deepEqual(await mount.write('data/app', { data: {} }), REQUIRED);
  t.deepEqual(await mount.patch('data/app', { data: {} }), REQUIRED);
  t.is((await mount.write('data/other', { data: {} })).status, 200);
  await mount.write('metadata/app', { cas_required: false });
  t.is((await mount.write('data/app', { data: {} })).status, 200);
  await mount.write('config', { cas_required: true });
  t.deepEqual(await mount.write('data/other', { data: {} }), REQUIRED);
  t.is((await mount.write('data/other', { data: {}, options: { cas: 1 } })).status, 200);
  t.is((await mount.delete('data/other')).status, 204);
});

const PATCHES: readonly (readonly [object, object, object])[] = [
  [
    { a: 1, b: 2 },
    { b: 3, c: { x: 'y' } },
    { a: 1, b: 3, c: { x: 'y' } },
  ],
  [{ a: 1, b: 2 }, { b: null, never: null }, { a: 1 }],
  [
    { d: { a: { b: 1, c: 2 }, l: [1, 2] } },
    { d: { a: { b: null, e: 4 }, l: [9] } },
    { d: { a: { c: 2, e: 4 }, l: [9] } },
  ],
  [{ user: 'ana' }, { user: { first: 'ana', drop: null } }, { user: { first: 'ana' } }],
  [{ user: { first: 'ana' } }, { user: 'ana' }, { user: 'ana' }],
  [{ a: 1 }, {}, { a: 1 }],
];
for (const [before, change, after] of PATCHES) {
  test(`${JSON.stringify(change)} makes ${JSON.stringify(before)} ${JSON.stringify(after)}`, async (t) => {
    const mount = await withVersions(before);
    t.deepEqual(await mount.patch('data/app', { data: change }), {
      status: 200,
      data: meta(mount, 2),
    });
    t.deepEqual((await mount.read('data/app')).data?.['data'], after);
    t.deepEqual((await mount.read('data/app', { version: 1 })).data?.['data'], before);
  });
}

test('a patch needs a version to patch: none is 404 without a body, one that is gone with its metadata', async (t) => {
  const mount = new TestMount(kvV2);
  const nothing = { status: 404, body: '' };
  t.deepEqual(await mount.patch('data/app', { data: {} }), nothing);
  await mount.write('metadata/app', { max_versions: 3 });
  t.deepEqual(await mount.patch('data/app', { data: {} }), nothing);
  await mount.write('data/app', { data: { a: 1 } });
  await mount.delete('data/app');
  const deleted = meta(mount, 1, { deletion_time: mount.clock.text() });
  t.deepEqual(await mount.patch('data/app', { data: {} }), { status: 404, data: deleted });
});

test('a delete hides the newest version from that moment on, and only once', async (t) => {
  const mount = await withVersions({ v: '1' }, { v: '2' });
  const gone = {
    status: 404,
    data: { data: null, metadata: meta(mount, 2, { deletion_time: mount.clock.text() }) },
  };
  t.deepEqual(await mount.delete('data/app'), { status: 204 });
  t.deepEqual(await mount.read('data/app'), gone);
  mount.clock.advance(1000);
  t.deepEqual(await mount.delete('data/app'), { status: 204 });
  t.deepEqual(await mount.read('data/app'), gone);
  t.is((await mount.read('data/app', { version: 1 })).status, 200);
  t.deepEqual(await mount.delete('data/none'), { status: 204 });
});

test('unknown parameters are warned about, the path in the URL wins', async (t) => {
  const mount = new TestMount(kvV2);
  const seen = await mount.write('data/here', { data: {}, path: 'there', extra: 1, cas: 0 });
  t.deepEqual(seen.warnings, [
    'Endpoint ignored these unrecognized parameters: [cas extra]',
    "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [path]",
  ]);
  t.deepEqual(await mount.read('data/there'), NOT_THERE);
});

test('a write needs create while nothing is known of the secret, then update', async (t) => {
  const mount = new TestMount(kvV2);
  t.is(mount.capability('data/app'), 'create');
  t.is(mount.capability('metadata/app'), 'create');
  await mount.write('metadata/app', { max_versions: 1 });
  t.is(mount.capability('data/app'), 'update');
  t.is(mount.capability('metadata/app'), 'update');
  t.is(mount.capability('data/a//b'), 'create');
  t.is(mount.capability('config'), 'update');
  t.is(mount.capability('destroy/app'), 'update');
});

test('a read touches two records, a write three and what it removes', async (t) => {
  const mount = await withVersions({ v: 1 });
  mount.storage.touched.length = 0;
  await mount.read('data/app');
  t.deepEqual(mount.storage.touched, ['get metadata/app', 'get versions/app/1']);
  mount.storage.touched.length = 0;
  await mount.write('data/app', { data: {} });
  t.deepEqual(mount.storage.touched, [
    'get config',
    'get metadata/app',
    'put versions/app/2',
    'put metadata/app',
  ]);
});
