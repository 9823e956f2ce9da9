// Logins: who gets in with what, and that nobody learns which users there are.
import test from 'ava';
import { userpass } from '#auth/userpass/index.ts';
import { Passwords } from '#auth/userpass/passwords.ts';
import { TestMount } from '#test/helpers/mount.ts';

/** Of the password "hashed-secret". */
const HASH = '$2b$10$abcdefghijklmnopqrstuu/iTe/3lzgUp2VXqxx9m8unGpLPr/OOe';
const RIGHT = { password: 'hashed-secret' };
const WRONG = { status: 400, errors: ['invalid username or password'] };
const MISSING = { status: 500, errors: ['missing password'] };

async function withUser(sent: Readonly<Record<string, unknown>> = {}): Promise<TestMount> {
  const mount = new TestMount(userpass);
  await mount.write('users/ann', { password_hash: HASH, ...sent });
  return mount;
}

test('the right password grants what the user says', async (t) => {
  const mount = await withUser({
    token_policies: ['dev'],
    token_ttl: '20m',
    token_max_ttl: '1h',
    token_explicit_max_ttl: '2h',
    token_num_uses: 5,
    token_period: '5m',
    token_type: 'service',
    token_no_default_policy: true,
  });
  const { grant } = await mount.write('login/ann', RIGHT);
  t.deepEqual(grant, {
    kind: 'grant',
    alias: 'ann',
    displayName: 'ann',
    policies: ['dev'],
    metadata: { username: 'ann' },
    token: {
      ttl: 1200,
      maxTtl: 3600,
      explicitMaxTtl: 7200,
      period: 300,
      numUses: 5,
      boundCidrs: [],
      noDefaultPolicy: true,
      type: 'service',
    },
    internal: { username: 'ann' },
  } as unknown as typeof grant);
});

for (const name of ['ann', 'Ann', 'ANN']) {
  test(`${name} logs in as ann`, async (t) => {
    const mount = await withUser();
    const { grant } = await mount.write(`login/${name}`, RIGHT);
    t.deepEqual(
      [grant?.alias, grant?.displayName, grant?.metadata],
      ['ann', 'ann', { username: 'ann' }],
    );
  });
}

test('a wrong password, an unknown user and a deleted one get the same answer', async (t) => {
  const mount = await withUser();
  t.deepEqual(await mount.write('login/ann', { password: 'wrong' }), WRONG);
  t.deepEqual(await mount.write('login/ann', { password: HASH }), WRONG);
  t.deepEqual(await mount.write('login/nobody', RIGHT), WRONG);
  await mount.delete('users/ann');
  t.deepEqual(await mount.write('login/ann', RIGHT), WRONG);
});

for (const body of [{}, { password: '' }, { password: null }]) {
  test(`${JSON.stringify(body)} is no password, for users and strangers alike`, async (t) => {
    const mount = await withUser();
    t.deepEqual(await mount.write('login/ann', body), MISSING);
    t.deepEqual(await mount.write('login/nobody', body), MISSING);
  });
}

test('a login names its user in the path, and is a write', async (t) => {
  const mount = await withUser();
  const seen = await mount.write('login/ann', { ...RIGHT, username: 'nobody', otp: '1' });
  t.is(seen.grant?.alias, 'ann');
  t.is(seen.warnings?.length, 2);
  t.is((await mount.read('login/ann')).status, 405);
  t.is((await mount.write('login', { username: 'ann', ...RIGHT })).status, 404);
});

test('a login without a token is what the path is for', (t) => {
  const login = userpass.paths.find(({ template }) => template === 'login/{username}');
  t.is(login?.access, 'public');
  t.deepEqual(
    userpass.paths.filter(({ access }) => access !== 'token'),
    login ? [login] : [],
  );
});

test('the password can be changed, by a password or a hash, and only the last one counts', async (t) => {
  const mount = await withUser();
  t.deepEqual(await mount.write('users/ann/password', { password: 12_345 }), { status: 204 });
  t.deepEqual(await mount.write('login/ann', RIGHT), WRONG);
  t.is((await mount.write('login/ann', { password: '12345' })).status, 200);
  await mount.write('users/ANN/password', { password_hash: HASH });
  t.is((await mount.write('login/ann', RIGHT)).status, 200);
  t.deepEqual(await mount.write('users/ann/password', {}), {
    status: 400,
    errors: ['missing password'],
  });
  await mount.write('users/ann', { token_ttl: '5m' });
  t.is((await mount.write('login/ann', RIGHT)).status, 200);
});

const ADDRESSES = [
  ['10.1.2.3', true],
  ['::ffff:10.1.2.3', true],
  ['192.168.0.1', true],
  ['192.168.0.2', false],
  ['::1', false],
  ['', false],
] as const;
for (const [remoteAddress, isAllowed] of ADDRESSES) {
  test(`a user bound to addresses ${isAllowed ? 'logs in' : 'does not log in'} from "${remoteAddress}"`, async (t) => {
    const mount = await withUser({ token_bound_cidrs: '10.0.0.0/8, 192.168.0.1' });
    const { status, errors } = await mount.write('login/ann', RIGHT, { remoteAddress });
    t.deepEqual([status, errors], isAllowed ? [200, undefined] : [403, ['permission denied']]);
    t.deepEqual(await mount.write('login/ann', { password: 'wrong' }, { remoteAddress }), WRONG);
  });
}

test('a hash has a salt, and is right for its password alone', async (t) => {
  const passwords = new Passwords();
  const [one, other] = [await passwords.hash('x'), await passwords.hash('x')];
  t.not(one, other);
  t.regex(one, /^\$2b\$10\$/);
  t.true(await passwords.isRight('x', one));
  t.false(await passwords.isRight('y', one));
  t.false(await passwords.isRight('x', undefined));
});

const RENEWALS: readonly (readonly [string, Readonly<Record<string, unknown>>, unknown])[] = [
  ['another ttl', { token_ttl: '5m' }, { ttl: 300, maxTtl: 3600, period: 0 }],
  ['a period', { token_period: '7m' }, { ttl: 600, maxTtl: 3600, period: 420 }],
  [
    'policies in another order',
    { token_policies: 'Two,one,one' },
    { ttl: 600, maxTtl: 3600, period: 0 },
  ],
  ['another policy', { token_policies: 'three' }, undefined],
  ['no policies', { token_policies: [] }, undefined],
];
for (const [what, change, expected] of RENEWALS) {
  test(`a renewal after ${what} ${expected === undefined ? 'is refused' : 'has the terms of now'}`, async (t) => {
    const mount = await withUser({
      token_policies: 'one,two',
      token_ttl: '10m',
      token_max_ttl: '1h',
    });
    const { grant } = await mount.write('login/ann', RIGHT);
    if (grant === undefined) return t.fail();
    const policies = ['default', 'one', 'two'];
    await mount.write('users/ann', change);
    if (expected !== undefined) return t.deepEqual(mount.renew(grant, policies), expected);
    return t.throws(() => mount.renew(grant, policies), {
      message: 'policies have changed, not renewing',
    });
  });
}

test('a token of a user who is gone keeps its terms', async (t) => {
  const mount = await withUser();
  const { grant } = await mount.write('login/ann', RIGHT);
  await mount.delete('users/ann');
  t.is(grant && mount.renew(grant, ['default']), undefined);
});
