// Lifetimes that never become endless, children that never outlive, and accessors that are no more than handles.
import { hashSync } from '@node-rs/bcrypt';
import test from 'ava';
import { errorsOf, KV_V1, startWorld, USERPASS, type Answer, type World } from './helpers/world.ts';

/** bcrypt goes no lower. */
const CHEAPEST = 4;

type Auth = Readonly<Record<string, unknown>>;

const authOf = ({ json }: Answer): Auth => (json['auth'] ?? {}) as Auth;
const dataOf = ({ json }: Answer): Auth => (json['data'] ?? {}) as Auth;

async function make(world: World, body: object, token = world.root): Promise<Auth> {
  const answer = await world.ask('POST', 'auth/token/create', body, { token });
  if (answer.status !== 200) throw new Error(answer.text);
  return authOf(answer);
}

const YEARS_MS = 100 * 365 * 24 * 3600 * 1000;

// CVE-2021-32923
test('CVE-2021-32923: a renewal at the last moment gives no token without end', async (t) => {
  const increments = [
    undefined,
    0,
    -1,
    '0s',
    '-1s',
    '0.4s',
    '0.4',
    1,
    '1ns',
    2 ** 31,
    2 ** 53,
    '9223372036854775807',
    1e300,
  ];
  for (const increment of increments) {
    const world = await startWorld(t);
    const auth = await make(world, { ttl: '60s', explicit_max_ttl: '100s', policies: ['default'] });
    const token = String(auth['client_token']);
    world.clock.advance(59_600);
    const body = increment === undefined ? {} : { increment };
    const renewed = await world.ask('POST', 'auth/token/renew-self', body, { token });
    const what = `increment ${increment}: ${renewed.text}`;
    if (renewed.status === 200) {
      const lease = Number(authOf(renewed)['lease_duration']);
      t.true(lease >= 1 && lease <= 41, what);
    } else {
      t.true(renewed.status >= 400, what);
    }
    world.clock.advance(41_000);
    t.is(
      (await world.ask('GET', 'auth/token/lookup-self', undefined, { token })).status,
      403,
      what,
    );
  }
});

test('CVE-2021-32923: a renewal when nothing is left of the maximum is refused', async (t) => {
  const world = await startWorld(t);
  const auth = await make(world, { ttl: '60s', explicit_max_ttl: '60s', policies: ['default'] });
  const token = String(auth['client_token']);
  world.clock.advance(59_600);
  const { status } = await world.ask(
    'POST',
    'auth/token/renew-self',
    { increment: 3600 },
    { token },
  );
  t.true(status >= 400, `${status}`);
  world.clock.advance(1_000);
  t.is((await world.ask('GET', 'auth/token/lookup-self', undefined, { token })).status, 403);
});

test('CVE-2021-32923: no lifetime that is asked for is longer than the maximum, negative or no number', async (t) => {
  const world = await startWorld(t);
  const parent = String((await make(world, { ttl: '1h', policies: ['default'] }))['client_token']);
  await world.policy('maker', 'path "auth/token/create*" { capabilities = ["update", "sudo"] }');
  const maker = await world.token(['maker', 'default']);
  for (const ttl of [
    '1000000h',
    2 ** 53,
    '9223372036854775807',
    1e300,
    '1e300s',
    '-1h',
    'NaN',
    'Infinity',
    '∞',
  ]) {
    for (const field of ['ttl', 'explicit_max_ttl', 'period']) {
      const body = { policies: ['default'], [field]: ttl };
      const answer = await world.ask('POST', 'auth/token/create', body, { token: maker });
      if (answer.status !== 200) continue;
      const lease = Number(authOf(answer)['lease_duration']);
      t.true(lease > 0 && lease <= 2_764_800, `${field}=${ttl}: ${answer.text}`);
    }
  }
  world.clock.advance(YEARS_MS);
  t.is(
    (await world.ask('GET', 'auth/token/lookup-self', undefined, { token: parent })).status,
    403,
  );
});

// CVE-2020-25816
test('CVE-2020-25816: what hangs from a token ends with it, also after a restart', async (t) => {
  const world = await startWorld(t);
  await world.policy('maker', 'path "auth/token/create" { capabilities = ["update"] }');
  const made = await make(world, { policies: ['maker', 'default'], ttl: '1h' });
  const parent = String(made['client_token']);
  const child = String((await make(world, { ttl: '1h' }, parent))['client_token']);
  const batch = String((await make(world, { type: 'batch', ttl: '1h' }, parent))['client_token']);
  const orphan = String(
    (await make(world, { type: 'batch', policies: ['default'], no_parent: true, ttl: '1h' }))[
      'client_token'
    ],
  );
  const statusOf = async (token: string): Promise<number> =>
    (await world.ask('GET', 'auth/token/lookup-self', undefined, { token })).status;
  for (const token of [parent, child, batch, orphan]) t.is(await statusOf(token), 200);

  await world.ask('POST', 'auth/token/revoke', { token: parent });
  for (const token of [parent, child, batch]) t.is(await statusOf(token), 403);
  t.is(await statusOf(orphan), 200);
  await world.node.seal();
  await world.node.provideShare(Buffer.from(world.share, 'base64'));
  for (const token of [parent, child, batch]) t.is(await statusOf(token), 403);
  t.is(await statusOf(orphan), 200);
  world.clock.advance(3_601_000);
  t.is(await statusOf(orphan), 403, 'a batch token ends in time, although nothing is stored of it');
});

