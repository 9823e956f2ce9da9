// Users: what is kept of what is sent, by new names and old, and what is refused.
import test from 'ava';
import { userpass } from '#auth/userpass/index.ts';
import { TestMount } from '#test/helpers/mount.ts';

const DONE = { status: 204 };
const NOT_THERE = { status: 404, errors: [] };
/** Of the password "hashed-secret". */
const HASH = '$2b$10$abcdefghijklmnopqrstuu/iTe/3lzgUp2VXqxx9m8unGpLPr/OOe';
const NEW = {
  token_bound_cidrs: [],
  token_explicit_max_ttl: 0,
  token_max_ttl: 0,
  token_no_default_policy: false,
  token_num_uses: 0,
  token_period: 0,
  token_policies: [],
  token_ttl: 0,
  token_type: 'default',
};

type Sent = Readonly<Record<string, unknown>>;

async function withUser(sent: Sent = {}): Promise<TestMount> {
  const mount = new TestMount(userpass);
  await mount.write('users/ann', { password_hash: HASH, ...sent });
  return mount;
}

const settings = async (mount: TestMount): Promise<unknown> => (await mount.read('users/ann')).data;

test('users are created, listed, changed in part and deleted', async (t) => {
  const mount = new TestMount(userpass);
  t.deepEqual(await mount.list('users/'), NOT_THERE);
  t.is(mount.capability('users/ann'), 'create');
  t.deepEqual(await mount.write('users/bob', { password_hash: HASH, token_ttl: '30m' }), DONE);
  t.deepEqual(await mount.write('users/ann', { password_hash: HASH }), DONE);
  t.is(mount.capability('users/Ann'), 'update');
  t.deepEqual(await mount.list('users'), { status: 200, data: { keys: ['ann', 'bob'] } });
  t.deepEqual(await mount.read('users/ann'), { status: 200, data: NEW });
  await mount.write('users/bob', { token_max_ttl: 3600 });
  t.deepEqual((await mount.read('users/bob')).data, {
    ...NEW,
    token_ttl: 1800,
    token_max_ttl: 3600,
  });
  t.deepEqual(await mount.delete('users/ann'), DONE);
  t.deepEqual(await mount.delete('users/ann'), DONE);
  t.deepEqual(await mount.read('users/ann'), NOT_THERE);
});

test('a name is one user, in small letters and capitals', async (t) => {
  const mount = new TestMount(userpass);
  await mount.write('users/Ann', { password_hash: HASH });
  await mount.write('users/ANN', { token_num_uses: 3 });
  t.deepEqual(await mount.list('users'), { status: 200, data: { keys: ['ann'] } });
  t.deepEqual(await settings(mount), { ...NEW, token_num_uses: 3 });
  await mount.delete('users/aNN');
  t.deepEqual(mount.storage.keys(), []);
});

for (const name of ['ann.', 'ann smith', ' ann', 'ann/x', 'änn', 'ﬀ', '']) {
  test(`"${name}" is no name`, async (t) => {
    const mount = new TestMount(userpass);
    const seen = await mount.write(`users/${name}`, { password_hash: HASH });
    t.true([404, 405].includes(seen.status));
    t.is((await mount.write(`login/${name}`, { password: 'x' })).status, 404);
    t.deepEqual(mount.storage.keys(), []);
  });
}

