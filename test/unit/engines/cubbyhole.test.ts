// Each token's own storage: what one writes no other sees, and a token without one is told so.
import test from 'ava';
import { cubbyhole, cubbyholePrefix } from '#engines/cubbyhole.ts';
import { TestMount, type Asking } from '#test/helpers/mount.ts';

const NOT_THERE = { status: 404, errors: [] };
const DONE = { status: 204 };
const as = (owner: string | undefined): Asking => ({ caller: { cubbyhole: owner } });

test('a value is what was written last, until it is deleted', async (t) => {
  const mount = new TestMount(cubbyhole);
  t.deepEqual(await mount.read('a'), NOT_THERE);
  t.deepEqual(await mount.write('a', { user: 'ann', ttl: '1h' }), DONE);
  t.deepEqual(await mount.read('a'), { status: 200, data: { user: 'ann', ttl: '1h' } });
  await mount.write('a', { other: 'x' });
  t.deepEqual((await mount.read('a')).data, { other: 'x' });
  t.deepEqual(await mount.delete('a'), DONE);
  t.deepEqual(await mount.delete('a'), DONE);
  t.deepEqual(await mount.read('a'), NOT_THERE);
});

test('tokens do not see each other', async (t) => {
  const mount = new TestMount(cubbyhole);
  await mount.write('x', { of: 'a' }, as('a'));
  await mount.write('x', { of: 'b' }, as('b'));
  await mount.write('y', { of: 'b' }, as('b'));
  t.deepEqual((await mount.read('x', {}, as('a'))).data, { of: 'a' });
  t.deepEqual((await mount.list('', as('a'))).data, { keys: ['x'] });
  t.deepEqual(await mount.read('y', {}, as('a')), NOT_THERE);
  t.deepEqual(await mount.read('x', {}, as('c')), NOT_THERE);
  await mount.delete('x', as('b'));
  t.deepEqual((await mount.read('x', {}, as('a'))).data, { of: 'a' });
  t.true(
    mount.storage
      .keys()
      .every((key) => key.startsWith(cubbyholePrefix('a')) || key.startsWith(cubbyholePrefix('b'))),
  );
});

test('a list has names and folders', async (t) => {
  const mount = new TestMount(cubbyhole);
  t.deepEqual(await mount.list(''), NOT_THERE);
  await mount.write('a', { x: '1' });
  await mount.write('dir/sub/b', { x: '1' });
  t.deepEqual((await mount.list('')).data, { keys: ['a', 'dir/'] });
  t.deepEqual((await mount.list('dir/')).data, { keys: ['sub/'] });
  t.deepEqual(await mount.list('none/'), NOT_THERE);
});

test('a token without a cubbyhole is refused', async (t) => {
  const mount = new TestMount(cubbyhole);
  const none = as(undefined);
  const refused = {
    status: 400,
    errors: ["cubbyhole operations are only supported by 'service' type tokens"],
  };
  t.deepEqual(await mount.write('a', { a: '1' }, none), refused);
  t.deepEqual(await mount.read('a', {}, none), refused);
  t.deepEqual(await mount.list('', none), refused);
  t.deepEqual(await mount.delete('a', none), refused);
});

test('a write needs data, and there is nothing to patch', async (t) => {
  const mount = new TestMount(cubbyhole);
  t.deepEqual(await mount.write('c'), { status: 500, errors: ['missing data fields'] });
  t.is((await mount.patch('c', { x: '2' })).status, 405);
});

test('no path leaves the storage of its token', async (t) => {
  const mount = new TestMount(cubbyhole);
  for (const path of ['', '/', '/b/x', 'a//b', 'a/']) {
    t.is((await mount.write(path, { x: '1' })).status, 400, path);
    t.deepEqual(await mount.read(path), NOT_THERE, path);
    t.deepEqual(await mount.delete(path), DONE, path);
  }
  t.deepEqual(await mount.list('//'), NOT_THERE);
  t.deepEqual(mount.storage.keys(), []);
});