test('a batch token of which any byte was changed is no token', async (t) => {
  const world = await startWorld(t);
  const token = String(
    (await make(world, { type: 'batch', policies: ['default'], ttl: '1h' }))['client_token'],
  );
  for (let at = 4; at < token.length; at += 7) {
    const other = token[at] === 'A' ? 'B' : 'A';
    const changed = token.slice(0, at) + other + token.slice(at + 1);
    const answer = await world.ask('GET', 'auth/token/lookup-self', undefined, { token: changed });
    t.is(answer.status, 403, changed);
  }
  for (const part of [token.slice(0, -1), token.slice(0, 30), `${token}A`, 'hvb.', 'hvb.AAAA']) {
    const answer = await world.ask('GET', 'auth/token/lookup-self', undefined, { token: part });
    t.is(answer.status, 403, part);
  }
});

// CVE-2026-40264 is about accessors of other namespaces; here is what an accessor is good for at all.
test('CVE-2026-40264: an accessor is no token, and its paths need rights of their own', async (t) => {
  const world = await startWorld(t);
  const auth = await make(world, { ttl: '1h', policies: ['default'] });
  const accessor = String(auth['accessor']);
  const other = await world.token(['default']);
  const asAccessor = await world.ask('GET', 'auth/token/lookup-self', undefined, {
    token: accessor,
  });
  t.is(asAccessor.status, 403);
  for (const path of ['lookup-accessor', 'renew-accessor', 'revoke-accessor']) {
    const body = { accessor };
    t.is((await world.ask('POST', `auth/token/${path}`, body, { token: other })).status, 403, path);
  }
  const found = await world.ask('POST', 'auth/token/lookup-accessor', { accessor });
  t.is(dataOf(found)['id'], '', 'nor does it show its token');
});

test('a token that is used up or has ended is no token for anything', async (t) => {
  const world = await startWorld(t, { mounts: [KV_V1] });
  await world.policy('reader', 'path "kv/*" { capabilities = ["read", "create", "update"] }');
  const auth = await make(world, { policies: ['reader'], num_uses: 2, ttl: '1h' });
  const token = String(auth['client_token']);
  const read = () => world.ask('GET', 'kv/a', undefined, { token });
  t.deepEqual(
    [(await read()).status, (await read()).status, (await read()).status],
    [404, 404, 403],
  );

  const counted = String(
    (await make(world, { policies: ['reader'], num_uses: 1 }))['client_token'],
  );
  const writes = Array.from({ length: 8 }, (_, at) =>
    world.ask('POST', `kv/once${at}`, { value: 'x' }, { token: counted }),
  );
  const statuses = (await Promise.all(writes)).map(({ status }) => status);
  t.is(statuses.filter((status) => status === 204).length, 1, 'one use is one use, also at once');

  const timed = String((await make(world, { policies: ['reader'], ttl: '10s' }))['client_token']);
  world.clock.advance(10_000);
  t.is((await world.ask('GET', 'kv/a', undefined, { token: timed })).status, 403);
});

test('a token is given no more than its parent has', async (t) => {
  const world = await startWorld(t);
  await world.policy('maker', 'path "auth/token/create" { capabilities = ["update"] }');
  await world.policy('other', 'path "secret/*" { capabilities = ["read"] }');
  const maker = await world.token(['maker', 'default']);
  const bodies = [
    { policies: ['other'] },
    { policies: ['maker', 'other'] },
    { policies: ['OTHER'] },
    { policies: ['response-wrapping'] },
    { no_parent: true },
    { id: 'chosen' },
    { entity_alias: 'somebody' },
    { period: '1h' },
  ];
  for (const body of bodies) {
    const answer = await world.ask('POST', 'auth/token/create', body, { token: maker });
    t.true(answer.status >= 400, `${JSON.stringify(body)}: ${answer.text}`);
  }
  const child = await make(world, {}, maker);
  t.deepEqual(child['policies'], ['default', 'maker']);
});

