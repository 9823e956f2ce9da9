// What the command line and the user interface ask: nobody learns of a mount that is not their business.
import test from 'ava';
import { system } from '#server/sys/index.ts';
import { TestServer } from '#test/helpers/server.ts';

type Json = Readonly<Record<string, unknown>>;

async function serverWithMounts(): Promise<TestServer> {
  const server = await TestServer.start();
  const config = { listing_visibility: 'unauth' };
  await server.must('write', 'sys/mounts/open', { body: { type: 'kv', description: 'o', config } });
  await server.must('write', 'sys/mounts/closed', { body: { type: 'kv' } });
  await server.must('write', 'sys/auth/people', { body: { type: 'userpass', config } });
  await server.putPolicy('p', 'path "closed/a" { capabilities = ["read"] }');
  return server;
}

const names = (data: Json, kind: string): readonly string[] => Object.keys(data[kind] as Json);

test('without a token only mounts that are open to all are listed, without their accessors', async (t) => {
  const server = await serverWithMounts();
  const { data } = await server.must('read', 'sys/internal/ui/mounts', { token: '' });
  t.deepEqual(data, {
    auth: { 'people/': { description: '', options: {}, type: 'userpass' } },
    secret: { 'open/': { description: 'o', options: {}, type: 'kv' } },
  });
});

test('with a token those are listed, too, in which it may do anything', async (t) => {
  const server = await serverWithMounts();
  const token = await server.token({ policies: ['p'], no_default_policy: true });
  const { data } = await server.must('read', 'sys/internal/ui/mounts', { token });
  t.deepEqual([names(data, 'auth'), names(data, 'secret')], [['people/'], ['open/', 'closed/']]);
});

const PREFLIGHT: readonly (readonly [string, number])[] = [
  ['closed', 200],
  ['closed/a/b', 200],
  ['open', 403],
  ['none', 403],
];

for (const [path, status] of PREFLIGHT) {
  test(`the preflight of ${path} is ${status}`, async (t) => {
    const server = await serverWithMounts();
    const token = await server.token({ policies: ['p'], no_default_policy: true });
    const answer = await server.call('read', `sys/internal/ui/mounts/${path}`, { token });
    t.is(answer.status, status);
    if (status === 200) {
      t.like(answer.data, { path: 'closed/', options: {} });
    } else {
      t.regex(
        answer.errors[0] ?? '',
        /^preflight capability check returned 403, .*"(open|none)\/"$/,
      );
    }
  });
}

test('the preflight is the same for a mount that is missing and for one that is closed', async (t) => {
  const server = await serverWithMounts();
  const token = await server.token({ policies: ['default'] });
  const [missing, closed] = await Promise.all(
    ['none', 'closed'].map((path) =>
      server.call('read', `sys/internal/ui/mounts/${path}`, { token }),
    ),
  );
  t.deepEqual(missing?.errors[0]?.replace('none', 'closed'), closed?.errors[0]);
});

for (const path of ['mounts', 'mounts/closed', 'resultant-acl']) {
  test(`internal/ui/${path} refuses a token that does not hold`, async (t) => {
    const server = await serverWithMounts();
    t.is((await server.call('read', `sys/internal/ui/${path}`, { token: 'wrong' })).status, 403);
  });
}

test('the OpenAPI document names no mount that the caller may not see', async (t) => {
  const server = await serverWithMounts();
  const pathsFor = async (token: string): Promise<readonly string[]> => {
    const { body } = await server.must('read', 'sys/internal/specs/openapi', { token });
    return Object.keys(body['paths'] as Json);
  };
  const [strangers, roots] = [await pathsFor(''), await pathsFor('root')];
  t.true(strangers.includes('/open/{path}'));
  t.true(strangers.includes('/sys/mounts/{path}'));
  t.false(strangers.some((path) => path.startsWith('/closed/')));
  t.true(roots.includes('/closed/{path}'));
});

test('the paths of sys that need no token are these', (t) => {
  const open = system.paths
    .filter(({ access }) => access === 'public')
    .map(({ template }) => template);
  t.deepEqual(open.toSorted(), [
    'internal/specs/openapi',
    'internal/ui/mounts',
    'internal/ui/mounts/{path...}',
    'replication/status',
    'storage/raft/bootstrap/answer',
    'storage/raft/bootstrap/challenge',
    'wrapping/lookup',
    'wrapping/pubkey',
  ]);
});

test('the paths of sys that need sudo are these', (t) => {
  const sudo = system.paths
    .filter(({ access }) => access === 'sudo')
    .map(({ template }) => template);
  t.deepEqual(
    sudo.filter((template) => !/^(audit|leases|config\/auditing)/.test(template)).toSorted(),
    [
      'auth/{path...}',
      'auth/{path...}/tune',
      'config/cors',
      'config/ui/headers/',
      'config/ui/headers/{header}',
      'generate-root/attempt',
      'generate-root/update',
      'plugins/catalog/{type}/',
      'plugins/catalog/{type}/{name}',
      'raw/{path...}',
      'rekey-recovery-key/init',
      'rekey/backup',
      'rekey/init',
      'rekey/update',
      'rekey/verify',
      'remount',
      'revoke-force/{prefix...}',
      'revoke-prefix/{prefix...}',
      'rotate',
      'seal',
      'step-down',
    ],
  );
});

test('the rules of a token are shown as exact paths and prefixes', async (t) => {
  const server = await TestServer.start();
  await server.putPolicy(
    'p',
    'path "kv/a" { capabilities = ["read"] }\npath "sys/internal/ui/*" { capabilities = ["read"] }',
  );
  const token = await server.token({ policies: ['p'], no_default_policy: true });
  const { data } = await server.must('read', 'sys/internal/ui/resultant-acl', { token });
  t.deepEqual(data, {
    root: false,
    exact_paths: { 'kv/a': { capabilities: ['read'] } },
    glob_paths: { 'sys/internal/ui/': { capabilities: ['read'] } },
  });
  t.deepEqual((await server.must('read', 'sys/internal/ui/resultant-acl')).data, { root: true });
});

test('tokens and entities are counted', async (t) => {
  const server = await TestServer.start();
  await server.token({ policies: ['default'] });
  await server.must('write', 'sys/auth/people', { body: { type: 'userpass' } });
  await server.must('write', 'auth/people/users/ann', { body: { password: 'pw' } });
  await server.must('write', 'auth/people/login/ann', { token: '', body: { password: 'pw' } });
  const { data: tokens } = await server.must('read', 'sys/internal/counters/tokens');
  const { data: entities } = await server.must('read', 'sys/internal/counters/entities');
  t.deepEqual(tokens, { counters: { service_tokens: { total: 3 } } });
  t.deepEqual(entities, { counters: { entities: { total: 1 } } });
});
