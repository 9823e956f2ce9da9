import test from 'ava';
import { seconds } from '#sdk/duration.ts';
import type { RenewedTerms } from '#sdk/engine.ts';
import { badRequest, ClientError } from '#sdk/errors.ts';
import { openMethod } from '#test/helpers/open-method.ts';
import { TestServer, type Answered } from '#test/helpers/server.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;

type Renew = () => RenewedTerms | undefined;

async function login(renew: Renew | undefined) {
  const server = await TestServer.start({ engines: [openMethod({ renew })] });
  await server.mount({ kind: 'auth', path: 'auth/open/', type: 'open' });
  const { auth } = await server.must('write', 'auth/open/login/ann', { token: '' });
  return { server, token: String(auth['client_token']) };
}

const renewSelf = (server: TestServer, token: string, body: Record<string, unknown> = {}) =>
  server.call('write', 'auth/token/renew-self', { token, body });

const said = ({ status, errors }: Answered): string => `${status} ${errors.join('; ')}`;

const terms = (ttl: number, maxTtl = 0, period = 0): RenewedTerms => ({
  ttl: seconds(ttl),
  maxTtl: seconds(maxTtl),
  period: seconds(period),
});

test('a login is renewed by the terms that its method has now', async (t) => {
  let now = terms(600);
  const { server, token } = await login(() => now);
  t.is((await renewSelf(server, token)).auth['lease_duration'], 600);
  t.is((await renewSelf(server, token, { increment: '20m' })).auth['lease_duration'], 1200);
  now = terms(600, 900);
  const cut = await renewSelf(server, token, { increment: '20m' });
  t.is(cut.auth['lease_duration'], 900);
  t.is(cut.warnings.length, 1);
  now = terms(600, 900, 70);
  await server.advance(60 * SECOND);
  t.is((await renewSelf(server, token)).auth['lease_duration'], 70);
});

test('a login whose user is gone keeps its terms', async (t) => {
  const { server, token } = await login(() => undefined);
  await server.advance(HOUR / 2);
  t.is((await renewSelf(server, token)).status, 204);
  await server.advance(HOUR / 2 - SECOND);
  t.is((await server.call('read', 'auth/token/lookup-self', { token })).status, 200);
  await server.advance(2 * SECOND);
  t.is((await server.call('read', 'auth/token/lookup-self', { token })).status, 403);
});

for (const [what, renew, expected] of [
  [
    'refuses because of what has changed',
    () => {
      throw new ClientError(500, 'policies have changed, not renewing');
    },
    '500 1 error occurred:\n\t* failed to renew entry: policies have changed, not renewing\n\n',
  ],
  [
    'refuses a mistake',
    () => {
      throw badRequest('another certificate');
    },
    '400 another certificate',
  ],
  [
    'fails',
    () => {
      throw new Error('secret detail');
    },
    '500 internal error',
  ],
  [
    'knows no renewal',
    undefined,
    '500 1 error occurred:\n\t* failed to renew entry: unsupported operation\n\n',
  ],
] as const satisfies readonly (readonly [string, Renew | undefined, string])[]) {
  test(`a method that ${what}`, async (t) => {
    const { server, token } = await login(renew);
    t.is(said(await renewSelf(server, token)), expected);
    const { data } = await server.must('write', 'auth/token/lookup', { body: { token } });
    t.is(data['last_renewal'], undefined);
  });
}

test('a renewal by another, or by the accessor, is the same', async (t) => {
  const server = await TestServer.start();
  const token = await server.token({ policies: ['default'], ttl: '1h' });
  await server.advance(60 * SECOND);
  const { auth } = await server.must('write', 'auth/token/renew', { body: { token } });
  t.like(auth, { client_token: token, lease_duration: 3600, renewable: true });
  const { data } = await server.must('write', 'auth/token/lookup', { body: { token } });
  const { accessor } = auth;
  t.is(data['last_renewal_time'], Math.floor(server.clock.now() / 1000));
  const byAccessor = await server.must('write', 'auth/token/renew-accessor', {
    body: { accessor, increment: 60 },
  });
  t.like(byAccessor.auth, { client_token: '', accessor, lease_duration: 60 });
});

