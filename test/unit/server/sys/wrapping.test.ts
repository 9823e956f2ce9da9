// Answers put into a wrapping, and opened once.
import { createPublicKey, verify } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { TestServer, type Answered } from '#test/helpers/server.ts';

const GONE = 'wrapping token is not valid or does not exist';

interface Wrapped {
  readonly token: string;
  readonly info: Readonly<Record<string, unknown>>;
}

function wrappedIn({ body }: Answered): Wrapped {
  const info = body['wrap_info'] as Record<string, unknown>;
  return { token: String(info['token']), info };
}

async function serverWithSecret(): Promise<TestServer> {
  const server = await TestServer.start();
  await server.must('write', 'sys/mounts/kv', { body: { type: 'kv' } });
  await server.must('write', 'kv/a', { body: { x: '1' } });
  return server;
}

const wrapSecret = async (server: TestServer): Promise<Wrapped> =>
  wrappedIn(await server.must('read', 'kv/a', { wrapTtl: 300 }));

async function isGone(t: ExecutionContext, server: TestServer, token: string): Promise<void> {
  for (const path of ['unwrap', 'lookup', 'rewrap']) {
    const refused = await server.call('write', `sys/wrapping/${path}`, { body: { token } });
    t.deepEqual([refused.status, refused.errors], [400, [GONE]], path);
  }
}

test('a wrapping is opened once, by its own token', async (t) => {
  const server = await serverWithSecret();
  const { token, info } = await wrapSecret(server);
  t.like(info, { ttl: 300, creation_path: 'kv/a' });
  t.deepEqual((await server.must('write', 'sys/wrapping/unwrap', { token })).data, { x: '1' });
  await isGone(t, server, token);
});

test('a wrapping is opened once, by another token', async (t) => {
  const server = await serverWithSecret();
  const { token } = await wrapSecret(server);
  const other = await server.token({ policies: ['default'] });
  const opened = await server.must('write', 'sys/wrapping/unwrap', {
    token: other,
    body: { token },
  });
  t.deepEqual(opened.data, { x: '1' });
  await isGone(t, server, token);
  t.deepEqual(server.keys('sys/token/id/').length, 2, 'nothing of the wrapping token is left');
});

test('of two who open a wrapping at once one gets it', async (t) => {
  const server = await serverWithSecret();
  const { token } = await wrapSecret(server);
  const answers = await Promise.all(
    [1, 2, 3].map(() => server.call('write', 'sys/wrapping/unwrap', { body: { token } })),
  );
  t.deepEqual(answers.map(({ status }) => String(status)).toSorted(), ['200', '400', '400']);
});

test('any denied use spends a wrapping token', async (t) => {
  const server = await serverWithSecret();
  const { token } = await wrapSecret(server);
  t.is((await server.call('read', 'auth/token/lookup-self', { token })).status, 403);
  await isGone(t, server, token);
});

test('a wrapping token cannot wrap itself anew', async (t) => {
  const server = await serverWithSecret();
  const { token } = await wrapSecret(server);
  t.is((await server.call('write', 'sys/wrapping/rewrap', { token })).status, 403);
  await isGone(t, server, token);
});

test('whoever may not open wrappings leaves them as they are', async (t) => {
  const server = await serverWithSecret();
  const { token } = await wrapSecret(server);
  const stranger = await server.token({ policies: ['none'], no_default_policy: true });
  const refused = await server.call('write', 'sys/wrapping/unwrap', {
    token: stranger,
    body: { token },
  });
  t.is(refused.status, 403);
  t.is(
    (await server.call('write', 'sys/wrapping/unwrap', { token: '', body: { token } })).status,
    403,
  );
  t.deepEqual((await server.must('write', 'sys/wrapping/unwrap', { token })).data, { x: '1' });
});

test('a wrapping ends with its time', async (t) => {
  const server = await serverWithSecret();
  const { token } = await wrapSecret(server);
  await server.advance(299_000);
  await server.must('write', 'sys/wrapping/lookup', { body: { token } });
  await server.advance(2_000);
  await isGone(t, server, token);
});

test('looking a wrapping up needs no other token, and shows nothing of what is inside', async (t) => {
  const server = await serverWithSecret();
  const { token, info } = await wrapSecret(server);
  for (const asking of [{ token: '', body: { token } }, { token }]) {
    const { data } = await server.must('write', 'sys/wrapping/lookup', asking);
    t.deepEqual(data, {
      creation_path: 'kv/a',
      creation_time: info['creation_time'],
      creation_ttl: 300,
    });
  }
});