// CVE-2026-45808, CVE-2026-55774: the old paths are under the same rules as the new ones, and need what they need.
test('CVE-2026-45808: the leases of others are revoked by nobody without the right, on no path', async (t) => {
  const world = await startWorld(t, { mounts: [USERPASS] });
  const made = await make(world, { policies: ['default'], ttl: '1h' });
  const victim = String(made['client_token']);
  await world.policy(
    'updater',
    `path "sys/leases/*" { capabilities = ["create", "update"] }
     path "sys/revoke*" { capabilities = ["create", "update"] }`,
  );
  const [plain, updater] = [await world.token(['default']), await world.token(['updater'])];
  const prefix = 'auth/token/create';
  for (const path of ['sys/leases/revoke-prefix', 'sys/leases/revoke-force']) {
    for (const token of ['', plain, updater]) {
      const { status } = await world.ask('PUT', `${path}/${prefix}`, {}, { token });
      t.is(status, 403, `${path} as ${token}`);
    }
  }
  for (const path of ['sys/revoke-prefix', 'sys/revoke-force']) {
    for (const token of ['', plain, updater]) {
      const { status } = await world.ask('PUT', `${path}/${prefix}`, {}, { token });
      t.true(status === 403 || status === 404, `${path}: ${status}`);
    }
  }
  for (const path of ['sys/revoke', 'sys/leases/revoke', 'sys/leases/tidy']) {
    const body = { lease_id: `${prefix}/x` };
    for (const token of ['', plain]) {
      t.is((await world.ask('PUT', path, body, { token })).status, 403, path);
    }
  }
  const { status } = await world.ask('GET', 'auth/token/lookup-self', undefined, { token: victim });
  t.is(status, 200, 'nothing was revoked');
});

// CVE-2020-10660 and its like: a right that was taken away is gone with the next request.
test('CVE-2020-10660: a policy that was changed or deleted holds for the next request', async (t) => {
  const world = await startWorld(t, { mounts: [KV_V1] });
  await world.ask('POST', 'kv/a', { value: 'x' });
  await world.policy('reader', 'path "kv/*" { capabilities = ["read"] }');
  const token = await world.token(['reader']);
  const read = async (): Promise<number> =>
    (await world.ask('GET', 'kv/a', undefined, { token })).status;
  t.is(await read(), 200);
  await world.ask('POST', 'sys/policies/acl/reader', {
    policy: 'path "kv/b" { capabilities = ["read"] }',
  });
  t.is(await read(), 403);
  await world.ask('POST', 'sys/policies/acl/reader', {
    policy: 'path "kv/*" { capabilities = ["read"] }',
  });
  t.is(await read(), 200);
  await world.ask('DELETE', 'sys/policies/acl/reader');
  t.is(await read(), 403);
});

// CVE-2022-40186, CVE-2025-6013
test('CVE-2022-40186: the same name on two mounts is two entities, the same name in capitals is one', async (t) => {
  const second = { ...USERPASS, path: 'auth/second/' };
  const world = await startWorld(t, { mounts: [USERPASS, second] });
  const login = async (mount: string, name: string): Promise<Auth> => {
    const path = `auth/${mount}/login/${encodeURIComponent(name)}`;
    return authOf(await world.ask('POST', path, { password: 'p' }));
  };
  for (const mount of ['userpass', 'second']) {
    const password_hash = hashSync('p', { cost: CHEAPEST });
    await world.ask('POST', `auth/${mount}/users/bob`, { password_hash });
  }
  const first = await login('userpass', 'bob');
  t.truthy(first['entity_id']);
  t.not((await login('second', 'bob'))['entity_id'], first['entity_id']);
  for (const name of ['Bob', 'BOB', 'bob']) {
    t.is((await login('userpass', name))['entity_id'], first['entity_id'], name);
  }
  for (const name of [' bob', 'bob ', 'bob\t', 'b%6fb', 'bob\u200b', '\uff42ob']) {
    t.is((await login('userpass', name))['entity_id'], undefined, `${name} is nobody`);
  }
});

// CVE-2025-6010
test('CVE-2025-6010: a user who is not there and a password that is wrong get the same answer', async (t) => {
  const world = await startWorld(t, { mounts: [USERPASS] });
  await world.ask('POST', 'auth/userpass/users/ann', { password: 'right' });
  const texts = new Set<string>();
  for (const name of ['ann', 'nobody', 'ANN', 'a.b-c']) {
    for (const password of ['wrong', 'x'.repeat(200), '\0']) {
      const answer = await world.ask('POST', `auth/userpass/login/${name}`, { password });
      const { date: _date, ...headers } = answer.headers;
      texts.add(JSON.stringify([answer.status, answer.text, headers]));
    }
  }
  t.is(texts.size, 1, [...texts].join('\n'));
  const wrongKind = await Promise.all(
    ['ann', 'nobody'].map((name) => world.ask('POST', `auth/userpass/login/${name}`, {})),
  );
  t.deepEqual(wrongKind[0]?.text, wrongKind[1]?.text);
  t.true(errorsOf(wrongKind[0] as Answer).length === 1);
});