const KEPT: readonly (readonly [Sent, Sent, Sent])[] = [
  // what there is, what is sent, what is shown then
  [
    {},
    {
      token_ttl: '1h',
      token_max_ttl: '2h',
      token_policies: 'b,a,a',
      token_bound_cidrs: ['127.0.0.1/32', '10.0.0.0/8'],
      token_explicit_max_ttl: '3h',
      token_no_default_policy: true,
      token_num_uses: 7,
      token_period: '15m',
      token_type: 'service',
    },
    {
      token_ttl: 3600,
      token_max_ttl: 7200,
      token_policies: ['b', 'a', 'a'],
      token_bound_cidrs: ['127.0.0.1', '10.0.0.0/8'],
      token_explicit_max_ttl: 10_800,
      token_no_default_policy: true,
      token_num_uses: 7,
      token_period: 900,
      token_type: 'service',
    },
  ],
  [
    { token_ttl: '1h', token_policies: 'a', token_bound_cidrs: '::1', token_type: 'batch' },
    { token_ttl: 0, token_policies: [], token_bound_cidrs: '', token_type: '' },
    {},
  ],
  [
    {},
    { token_ttl: '90', token_max_ttl: '1d', token_explicit_max_ttl: '1.5h' },
    { token_ttl: 90, token_max_ttl: 86_400, token_explicit_max_ttl: 5400 },
  ],
  [
    {},
    { token_policies: ['Upper', ' blank ', 'default', ''] },
    { token_policies: ['Upper', 'blank', 'default', ''] },
  ],
  [
    {},
    { policies: ['y', 'X', 'y', ''], ttl: '5m', max_ttl: '10m', bound_cidrs: '127.0.0.0/8' },
    {
      policies: ['x', 'y'],
      token_policies: ['x', 'y'],
      ttl: 300,
      token_ttl: 300,
      max_ttl: 600,
      token_max_ttl: 600,
      bound_cidrs: ['127.0.0.0/8'],
      token_bound_cidrs: ['127.0.0.0/8'],
    },
  ],
  [
    { policies: 'x', ttl: '5m', max_ttl: '10m' },
    { token_policies: ['z'], token_ttl: '6m' },
    { token_policies: ['z'], token_ttl: 360, max_ttl: 600, token_max_ttl: 600 },
  ],
  [{}, { policies: 'old', token_policies: 'new' }, { policies: ['new'], token_policies: ['new'] }],
  [{ token_policies: 'new' }, { policies: 'old' }, { policies: ['old'], token_policies: ['old'] }],
  [{ policies: 'old', ttl: '5m' }, { policies: '', ttl: 0 }, {}],
  [
    { token_policies: 'a' },
    { policies: 'b,root' },
    { policies: ['root'], token_policies: ['root'] },
  ],
];
for (const [before, sent, shown] of KEPT) {
  test(`${JSON.stringify(sent)} over ${JSON.stringify(before)}`, async (t) => {
    const mount = await withUser(before);
    t.deepEqual(await mount.write('users/ann', sent), DONE);
    t.deepEqual(await settings(mount), { ...NEW, ...shown });
  });
}

const REFUSED: readonly (readonly [Sent, RegExp])[] = [
  [{ token_ttl: 'soon' }, /token_ttl/],
  [{ token_ttl: -1 }, /negative/],
  [{ ttl: -1 }, /negative/],
  [
    { token_ttl: '2h', token_max_ttl: '1h' },
    /^'token_ttl' cannot be greater than 'token_max_ttl'$/,
  ],
  [{ token_type: 'golden' }, /^invalid 'token_type' value "golden"$/],
  [{ token_type: 'default-batch' }, /^invalid 'token_type' value "default-batch"$/],
  [
    { token_type: 'batch', token_period: '1h' },
    /^'token_type' cannot be 'batch' or 'default_batch' when set to generate periodic tokens$/,
  ],
  [
    { token_type: 'batch', token_num_uses: 3 },
    /^'token_type' cannot be 'batch' or 'default_batch' when set to generate tokens with limited use count$/,
  ],
  [{ token_num_uses: -3 }, /^'token_num_uses' cannot be negative$/],
  [{ token_bound_cidrs: ['nowhere'] }, /^error parsing address "nowhere": /],
  [{ bound_cidrs: '10.0.0.0/33' }, /^error parsing address "10\.0\.0\.0\/33": /],
  [{ password: ['x'] }, /for field "password"/],
  [{ password: '' }, /^missing password$/],
  [{ password: 'x', password_hash: HASH }, /password_hash/],
  [{ password_hash: '5f4dcc3b5aa765d61d8327deb882cf99' }, /password_hash/],
  [{ password_hash: HASH.replace('$10$', '$16$') }, /cost/],
  [{ password_hash: HASH.replace('$2b$', '$2x$') }, /password_hash/],
];
for (const [sent, error] of REFUSED) {
  test(`${JSON.stringify(sent)} is refused, and changes nothing`, async (t) => {
    const mount = await withUser({ token_policies: 'kept' });
    const before = mount.storage.get('users/ann');
    for (const path of ['users/ann', 'users/bob']) {
      const { status, errors } = await mount.write(path, { ...sent, token_policies: 'lost' });
      t.is(status, 400);
      t.regex(errors?.[0] ?? '', error);
    }
    t.deepEqual(mount.storage.get('users/ann'), before);
    t.deepEqual(await mount.read('users/bob'), NOT_THERE);
  });
}

