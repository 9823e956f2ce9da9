// Names of policies and what rules say about parameters: one form, one meaning, wherever they are compared.
import { hashSync } from '@node-rs/bcrypt';
import test from 'ava';
import { sanitizePolicies } from '#sdk/policies.ts';
import { compileAcl } from '#server/policy/acl.ts';
import { isPolicyName, policyName } from '#server/policy/names.ts';
import { parsePolicy } from '#server/policy/parse.ts';
import { addDefault } from '#server/token/policy-names.ts';
import { errorsOf, startWorld, USERPASS, type Answer } from './helpers/world.ts';

/** Each has once been root to one part of a server, and not to another. */
const SPELLINGS_OF_ROOT = [
  'root',
  'ROOT',
  'Root',
  'rOOt',
  ' root',
  'root ',
  '\troot',
  'root\n',
  '\u00a0root',
  'root\u2003',
  '\ufeffroot',
  ' ROOT\t',
];
/** bcrypt goes no lower. */
const CHEAPEST = 4;

/** These are other names: they may be given, and grant nothing unless somebody writes such a policy. */
const LOOKALIKES = [
  'r\u043eot',
  '\uff32\uff2f\uff2f\uff34',
  'root\u200b',
  'root/',
  'ro\u00f6t',
  'root\0',
];

const authOf = ({ json }: Answer): Readonly<Record<string, unknown>> =>
  (json['auth'] ?? {}) as Readonly<Record<string, unknown>>;

// CVE-2025-5999, CVE-2025-64761
test('CVE-2025-5999: every comparison of policy names takes the same texts for root', (t) => {
  for (const text of [...SPELLINGS_OF_ROOT, ...LOOKALIKES, 'default', 'a,root', '"root"']) {
    const isRoot = policyName(text) === 'root';
    t.is(isRoot, SPELLINGS_OF_ROOT.includes(text), JSON.stringify(text));
    t.is(sanitizePolicies([text]).includes('root'), isRoot, JSON.stringify(text));
    t.is(addDefault([text]).includes('root'), isRoot, JSON.stringify(text));
  }
});

test('CVE-2025-5999: no spelling of root is given to a token by somebody who has not got it', async (t) => {
  const world = await startWorld(t, { mounts: [USERPASS] });
  await world.policy(
    'maker',
    `path "auth/token/create" { capabilities = ["create", "update"] }
     path "auth/token/create-orphan" { capabilities = ["create", "update", "sudo"] }
     path "auth/token/create/*" { capabilities = ["create", "update"] }`,
  );
  const token = await world.token(['maker', 'default']);
  await world.ask('POST', 'auth/token/roles/any', { allowed_policies_glob: '*' });
  await world.ask('POST', 'auth/token/roles/named', { allowed_policies: SPELLINGS_OF_ROOT });
  for (const name of SPELLINGS_OF_ROOT) {
    for (const path of ['create', 'create-orphan', 'create/any', 'create/named']) {
      for (const policies of [[name], ['default', name], name, `default,${name}`]) {
        const answer = await world.ask('POST', `auth/token/${path}`, { policies }, { token });
        const given = (authOf(answer)['policies'] ?? []) as readonly string[];
        const what = `${path} ${JSON.stringify(policies)}: ${answer.text}`;
        t.deepEqual(
          given.filter((one) => policyName(one) === 'root'),
          [],
          what,
        );
        // A text that is no list is one name, with a comma in it.
        t.true(answer.status >= 400 || given.includes(policyName(`default,${name}`)), what);
      }
    }
  }
});

test('CVE-2025-5999: no login gives root, however its user was written', async (t) => {
  const world = await startWorld(t, { mounts: [USERPASS] });
  // A hash that takes no time to check: what is tested comes after.
  const password_hash = hashSync('p', { cost: CHEAPEST });
  for (const [at, name] of SPELLINGS_OF_ROOT.entries()) {
    for (const field of ['token_policies', 'policies']) {
      const user = `u${at}-${field}`;
      const fields = { password_hash, [field]: ['default', name] };
      await world.ask('POST', `auth/userpass/users/${user}`, fields);
      const logins = [await world.ask('POST', `auth/userpass/login/${user}`, { password: 'p' })];
      await world.ask('POST', `auth/userpass/users/${user}/policies`, { [field]: [name] });
      logins.push(await world.ask('POST', `auth/userpass/login/${user}`, { password: 'p' }));
      for (const login of logins) {
        t.is(login.status, 400, `${user}: ${login.text}`);
        t.deepEqual(errorsOf(login), ['auth methods cannot create root tokens']);
      }
    }
  }
});

test('CVE-2025-5999: a name that only looks like root grants nothing', async (t) => {
  const world = await startWorld(t, { mounts: [USERPASS] });
  for (const name of LOOKALIKES) {
    const made = await world.ask('POST', 'auth/token/create', { policies: [name] });
    if (made.status !== 200) continue;
    const token = String(authOf(made)['client_token']);
    t.is((await world.ask('GET', 'secret/data/a', undefined, { token })).status, 403, name);
    t.is((await world.ask('GET', 'sys/audit', undefined, { token })).status, 403, name);
  }
});

