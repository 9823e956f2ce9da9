import test from 'ava';
import { TestServer, type Answered } from '#test/helpers/server.ts';

type Json = Readonly<Record<string, unknown>>;

const ROLE = 'auth/token/roles/r';

const said = ({ status, errors }: Answered): string => `${status} ${errors.join('; ')}`;

const write = (server: TestServer, body: Json) => server.call('write', ROLE, { body });

const DEFAULTS = {
  allowed_entity_aliases: null,
  allowed_policies: [],
  allowed_policies_glob: [],
  disallowed_policies: [],
  disallowed_policies_glob: [],
  explicit_max_ttl: 0,
  name: 'r',
  orphan: false,
  path_suffix: '',
  period: 0,
  renewable: true,
  token_explicit_max_ttl: 0,
  token_no_default_policy: false,
  token_period: 0,
  token_type: 'default-service',
};

const SHOWN: readonly (readonly [sent: Json, shown: Json])[] = [
  [{}, {}],
  [{ allowed_policies: 'b, A,b' }, { allowed_policies: ['a', 'b'] }],
  [{ disallowed_policies: ['X', 'Root'] }, { disallowed_policies: ['root', 'x'] }],
  [{ allowed_entity_aliases: ['Web', 'a-*'] }, { allowed_entity_aliases: ['a-*', 'web'] }],
  [
    { token_bound_cidrs: ['127.0.0.1/32', '10.0.0.0/8'] },
    { token_bound_cidrs: ['127.0.0.1', '10.0.0.0/8'] },
  ],
  [
    { period: '30m', explicit_max_ttl: '2h', bound_cidrs: '127.0.0.1' },
    {
      period: 1800,
      token_period: 1800,
      explicit_max_ttl: 7200,
      token_explicit_max_ttl: 7200,
      bound_cidrs: ['127.0.0.1'],
      token_bound_cidrs: ['127.0.0.1'],
    },
  ],
  [{ token_num_uses: 3 }, { token_num_uses: 3 }],
  [{ token_type: 'default' }, { token_type: 'default-service' }],
];

for (const [sent, shown] of SHOWN) {
  test(`a role written with ${JSON.stringify(sent)} is shown so`, async (t) => {
    const server = await TestServer.start();
    t.is((await write(server, sent)).status, 204);
    t.deepEqual((await server.must('read', ROLE)).data, { ...DEFAULTS, ...shown });
  });
}

const REFUSED: readonly (readonly [sent: Json, refusal: string])[] = [
  [
    { path_suffix: 'v1' },
    String.raw`400 given role path suffix contains invalid characters; must match \w[\w-.]+\w`,
  ],
  [{ token_type: 'foo' }, `400 invalid 'token_type' value "foo"`],
  [{ token_num_uses: -1 }, "400 error parsing role fields: 'token_num_uses' cannot be negative"],
  [
    { token_type: 'batch' },
    "400 'token_type' cannot be 'batch' when role is set to generate non-orphan tokens",
  ],
  [
    { token_type: 'batch', orphan: true },
    "400 'token_type' cannot be 'batch' when role is set to generate renewable tokens",
  ],
  [
    { token_type: 'batch', orphan: true, renewable: false, token_period: 1 },
    "400 'token_type' cannot be 'batch' when role is set to generate periodic tokens",
  ],
];

for (const [sent, refusal] of REFUSED) {
  test(`a role with ${JSON.stringify(sent)} is refused`, async (t) => {
    const server = await TestServer.start();
    t.is(said(await write(server, sent)), refusal);
    t.is((await server.call('read', ROLE)).status, 404);
  });
}

test('a role with an address that is none is refused', async (t) => {
  const server = await TestServer.start();
  for (const field of ['token_bound_cidrs', 'bound_cidrs']) {
    const { status, errors } = await write(server, { [field]: 'here' });
    t.is(status, 400);
    t.regex(errors.join(), /^error parsing role fields: /);
  }
});

test('what is not sent stays, and the new name of a field takes over from the old', async (t) => {
  const server = await TestServer.start();
  await write(server, { allowed_policies: 'a', period: '1h', orphan: true });
  await write(server, { token_period: '2h' });
  t.deepEqual((await server.must('read', ROLE)).data, {
    ...DEFAULTS,
    allowed_policies: ['a'],
    orphan: true,
    token_period: 7200,
  });
});

test('both names of a field at once: the new one counts, with a warning', async (t) => {
  const server = await TestServer.start();
  const { status, warnings } = await write(server, { period: '1h', token_period: '2h' });
  t.is(status, 200);
  t.deepEqual(warnings, [
    "Both 'token_period' and deprecated 'period' value supplied, ignoring the deprecated value",
  ]);
  t.like((await server.must('read', ROLE)).data, { period: 0, token_period: 7200 });
});

test('roles are listed and deleted', async (t) => {
  const server = await TestServer.start();
  t.is((await server.call('list', 'auth/token/roles')).status, 404);
  await write(server, {});
  t.deepEqual((await server.must('list', 'auth/token/roles')).data, { keys: ['r'] });
  t.is((await server.call('delete', ROLE)).status, 204);
  t.is((await server.call('delete', ROLE)).status, 204);
  t.is(said(await server.call('write', 'auth/token/create/r')), '400 unknown role r');
});
