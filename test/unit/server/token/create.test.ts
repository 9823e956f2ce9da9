import test from 'ava';
import { TestServer, type Answered } from '#test/helpers/server.ts';

type Json = Readonly<Record<string, unknown>>;

const MAKER = `
  path "auth/token/create" { capabilities = ["update"] }
  path "auth/token/create/*" { capabilities = ["update"] }
  path "auth/token/create-orphan" { capabilities = ["update"] }`;
const SUDO = MAKER.replaceAll('"update"', '"update", "sudo"');

async function start(): Promise<TestServer> {
  const server = await TestServer.start();
  await server.putPolicy('maker', MAKER);
  await server.putPolicy('sudo', SUDO);
  return server;
}

const create = (server: TestServer, body: Json, token = 'root', path = 'auth/token/create') =>
  server.call('write', path, { token, body });

const said = ({ status, errors }: Answered): string => `${status} ${errors.join('; ')}`;

const lookup = async (server: TestServer, token: string): Promise<Json> =>
  (await server.must('write', 'auth/token/lookup', { body: { token } })).data;

const tokenOf = ({ auth }: Answered): string => String(auth['client_token']);

/** What only the root token may be given: however it is spelled, it is root. */
const SPELLINGS_OF_ROOT = ['root', 'ROOT', ' root', 'root ', 'Root\t', '\u00a0root', 'rOOt\n'];

for (const [number, spelling] of SPELLINGS_OF_ROOT.entries()) {
  test(`spelling ${number} of root is root`, async (t) => {
    const server = await start();
    const byRoot = await create(server, { policies: [spelling, 'other'], ttl: '1h' });
    t.deepEqual(byRoot.auth['policies'], ['root']);
    const sudo = await server.token({ policies: ['sudo'], ttl: '1h' });
    t.is(
      said(await create(server, { policies: [spelling] }, sudo)),
      '400 root tokens may not be created without parent token being root',
    );
    const maker = await server.token({ policies: ['maker'], ttl: '1h' });
    t.is(
      said(await create(server, { policies: [spelling] }, maker)),
      '400 child policies must be subset of parent',
    );
    t.is(
      said(await create(server, { policies: [spelling], type: 'batch' })),
      '400 batch tokens cannot be root tokens',
    );
  });

  test(`a role that allows spelling ${number} of root makes nobody root`, async (t) => {
    const server = await start();
    const maker = await server.token({ policies: ['maker'], ttl: '1h' });
    const role = { allowed_policies: [spelling, 'app'], allowed_policies_glob: ['*'] };
    await server.must('write', 'auth/token/roles/r', { body: role });
    for (const policies of [[spelling], [spelling, 'app'], []]) {
      const answer = await create(server, { policies }, maker, 'auth/token/create/r');
      t.is(answer.status, 400, JSON.stringify(policies));
    }
  });
}

test('what looks like root to the eye is a policy like any other', async (t) => {
  const server = await start();
  const maker = await server.token({ policies: ['sudo'], ttl: '1h' });
  for (const name of ['rооt', 'ｒｏｏｔ', 'root\u200b', 'r o o t']) {
    const token = tokenOf(await create(server, { policies: [name], ttl: '1h' }, maker));
    t.is((await server.call('read', 'sys/mounts', { token })).status, 403, name);
  }
});

const REFUSED_WITHOUT_SUDO: readonly (readonly [Json, string])[] = [
  [{ id: 'mine' }, '400 root or sudo privileges required to specify token id'],
  [{ no_parent: true }, '400 root or sudo privileges required to create orphan token'],
  [{ period: '1h' }, '400 root or sudo privileges required to create periodic token'],
  [{ policies: ['more'] }, '400 child policies must be subset of parent'],
];

for (const [body, refusal] of REFUSED_WITHOUT_SUDO) {
  test(`${JSON.stringify(body)} needs sudo`, async (t) => {
    const server = await start();
    const maker = await server.token({ policies: ['maker'], ttl: '1h' });
    t.is(said(await create(server, body, maker)), refusal);
    const sudo = await server.token({ policies: ['sudo'], ttl: '1h' });
    t.is((await create(server, body, sudo)).status, 200);
  });
}

const REFUSED: readonly (readonly [Json, string])[] = [
  [{ ttl: 'abc' }, '400 time: invalid duration "abc"'],
  [{ ttl: '-1h' }, '400 ttl must be positive'],
  [{ lease: '-1h' }, '400 lease must be positive'],
  [{ period: '-5m' }, '400 period must be positive'],
  [{ explicit_max_ttl: -1 }, '400 explicit_max_ttl must be positive'],
  [{ num_uses: -1 }, '400 number of uses cannot be negative'],
  [{ type: 'default-service' }, "400 invalid 'token_type' value"],
  [{ policies: ['response-wrapping'] }, '400 cannot assign policy "response-wrapping"'],
  [{ policies: [' Control-Group'] }, '400 cannot assign policy "control-group"'],
  [{ id: 'hvs.x' }, "400 custom token ID cannot have the 'hvs.' prefix"],
  [{ id: 'a.b' }, "400 custom token ID cannot have a '.' in the value"],
  [{ id: 'x'.repeat(9000) }, '400 custom token ID is too long'],
  [{ entity_alias: 'a' }, "400 'entity_alias' is only allowed in combination with token role"],
  [{ type: 'batch', policies: ['a'], period: '1h' }, '400 batch tokens cannot have "period" set'],
  [{ type: 'batch', policies: ['a'], num_uses: 1 }, '400 batch tokens cannot have "num_uses" set'],
  [
    { type: 'batch', policies: ['a'], explicit_max_ttl: '1h' },
    '400 batch tokens cannot have "explicit_max_ttl" set',
  ],
];