test('a change is checked together with what is kept', async (t) => {
  const mount = await withUser({ token_max_ttl: '1h', token_period: '5m' });
  t.is((await mount.write('users/ann', { token_ttl: '2h' })).status, 400);
  t.is((await mount.write('users/ann', { token_type: 'batch' })).status, 400);
  t.deepEqual(await mount.write('users/ann', { token_type: 'batch', token_period: 0 }), DONE);
});

for (const sent of [{ token_policies: 'dev' }, {}]) {
  test(`a user without a password is not created by ${JSON.stringify(sent)}`, async (t) => {
    const mount = new TestMount(userpass);
    const refused = { status: 400, errors: ['missing password'] };
    t.deepEqual(await mount.write('users/ann', sent), refused);
    t.deepEqual(await mount.read('users/ann'), NOT_THERE);
  });
}

test('a password that bcrypt would cut short is refused, one that it takes whole is not', async (t) => {
  const mount = await withUser();
  const refused = { status: 500, errors: ['bcrypt: password length exceeds 72 bytes'] };
  const long = `${'ž'.repeat(36)}!`;
  t.deepEqual(await mount.write('users/ann', { password: long }), refused);
  t.deepEqual(await mount.write('users/ann/password', { password: long }), refused);
  t.deepEqual(await mount.write('users/ann', { password: 'ž'.repeat(36) }), DONE);
});

const POLICIES: readonly (readonly [Sent, Sent])[] = [
  [{ token_policies: ['two', 'three', 'TWO'] }, { token_policies: ['three', 'two'] }],
  [{ token_policies: 'four, five' }, { token_policies: ['five', 'four'] }],
  [{ policies: 'six' }, { policies: ['six'], token_policies: ['six'] }],
  [
    { policies: 'six', token_policies: 'seven' },
    { policies: ['seven'], token_policies: ['seven'] },
  ],
  [{ token_policies: '' }, { token_policies: [] }],
  [{}, { token_policies: ['one'] }],
];
for (const [sent, shown] of POLICIES) {
  test(`the policies of a user after ${JSON.stringify(sent)}`, async (t) => {
    const mount = await withUser({ token_policies: ['one'], token_ttl: '1h' });
    t.deepEqual(await mount.write('users/ann/policies', sent), DONE);
    t.deepEqual(await settings(mount), { ...NEW, token_ttl: 3600, ...shown });
  });
}

test('a new name for policies takes over from the old', async (t) => {
  const mount = await withUser({ policies: 'old' });
  await mount.write('users/ann/policies', { token_policies: 'new' });
  t.deepEqual(await settings(mount), { ...NEW, token_policies: ['new'] });
});

test('the password and policies of a user who is not there cannot be changed, and are not read', async (t) => {
  const mount = new TestMount(userpass);
  const refused = { status: 500, errors: ['username does not exist'] };
  t.deepEqual(await mount.write('users/bob/policies', { token_policies: 'x' }), refused);
  t.deepEqual(await mount.write('users/bob/password', { password: 'x' }), refused);
  t.is((await mount.read('users/bob/policies')).status, 405);
  t.is((await mount.read('users/bob/password')).status, 405);
});

test('neither password nor hash is ever shown', async (t) => {
  const mount = await withUser({ policies: 'x' });
  const shown = JSON.stringify([await mount.read('users/ann'), await mount.list('users/')]);
  t.notRegex(shown, /hash|\$2/i);
});