test('a wrapping that is wrapped anew keeps its path and its time', async (t) => {
  const server = await serverWithSecret();
  const { token } = await wrapSecret(server);
  await server.advance(100_000);
  const again = wrappedIn(await server.must('write', 'sys/wrapping/rewrap', { body: { token } }));
  t.like(again.info, { ttl: 300, creation_path: 'kv/a' });
  await isGone(t, server, token);
  await server.advance(250_000);
  const opened = await server.must('write', 'sys/wrapping/unwrap', {
    body: { token: again.token },
  });
  t.deepEqual(opened.data, { x: '1' });
});

const NO_WRAPPINGS: readonly (readonly [string, object | undefined, number, string])[] = [
  ['root', undefined, 400, GONE],
  ['', undefined, 403, 'error validating wrapping token: token is empty'],
  ['root', { token: '' }, 400, 'error validating wrapping token: empty token in request body'],
  [
    'root',
    { token: 5 },
    400,
    'error validating wrapping token: could not decode token in request body',
  ],
  ['root', { token: 'root' }, 400, GONE],
  ['root', { token: 'a.b.c' }, 400, GONE],
];

for (const [token, body, status, message] of NO_WRAPPINGS) {
  test(`unwrap by "${token}" of ${JSON.stringify(body)} is refused`, async (t) => {
    const server = await TestServer.start();
    const refused = await server.call('write', 'sys/wrapping/unwrap', { token, body: { ...body } });
    t.deepEqual([refused.status, refused.errors], [status, [message]]);
  });
}

test('wrap needs a time, and gives back what was sent', async (t) => {
  const server = await TestServer.start();
  const refused = await server.call('write', 'sys/wrapping/wrap', { body: { a: 1 } });
  t.deepEqual(refused.errors, ['endpoint requires response wrapping to be used']);
  const { token } = wrappedIn(
    await server.must('write', 'sys/wrapping/wrap', { body: { a: 1 }, wrapTtl: 60 }),
  );
  t.deepEqual((await server.must('write', 'sys/wrapping/unwrap', { token })).data, { a: 1 });
});

test('reading the cubbyhole of a wrapping token is warned of', async (t) => {
  const server = await serverWithSecret();
  const { token } = await wrapSecret(server);
  const { data, warnings } = await server.must('read', 'cubbyhole/response', { token });
  t.like(JSON.parse(String(data['response'])), { data: { x: '1' }, lease_duration: 2_764_800 });
  t.regex(warnings[0] ?? '', /^Reading from 'cubbyhole\/response' is deprecated\./);
  await isGone(t, server, token);
});

test('a list is wrapped as well as a read', async (t) => {
  const server = await serverWithSecret();
  const { token, info } = wrappedIn(await server.must('list', 'kv', { wrapTtl: 60 }));
  t.is(info['creation_path'], 'kv/');
  t.deepEqual((await server.must('write', 'sys/wrapping/unwrap', { token })).data, { keys: ['a'] });
});

test('a JWT holds the token, is signed by the published key, and opens the wrapping', async (t) => {
  const server = await serverWithSecret();
  const { token } = wrappedIn(
    await server.must('read', 'kv/a', { wrapTtl: 300, wrapFormat: 'jwt' }),
  );
  const [header = '', claims = '', signature = ''] = token.split('.');
  const decoded = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<
    string,
    unknown
  >;
  t.like(decoded, { type: 'wrapping', addr: 'http://127.0.0.1:8200', accessor: '' });
  t.is(Number(decoded['exp']) - Number(decoded['iat']), 300);

  const { data } = await server.must('read', 'sys/wrapping/pubkey', { token: '' });
  const jwk = {
    kty: 'EC',
    crv: 'P-521',
    x: coordinate(data['jwt_x']),
    y: coordinate(data['jwt_y']),
  };
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const content = Buffer.from(`${header}.${claims}`);
  const bytes = Buffer.from(signature, 'base64url');
  t.true(verify('sha512', content, { key, dsaEncoding: 'ieee-p1363' }, bytes));

  const forged = `${header}.${claims}.${Buffer.alloc(bytes.length).toString('base64url')}`;
  const refused = await server.call('write', 'sys/wrapping/unwrap', { body: { token: forged } });
  t.deepEqual(refused.errors, [GONE]);
  t.deepEqual((await server.must('write', 'sys/wrapping/unwrap', { token })).data, { x: '1' });
  await isGone(t, server, token);
});

test('a JWT opens wrappings and nothing else', async (t) => {
  const server = await serverWithSecret();
  const { token } = wrappedIn(
    await server.must('read', 'kv/a', { wrapTtl: 300, wrapFormat: 'jwt' }),
  );
  t.is((await server.call('read', 'cubbyhole/response', { token })).status, 403);
  t.deepEqual((await server.must('write', 'sys/wrapping/unwrap', { token })).data, { x: '1' });
});

/** A decimal number as RFC 7518 writes a coordinate of P-521. */
function coordinate(digits: unknown): string {
  const hex = BigInt(String(digits)).toString(16).padStart(132, '0');
  return Buffer.from(hex, 'hex').toString('base64url');
}