for (const [body, refusal] of REFUSED) {
  test(`${JSON.stringify(body).slice(0, 60)} is refused and leaves nothing behind`, async (t) => {
    const server = await start();
    const before = server.keys('sys/token/');
    t.is(said(await create(server, body)), refusal);
    t.deepEqual(server.keys('sys/token/'), before);
  });
}

test('what was sent for a field of another kind is not repeated', async (t) => {
  const server = await start();
  const canary = 'canary-5f1c';
  for (const body of [
    { ttl: { canary } },
    { num_uses: canary },
    { renewable: canary },
    { type: canary },
    { meta: canary },
    { meta: { a: { canary } } },
    { policies: { canary } },
  ]) {
    const { status, errors } = await create(server, body);
    t.is(status, 400, JSON.stringify(body));
    t.notRegex(errors.join(), /canary/);
  }
});

for (const [ttl, expected] of [
  ['1500ms', 1],
  ['10ms', 1],
  ['0', 2_764_800],
  ['2d', 172_800],
] as const) {
  test(`a ttl of ${ttl} lasts ${expected} seconds`, async (t) => {
    const server = await start();
    const { auth } = await create(server, { policies: ['default'], ttl });
    t.is(auth['lease_duration'], expected);
  });
}

test('the mount auth/token limits how long tokens live', async (t) => {
  const server = await start();
  await server.must('write', 'sys/auth/token/tune', {
    body: { default_lease_ttl: '7m', max_lease_ttl: '8m' },
  });
  t.is((await create(server, { policies: ['a'] })).auth['lease_duration'], 420);
  const { auth, warnings } = await create(server, { policies: ['default'], ttl: '1h' });
  t.is(auth['lease_duration'], 480);
  t.deepEqual(warnings, [
    'TTL of "1h" exceeded the effective max_ttl of "8m"; TTL value is capped accordingly',
  ]);
});

test('a child is bound to the addresses of its parent, an orphan and a token of a role are not', async (t) => {
  const server = await start();
  await server.must('write', 'auth/token/roles/bound', {
    body: { token_bound_cidrs: ['127.0.0.0/8'], allowed_policies: ['maker'] },
  });
  await server.must('write', 'auth/token/roles/free', { body: { allowed_policies: ['maker'] } });
  const parent = tokenOf(await create(server, {}, 'root', 'auth/token/create/bound'));
  const child = tokenOf(await create(server, {}, parent));
  const from = { token: child, remoteAddress: '10.0.0.1' };
  t.is((await server.call('read', 'auth/token/lookup-self', from)).status, 403);
  t.is((await server.call('read', 'auth/token/lookup-self', { token: child })).status, 200);
  t.deepEqual((await lookup(server, child))['bound_cidrs'], ['127.0.0.0/8']);
  const free = tokenOf(await create(server, {}, parent, 'auth/token/create/free'));
  t.is((await lookup(server, free))['bound_cidrs'], undefined);
});

test('an id that was given back can be chosen again, with nothing of its past', async (t) => {
  const server = await start();
  const chosen = { id: 'chosen', policies: ['default', 'maker'], ttl: '10s' };
  await create(server, chosen);
  t.is(said(await create(server, chosen)), '400 cannot create a token with a duplicate ID');
  await server.must('write', 'cubbyhole/a', { token: 'chosen', body: { secret: 1 } });
  const child = tokenOf(await create(server, { ttl: '1h' }, 'chosen'));
  server.clock.advance(10_000); // nobody has cleared it away yet
  t.is((await create(server, chosen)).status, 200);
  t.is((await server.call('read', 'cubbyhole/a', { token: 'chosen' })).status, 404);
  t.is((await server.call('read', 'auth/token/lookup-self', { token: child })).status, 403);
});

test('tokens of few uses, of none left and batch tokens make no children', async (t) => {
  const server = await start();
  const asked = { policies: ['maker'], ttl: '1h' };
  const few = await server.token({ ...asked, num_uses: 5 });
  t.is(
    said(await create(server, {}, few)),
    '400 restricted use token cannot generate child tokens',
  );
  const last = await server.token({ ...asked, num_uses: 1 });
  t.is(said(await create(server, {}, last)), '400 parent token lookup failed: no parent found');
  const batch = await server.token({ ...asked, type: 'batch' });
  t.is(said(await create(server, {}, batch)), '400 batch tokens cannot create more tokens');
});

test('an alias makes one entity, whoever names it, and only if the role allows it', async (t) => {
  const server = await start();
  await server.must('write', 'auth/token/roles/r', {
    body: { allowed_entity_aliases: ['Web', 'job-*'], allowed_policies: ['default'] },
  });
  const make = (entity_alias: string) =>
    create(server, { entity_alias }, 'root', 'auth/token/create/r');
  const [one, two, three] = [await make('web'), await make('WEB'), await make('job-1')];
  t.is(one.auth['entity_id'], two.auth['entity_id']);
  t.not(one.auth['entity_id'], three.auth['entity_id']);
  t.is(said(await make('other')), "400 invalid 'entity_alias' value");
});

test('a child is of the entity of its parent, an orphan of none', async (t) => {
  const server = await start();
  await server.must('write', 'auth/token/roles/r', {
    body: { allowed_entity_aliases: ['web'], allowed_policies: ['maker'] },
  });
  const parent = await create(server, { entity_alias: 'web' }, 'root', 'auth/token/create/r');
  const child = await create(server, {}, tokenOf(parent));
  t.is(child.auth['entity_id'], parent.auth['entity_id']);
  const orphan = await create(server, {}, tokenOf(parent), 'auth/token/create-orphan');
  t.is(orphan.auth['entity_id'], '');
});