// A login that is refused at its end: CVE-2026-46405, GHSA-7j6w-vvw2-5f9c
test('CVE-2026-46405: a login that fails leaves nothing in storage', async (t) => {
  const world = await startWorld(t, { mounts: [USERPASS] });
  const user = { password_hash: hashSync('p', { cost: CHEAPEST }), token_policies: 'root' };
  await world.ask('POST', 'auth/userpass/users/ann', user);
  await world.ask('POST', 'auth/userpass/users/bob', { password: 'p' });
  const before = keysOf(world.physical);
  const headers = { 'X-Vault-Wrap-TTL': '60' };
  for (const [name, password, asking] of [
    ['ann', 'p', {}],
    ['ann', 'p', { headers }],
    ['ann', 'wrong', { headers }],
    ['bob', 'wrong', {}],
    ['nobody', 'p', {}],
  ] as const) {
    const { status } = await world.ask('POST', `auth/userpass/login/${name}`, { password }, asking);
    t.is(status, 400, name);
  }
  t.deepEqual(keysOf(world.physical), before);
  await world.ask('POST', 'auth/userpass/login/bob', { password: 'p' });
  t.true(keysOf(world.physical).length > before.length, 'one that succeeds leaves its token');
});

// Vault 2.2: names of policies with segments that mean something else as a path
test('a policy with a name that is no name is refused, and grants nothing if it is there', async (t) => {
  const world = await startWorld(t);
  for (const name of ['.', '..', 'a/../b', 'a//b', 'a/.', '../sys', 'a/..']) {
    t.false(isPolicyName(name), name);
    const text = 'path "*" { capabilities = ["read"] }';
    const path = `sys/policies/acl/${encodeURIComponent(name)}`;
    const { status } = await world.ask('POST', path, { policy: text });
    t.true(status === 400 || status === 301, `${name}: ${status}`);
    const acl = compileAcl([parsePolicy(name, text)]);
    const asked = { operation: 'read', path: 'secret/config', isSudoPath: false } as const;
    t.false(acl.decide(asked).allowed, name);
  }
  for (const name of ['', ' ', ' a', 'A', 'a ']) t.false(isPolicyName(name), name);
  for (const name of ['a', 'a/b', 'a.b', '...', 'é']) t.true(isPolicyName(name), name);
});

test('the policies that mean something to the server cannot be written', async (t) => {
  const world = await startWorld(t);
  const everything = { policy: 'path "*" { capabilities = ["sudo", "read", "update"] }' };
  for (const name of [
    ...SPELLINGS_OF_ROOT,
    'response-wrapping',
    'Response-Wrapping',
    'control-group',
  ]) {
    for (const path of ['sys/policies/acl/', 'sys/policy/']) {
      const target = path + encodeURIComponent(name);
      t.is((await world.ask('POST', target, everything)).status, 400, target);
      t.is((await world.ask('DELETE', target)).status, 400, target);
    }
  }
});

const CONSTRAINED = `
  path "auth/token/create" {
    capabilities = ["create", "update", "sudo"]
    denied_parameters = { "policies" = ["super-admin", "wild*"], "id" = [] }
  }
  path "auth/userpass/users/*" {
    capabilities = ["create", "update"]
    allowed_parameters = { "password" = [], "token_policies" = ["dev", "ops"] }
  }
`;

// Vault 2.2: parameters compared to the letter; Vault 1.21: lists compared as a whole
test('a constraint on policies is avoided neither by spelling nor by a list', async (t) => {
  const world = await startWorld(t, { mounts: [USERPASS] });
  await world.policy('super-admin', 'path "*" { capabilities = ["read"] }');
  await world.policy('constrained', CONSTRAINED);
  const token = await world.token(['constrained', 'default']);
  const create = async (body: object): Promise<number> =>
    (await world.ask('POST', 'auth/token/create', body, { token })).status;
  for (const policies of [
    'super-admin',
    ['super-admin'],
    'Super-Admin',
    ' SUPER-ADMIN ',
    ['Super-Admin'],
    ['default', 'super-admin'],
    ['default', ' Super-admin\t'],
    'default,super-admin',
    'default, Super-Admin',
    ['wildest'],
    ['default', 'WILDEST'],
  ]) {
    t.is(await create({ policies }), 403, JSON.stringify(policies));
  }
  t.is(await create({ POLICIES: ['super-admin'] }), 403);
  t.is(await create({ id: 'x' }), 403);
  t.is(await create({ policies: ['default'] }), 200);

  const user = async (body: object): Promise<number> =>
    (await world.ask('POST', 'auth/userpass/users/ann', { password: 'p', ...body }, { token }))
      .status;
  for (const body of [
    { token_policies: ['dev', 'admin'] },
    { token_policies: ['admin'] },
    { token_policies: [] },
    { token_policies: 'dev,admin' },
    { policies: 'admin' },
    { token_ttl: '1h' },
  ]) {
    t.is(await user(body), 403, JSON.stringify(body));
  }
  t.is(await user({ token_policies: ['dev'] }), 204);
  t.is(await user({ token_policies: ['dev', 'ops'] }), 204);
});

// CVE-2026-2808, CVE-2026-8715: a path of a file in a parameter
test('CVE-2026-2808: no parameter makes the server read a file', async (t) => {
  const world = await startWorld(t, { mounts: [USERPASS] });
  for (const value of ['/etc/passwd', '@/etc/passwd', 'file:///etc/passwd']) {
    await world.ask('POST', 'secret/data/a', { data: { value } });
    const { text } = await world.ask('GET', 'secret/data/a');
    t.true(text.includes(JSON.stringify(value)), 'it is kept as it was sent');
    const policy = await world.ask('POST', 'sys/policies/acl/a', { policy: value });
    t.false(policy.text.includes('root:x'));
    await world.ask('POST', 'auth/userpass/users/a', { password: value });
    const login = await world.ask('POST', 'auth/userpass/login/a', { password: value });
    t.is(login.status, 200, 'a password is a password');
    await world.ask('DELETE', 'sys/policies/acl/a');
  }
});

/** All keys of a storage. */
function keysOf(physical: { list(prefix: string): readonly string[] }, prefix = ''): string[] {
  return physical
    .list(prefix)
    .flatMap((name) => (name.endsWith('/') ? keysOf(physical, prefix + name) : [prefix + name]));
}
