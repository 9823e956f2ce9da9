// Values without versions: kept as they were sent, with a hint how soon to read again.
import test from 'ava';
import { kvV1 } from '#engines/kv/index.ts';
import { parseJson } from '#sdk/json.ts';
import { TestMount } from '#test/helpers/mount.ts';

const NOT_THERE = { status: 404, errors: [] };
const DEFAULT = 2_764_800;

test('a value is what was written last', async (t) => {
  const mount = new TestMount(kvV1);
  t.deepEqual(await mount.read('app'), NOT_THERE);
  t.is(mount.capability('app'), 'create');
  t.deepEqual(await mount.write('app', { user: 'ana', list: [1, null] }), { status: 204 });
  t.is(mount.capability('app'), 'update');
  const data = { user: 'ana', list: [1, null] };
  t.deepEqual(await mount.read('app'), { status: 200, data, leaseDuration: DEFAULT });
  await mount.write('app', { path: 'x' });
  t.deepEqual((await mount.read('app')).data, { path: 'x' });
  t.deepEqual(await mount.delete('app'), { status: 204 });
  t.deepEqual(await mount.delete('app'), { status: 204 });
  t.deepEqual(await mount.read('app'), NOT_THERE);
});

test('numbers survive digit by digit', async (t) => {
  const mount = new TestMount(kvV1);
  const text = '{"n":12345678901234567890,"f":1.50}';
  await mount.write('app', parseJson(text) as Record<string, unknown>);
  t.is(JSON.stringify((await mount.read('app')).data), text);
});

const NAMES = ['with space', 'up/down', 'žába🐎', '100%', 'a+b', 'a.b_c-d~e:f@g', 'v1..2', '.../x'];
for (const name of NAMES) {
  test(`"${name}" is a name`, async (t) => {
    const mount = new TestMount(kvV1);
    await mount.write(name, { v: name });
    t.deepEqual((await mount.read(name)).data, { v: name });
    t.deepEqual(await mount.read(`${name}/`), NOT_THERE);
  });
}

test('a path that cannot be kept is refused on writes, and not there for the rest', async (t) => {
  const mount = new TestMount(kvV1);
  t.deepEqual(await mount.write('', { a: 1 }), { status: 400, errors: ['missing path'] });
  for (const path of ['a/', '/a', 'a//b']) {
    t.deepEqual(await mount.write(path, { a: 1 }), {
      status: 400,
      errors: ['path has an empty segment'],
    });
    t.deepEqual(await mount.read(path), NOT_THERE);
    t.deepEqual(await mount.delete(path), { status: 204 });
    t.is(mount.capability(path), 'create');
  }
  t.deepEqual(await mount.list('a//'), NOT_THERE);
  t.deepEqual(mount.storage.keys(), []);
});

test('a write needs data', async (t) => {
  const mount = new TestMount(kvV1);
  t.deepEqual(await mount.write('app', {}), { status: 400, errors: ['missing data fields'] });
  t.is((await mount.patch('app', { a: 1 })).status, 405);
});

test('a list has names and folders', async (t) => {
  const mount = new TestMount(kvV1);
  t.deepEqual(await mount.list(''), NOT_THERE);
  for (const path of ['app', 'a/b/c', 'a/d']) await mount.write(path, { v: 1 });
  t.deepEqual(await mount.list(''), { status: 200, data: { keys: ['a/', 'app'] } });
  t.deepEqual(await mount.list('a/'), { status: 200, data: { keys: ['b/', 'd'] } });
  t.deepEqual(await mount.list('app/'), NOT_THERE);
});

const TTLS: readonly (readonly [object, number])[] = [
  [{ ttl: '90m' }, 5400],
  [{ ttl: 45 }, 45],
  [{ ttl: '61' }, 61],
  [{ lease: '2h' }, 7200],
  [{ lease: '2h', ttl: '1h' }, 3600],
  [{ lease: '2h', ttl: 'soon' }, DEFAULT],
  [{ ttl: '9000h' }, 32_400_000],
  [{ ttl: '' }, 0],
  [{ ttl: '0' }, 0],
  [{ ttl: true }, DEFAULT],
  [{ ttl: { a: 1 } }, DEFAULT],
  [{ other: '1h' }, DEFAULT],
];
for (const [value, expected] of TTLS) {
  test(`${JSON.stringify(value)} is to be read again in ${expected} seconds`, async (t) => {
    const mount = new TestMount(kvV1);
    await mount.write('app', { ...value });
    t.deepEqual(await mount.read('app'), {
      status: 200,
      data: { ...value },
      leaseDuration: expected,
    });
  });
}