test('without an increment a token lives as long again as the last time', async (t) => {
  const server = await TestServer.start();
  const token = await server.token({ policies: ['default'], ttl: '1h' });
  for (const [increment, expected] of [
    [undefined, 3600],
    [600, 600],
    [undefined, 600],
    [0, 600],
  ] as const) {
    const body = increment === undefined ? {} : { increment };
    t.is((await renewSelf(server, token, body)).auth['lease_duration'], expected);
  }
});

test('no renewal goes past the maximum, and the last moment is not renewed', async (t) => {
  const server = await TestServer.start();
  const asked = { policies: ['default'], ttl: '60s', explicit_max_ttl: '60s' };
  const token = await server.token(asked);
  await server.advance(59_600);
  for (const increment of [0, 1, '0.4s', '1h', 9_223_372_036]) {
    t.is(
      said(await renewSelf(server, token, { increment })),
      '500 1 error occurred:\n\t* past the max TTL, cannot renew\n\n',
      String(increment),
    );
  }
  t.is((await renewSelf(server, token, { increment: -1 })).status, 400);
  t.is((await renewSelf(server, token, { increment: '9223372036854775808' })).status, 400);
  await server.advance(500);
  t.is((await renewSelf(server, token)).status, 403);
});

test('what lives by its period lives on, to its explicit maximum', async (t) => {
  const server = await TestServer.start();
  const body = { policies: ['default'], period: '60s', explicit_max_ttl: '150s' };
  const token = await server.token(body);
  for (const expected of [60, 60, 50, 10]) {
    const { auth } = await renewSelf(server, token, { increment: '1h' });
    t.is(auth['lease_duration'], expected);
    await server.advance(50 * SECOND - (expected === 50 ? 10 * SECOND : 0));
  }
  t.is((await renewSelf(server, token)).status, 403);
});

test('what is not renewable says so', async (t) => {
  const server = await TestServer.start();
  const renew = async (token: string) =>
    said(await server.call('write', 'auth/token/renew', { body: { token } }));
  t.is(await renew('root'), '400 lease is not renewable');
  t.is(
    await renew(await server.token({ policies: ['default'], ttl: '1h', renewable: false })),
    '400 lease is not renewable',
  );
  t.is(await renew('hvs.nosuchtoken'), '400 token not found');
  t.is(await renew(''), '400 missing token ID');
  const byAccessor = (accessor: string) =>
    server.call('write', 'auth/token/renew-accessor', { body: { accessor } });
  t.is(said(await byAccessor('x')), '400 1 error occurred:\n\t* invalid accessor\n\n');
  t.is(said(await byAccessor('')), '400 1 error occurred:\n\t* missing accessor\n\n');
});

test('a token of a role is renewed by the role as it is now, and not without it', async (t) => {
  const server = await TestServer.start();
  const role = (body: Record<string, unknown>) =>
    server.must('write', 'auth/token/roles/r', { body });
  await role({ allowed_policies: ['default'], token_period: '10m' });
  const { auth } = await server.must('write', 'auth/token/create/r');
  const token = String(auth['client_token']);
  t.is(auth['lease_duration'], 600);
  await role({ token_period: '5m' });
  t.is((await renewSelf(server, token)).auth['lease_duration'], 300);
  await role({ token_period: 0, token_explicit_max_ttl: '4m' });
  t.is((await renewSelf(server, token)).auth['lease_duration'], 240);
  await server.must('delete', 'auth/token/roles/r');
  t.is(
    said(await renewSelf(server, token)),
    '500 1 error occurred:\n\t* failed to renew entry: original token role "r" could not be found, not renewing\n\n',
  );
  t.is((await server.call('read', 'auth/token/lookup-self', { token })).status, 200);
});

test('the wheel follows a renewal: the old end passes, the new one counts', async (t) => {
  const server = await TestServer.start();
  const token = await server.token({ policies: ['default'], ttl: '60s' });
  await server.advance(50 * SECOND);
  await renewSelf(server, token);
  await server.advance(30 * SECOND);
  t.is(server.keys('sys/token/id/').length, 2);
  await server.advance(31 * SECOND);
  t.is(server.keys('sys/token/id/').length, 1);
});
