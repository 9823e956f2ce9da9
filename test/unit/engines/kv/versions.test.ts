// Versions that are deleted, undeleted, destroyed, or deleted by a rule; and the names within them.
import test from 'ava';
import { kvV2 } from '#engines/kv/index.ts';
import { TestMount, type Seen } from '#test/helpers/mount.ts';

const DONE = { status: 204 };
const refused = (error: string): Seen => ({ status: 400, errors: [error] });
const HOUR = 3_600_000;

async function withVersions(count: number): Promise<TestMount> {
  const mount = new TestMount(kvV2);
  for (let v = 1; v <= count; v++) await mount.write('data/app', { data: { v } });
  return mount;
}

/** For each version whether it is shown, deleted or destroyed. */
async function states(mount: TestMount, count: number): Promise<string> {
  const answers: string[] = [];
  for (let version = 1; version <= count; version++) {
    answers.push(stateOf(await mount.read('data/app', { version })));
  }
  return answers.join(' ');
}

function stateOf(seen: Seen): string {
  if (seen.status === 200) return 'shown';
  if (seen.data === undefined) return 'absent';
  return beside(seen)['destroyed'] === true ? 'destroyed' : 'deleted';
}

/** The metadata beside a value. */
function beside({ data }: Seen): Readonly<Record<string, unknown>> {
  return (data?.['metadata'] ?? {}) as Readonly<Record<string, unknown>>;
}

test('delete hides versions, undelete shows them, destroy removes their values', async (t) => {
  const mount = await withVersions(4);
  t.deepEqual(await mount.write('delete/app', { versions: [1, 3] }), DONE);
  t.is(await states(mount, 4), 'deleted shown deleted shown');
  t.deepEqual(await mount.write('undelete/app', { versions: [1, 2] }), DONE);
  t.is(await states(mount, 4), 'shown shown deleted shown');
  t.deepEqual(await mount.write('destroy/app', { versions: [1, 3] }), DONE);
  t.is(await states(mount, 4), 'destroyed shown destroyed shown');
  t.deepEqual(await mount.write('undelete/app', { versions: [1, 3] }), DONE);
  t.deepEqual(await mount.write('delete/app', { versions: [1] }), DONE);
  t.is(await states(mount, 4), 'destroyed shown destroyed shown');
  t.deepEqual(
    mount.storage.keys().filter((key) => key.startsWith('versions/')),
    ['versions/app/2', 'versions/app/4'],
  );
});

test('a version that was deleted and then destroyed is both', async (t) => {
  const mount = await withVersions(1);
  const deleted = mount.clock.text();
  await mount.delete('data/app');
  mount.clock.advance(1);
  await mount.write('destroy/app', { versions: '1' });
  const { deletion_time, destroyed } = beside(await mount.read('data/app'));
  t.deepEqual([deletion_time, destroyed], [deleted, true]);
});

test('versions and secrets that are not there are passed over', async (t) => {
  const mount = await withVersions(2);
  for (const path of ['delete', 'undelete', 'destroy']) {
    t.deepEqual(await mount.write(`${path}/app`, { versions: [0, -1, 42] }), DONE);
    t.deepEqual(await mount.write(`${path}/none`, { versions: [1] }), DONE);
  }
  t.is(await states(mount, 2), 'shown shown');
  t.deepEqual(await mount.read('metadata/none'), { status: 404, errors: [] });
});

const LISTS: readonly (readonly [unknown, string | undefined])[] = [
  [[1, 2], 'deleted deleted shown'],
  [['1', 2], 'deleted deleted shown'],
  ['1,2', 'deleted deleted shown'],
  ['3', 'shown shown deleted'],
  [3, 'shown shown deleted'],
  [[3, 3], 'shown shown deleted'],
  ['1, 2', undefined],
  ['all', undefined],
  [[1, 'two'], undefined],
  [{ a: 1 }, undefined],
];
for (const [versions, expected] of LISTS) {
  test(`${JSON.stringify(versions)} ${expected === undefined ? 'is no list of versions' : `leaves ${expected}`}`, async (t) => {
    const mount = await withVersions(3);
    const seen = await mount.write('delete/app', { versions });
    if (expected === undefined) {
      t.is(seen.status, 400);
      t.regex(seen.errors?.[0] ?? '', /^Field validation failed: .*for field "versions"/);
    }
    t.is(await states(mount, 3), expected ?? 'shown shown shown');
  });
}

for (const body of [{}, { versions: [] }, { versions: '' }, { versions: null }]) {
  test(`${JSON.stringify(body)} names no version`, async (t) => {
    const mount = await withVersions(1);
    t.deepEqual(await mount.write('delete/app', body), refused('No version number provided'));
    t.deepEqual(await mount.write('undelete/app', body), refused('No version number provided'));
    t.deepEqual(await mount.write('destroy/app', body), refused('no version number provided'));
  });
}

const RULES: readonly (readonly [string, string, number | undefined])[] = [
  // of the mount, of the secret, hours until it is deleted
  ['0s', '0s', undefined],
  ['2h', '0s', 2],
  ['0s', '3h', 3],
  ['2h', '3h', 2],
  ['3h', '2h', 2],
  ['-1s', '2h', undefined],
];
for (const [ofMount, ofSecret, hours] of RULES) {
  test(`${ofMount} on the mount and ${ofSecret} on the secret delete ${hours === undefined ? 'never' : `after ${hours} hours`}`, async (t) => {
    const mount = new TestMount(kvV2);
    await mount.write('config', { delete_version_after: ofMount });
    await mount.write('metadata/app', { delete_version_after: ofSecret });
    const { data } = await mount.write('data/app', { data: {} });
    if (hours === undefined) {
      t.is(data?.['deletion_time'], '');
      return;
    }
    mount.clock.advance(hours * HOUR - 1);
    t.is(await states(mount, 1), 'shown');
    mount.clock.advance(1);
    t.is(data?.['deletion_time'], mount.clock.text());
    t.is(await states(mount, 1), 'deleted');
  });
}

test('a rule holds for later versions, an undelete begins it anew for all that it names', async (t) => {
  const mount = await withVersions(1);
  await mount.write('metadata/app', { delete_version_after: '1h' });
  await mount.write('data/app', { data: {} });
  mount.clock.advance(HOUR);
  t.is(await states(mount, 2), 'shown deleted');
  await mount.write('undelete/app', { versions: [1, 2] });
  t.is(await states(mount, 2), 'shown shown');
  mount.clock.advance(HOUR);
  t.is(await states(mount, 2), 'deleted deleted');
  await mount.write('metadata/app', { delete_version_after: 0 });
  await mount.write('undelete/app', { versions: [1, 2] });
  mount.clock.advance(HOUR * 1000);
  t.is(await states(mount, 2), 'shown shown');
});

test('a delete comes before the time of a rule, not after it', async (t) => {
  const mount = new TestMount(kvV2);
  await mount.write('config', { delete_version_after: '1h' });
  await mount.write('data/app', { data: {} });
  await mount.write('data/other', { data: {} });
  const now = mount.clock.text();
  await mount.write('delete/app', { versions: [1] });
  await mount.delete('data/other');
  for (const path of ['app', 'other']) {
    t.is(beside(await mount.read(`data/${path}`))['deletion_time'], now);
  }
});

const DEEP = {
  user: 'ana',
  deep: { a: { b: { c: 'x' } }, empty: {}, list: [{ z: 1 }] },
  none: null,
  n: 1.5,
};
const NAMES: readonly (readonly [object, unknown])[] = [
  [
    {},
    { user: null, deep: { a: { b: { c: null } }, empty: null, list: null }, none: null, n: null },
  ],
  [
    { depth: '0' },
    { user: null, deep: { a: { b: { c: null } }, empty: null, list: null }, none: null, n: null },
  ],
  [{ depth: '1' }, { user: null, deep: null, none: null, n: null }],
  [{ depth: '2' }, { user: null, deep: { a: null, empty: null, list: null }, none: null, n: null }],
  [{ version: '2' }, { only: null }],
];
for (const [query, expected] of NAMES) {
  test(`the names within a secret with ${JSON.stringify(query)}`, async (t) => {
    const mount = new TestMount(kvV2);
    await mount.write('data/app', { data: DEEP });
    await mount.write('data/app', { data: { only: 'two' } });
    const { status, data } = await mount.read('subkeys/app', { version: '1', ...query });
    t.deepEqual([status, data?.['subkeys']], [200, expected]);
  });
}

test('names deeper than the limit are not shown', async (t) => {
  const mount = new TestMount(kvV2);
  let data: object = { secret: 'x' };
  for (let depth = 0; depth < 150; depth++) data = { d: data };
  await mount.write('data/app', { data });
  const shown = JSON.stringify((await mount.read('subkeys/app')).data?.['subkeys']);
  t.is(shown.split('"d"').length - 1, 100);
  t.false(shown.includes('secret'));
});

test('the names within what is gone are not shown', async (t) => {
  const mount = await withVersions(1);
  t.deepEqual(await mount.read('subkeys/none'), { status: 404, errors: [] });
  t.deepEqual(await mount.read('subkeys/app', { version: 9 }), { status: 404, errors: [] });
  t.is((await mount.read('subkeys/app', { depth: 'x' })).status, 400);
  await mount.delete('data/app');
  const { status, data } = await mount.read('subkeys/app');
  t.deepEqual([status, data?.['subkeys']], [404, null]);
  t.deepEqual(await mount.write('subkeys/app'), { status: 405, errors: ['unsupported operation'] });
});
