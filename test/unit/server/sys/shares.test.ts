// What is done with shares of the key: a new root token, new shares. Nothing changes before enough are there.
import test, { type ExecutionContext } from 'ava';
import { TestServer, type Answered } from '#test/helpers/server.ts';

const TWO_OF_THREE = { numbers: { secret_shares: 3, secret_threshold: 2 } };
const WRONG_SHARE = 'ab'.repeat(33);

function startGeneration(server: TestServer, otp = ''): Promise<Answered> {
  return server.must('write', 'sys/generate-root/attempt', { body: { otp } });
}

const give = (server: TestServer, path: string, key: string, nonce: unknown): Promise<Answered> =>
  server.call('write', `sys/${path}`, { body: { key, nonce } });

const shareOf = (server: TestServer, index: number): string => server.shares[index] ?? '';

function unmask(encoded: unknown, otp: unknown): string {
  const key = Buffer.from(String(otp));
  const masked = Buffer.from(String(encoded), 'base64');
  return Buffer.from(masked.map((byte, index) => byte ^ (key[index] ?? 0))).toString();
}

test('enough shares make a root token that only the asker can read', async (t) => {
  const server = await TestServer.start(TWO_OF_THREE);
  const { body: started } = await startGeneration(server);
  t.like(started, { started: true, progress: 0, required: 2, otp_length: 28 });
  const first = await give(server, 'generate-root/update', shareOf(server, 0), started['nonce']);
  t.like(first.body, { progress: 1, complete: false, encoded_token: '', otp: '' });
  const last = await give(server, 'generate-root/update', shareOf(server, 2), started['nonce']);
  t.like(last.body, { progress: 2, complete: true });
  const token = unmask(last.body['encoded_token'], started['otp']);
  t.like((await server.must('read', 'auth/token/lookup-self', { token })).data, {
    policies: ['root'],
    path: 'auth/token/root',
    ttl: 0,
  });
  t.like((await server.must('read', 'sys/generate-root/attempt')).body, {
    started: false,
    nonce: '',
  });
});

test('the password of the asker is not said again', async (t) => {
  const server = await TestServer.start();
  const otp = 'x'.repeat(28);
  const { body } = await startGeneration(server, otp);
  t.is(body['otp'], '');
  const done = await give(server, 'generate-root/update', shareOf(server, 0), body['nonce']);
  t.regex(unmask(done.body['encoded_token'], otp), /^hvs\.\w{24}$/);
});

const BAD_STARTS: readonly (readonly [object, string])[] = [
  [{ otp: 'short' }, 'OTP string is wrong length'],
  [{ pgp_key: 'aa' }, 'encrypting with PGP keys is not supported'],
];

for (const [body, message] of BAD_STARTS) {
  test(`a generation with ${JSON.stringify(body)} is refused`, async (t) => {
    const server = await TestServer.start();
    const refused = await server.call('write', 'sys/generate-root/attempt', { body: { ...body } });
    t.deepEqual([refused.status, refused.errors], [400, [message]]);
  });
}

type Bad = readonly [
  what: string,
  key: (server: TestServer) => string,
  nonce: string | undefined,
  RegExp,
];

const BAD_SHARES: readonly Bad[] = [
  ['no share', () => '', undefined, /^'key' must be specified in request body as JSON$/],
  ['what is no share', () => '!!', undefined, /^'key' must be a valid hex or base64 string$/],
  [
    'a share that is too short',
    () => 'abcd',
    undefined,
    /^invalid key: key is shorter than minimum/,
  ],
  [
    'a share that was there',
    (server) => shareOf(server, 0),
    undefined,
    /^given key has already been provided/,
  ],
  [
    'another nonce',
    (server) => shareOf(server, 1),
    'x',
    /^incorrect nonce supplied; nonce for this .* operation is "/,
  ],
];

for (const kind of ['generate-root', 'rekey'] as const) {
  for (const [what, key, nonce, message] of BAD_SHARES) {
    test(`${kind} refuses ${what}, and what was there still counts`, async (t) => {
      const server = await TestServer.start(TWO_OF_THREE);
      const begun = await begin(server, kind);
      await give(server, `${kind}/update`, shareOf(server, 0), begun);
      const refused = await give(server, `${kind}/update`, key(server), nonce ?? begun);
      t.is(refused.status, 400);
      t.regex(refused.errors[0] ?? '', message);
      await hasProgress(t, server, kind, 1);
    });
  }

  test(`${kind} finds a wrong share at the end, and begins anew`, async (t) => {
    const server = await TestServer.start(TWO_OF_THREE);
    const nonce = await begin(server, kind);
    await give(server, `${kind}/update`, WRONG_SHARE, nonce);
    const refused = await give(server, `${kind}/update`, shareOf(server, 1), nonce);
    t.is(refused.status, 400);
    await hasProgress(t, server, kind, 0);
    await give(server, `${kind}/update`, shareOf(server, 0), nonce);
    t.is((await give(server, `${kind}/update`, shareOf(server, 1), nonce)).body['complete'], true);
  });

  test(`${kind} is begun once, given up, and then takes no share of before`, async (t) => {
    const server = await TestServer.start(TWO_OF_THREE);
    const nonce = await begin(server, kind);
    const again = await server.call('write', startPath(kind), { body: NEW_NUMBERS });
    t.regex(again.errors[0] ?? '', /already in progress$/);
    await give(server, `${kind}/update`, shareOf(server, 0), nonce);
    t.is((await server.call('delete', startPath(kind))).status, 204);
    const late = await give(server, `${kind}/update`, shareOf(server, 1), nonce);
    t.regex(late.errors[0] ?? '', /^no (root generation|barrier rekey) in progress$/);
  });

  test(`${kind} needs sudo unless the listener opens it`, async (t) => {
    const server = await TestServer.start(TWO_OF_THREE);
    await server.putPolicy(
      'weak',
      `path "sys/${kind}/*" { capabilities = ["read", "update", "delete"] }`,
    );
    const weak = await server.token({ policies: ['weak'] });
    for (const token of ['', weak]) {
      t.is((await server.call('read', startPath(kind), { token })).status, 403);
      t.is((await server.call('write', startPath(kind), { token, body: NEW_NUMBERS })).status, 403);
      t.is((await server.call('delete', startPath(kind), { token })).status, 403);
    }
    const openedPaths = [`sys/${kind}/`];
    t.is((await server.call('read', startPath(kind), { token: '', openedPaths })).status, 200);
  });

  test(`${kind} is given up when the server is sealed`, async (t) => {
    const server = await TestServer.start(TWO_OF_THREE);
    await begin(server, kind);
    await server.seal();
    await server.unseal();
    t.is((await server.must('read', startPath(kind))).body['started'], false);
  });
}

test('new shares unseal, old ones do not any more', async (t) => {
  const server = await TestServer.start(TWO_OF_THREE);
  await server.must('write', 'cubbyhole/a', { body: { x: '1' } });
  const nonce = await begin(server, 'rekey');
  await give(server, 'rekey/update', shareOf(server, 0), nonce);
  const { body } = await give(server, 'rekey/update', shareOf(server, 1), nonce);
  const keys = body['keys'] as readonly string[];
  t.is(keys.length, 3);
  await server.seal();
  await t.throwsAsync(server.unsealWith(server.shares));
  await server.unsealWith(keys);
  t.deepEqual((await server.must('read', 'cubbyhole/a')).data, { x: '1' });
});

test('new shares that must be shown count only then', async (t) => {
  const server = await TestServer.start(TWO_OF_THREE);
  const body = { ...NEW_NUMBERS, require_verification: true };
  const started = await server.must('write', 'sys/rekey/init', { body });
  await give(server, 'rekey/update', shareOf(server, 0), started.body['nonce']);
  const made = await give(server, 'rekey/update', shareOf(server, 1), started.body['nonce']);
  const [one = '', two = '', three = ''] = made.body['keys'] as readonly string[];
  const nonce = made.body['verification_nonce'];
  t.like((await server.must('read', 'sys/rekey/verify')).body, {
    started: true,
    nonce,
    progress: 0,
  });

  await server.call('write', 'sys/rekey/verify', { body: { key: one, nonce } });
  const restarted = await server.must('delete', 'sys/rekey/verify');
  t.is(restarted.body['progress'], 0);
  t.not(restarted.body['nonce'], nonce);
  t.is((await give(server, 'rekey/verify', one, nonce)).status, 400);

  const fresh = restarted.body['nonce'];
  for (const share of [one, two]) await give(server, 'rekey/verify', share, fresh);
  t.like((await give(server, 'rekey/verify', three, fresh)).body, { complete: true });
  t.is((await server.call('read', 'sys/rekey/verify')).status, 400);
  await server.seal();
  await server.unsealWith([two, three, one]);
  t.is((await server.call('read', 'sys/key-status')).status, 200);
});

test('a verification that is given up leaves the old shares as they were', async (t) => {
  const server = await TestServer.start(TWO_OF_THREE);
  const body = { ...NEW_NUMBERS, require_verification: true };
  const { body: started } = await server.must('write', 'sys/rekey/init', { body });
  for (const index of [0, 1]) {
    await give(server, 'rekey/update', shareOf(server, index), started['nonce']);
  }
  await server.must('delete', 'sys/rekey/init');
  await server.seal();
  await server.unseal();
  t.is((await server.call('read', 'sys/key-status')).status, 200);
});

const BAD_NUMBERS: readonly (readonly [object, number, RegExp])[] = [
  [
    { secret_shares: 1, secret_threshold: 2 },
    500,
    /^invalid rekey seal configuration: threshold cannot be larger/,
  ],
  [{}, 500, /^invalid rekey seal configuration: shares must be at least one$/],
  [
    { secret_shares: 1, secret_threshold: 1, pgp_keys: ['x'] },
    400,
    /^encrypting with PGP keys is not supported$/,
  ],
  [
    { secret_shares: 1, secret_threshold: 1, backup: true },
    400,
    /^cannot request a backup of the new keys/,
  ],
];

for (const [body, status, message] of BAD_NUMBERS) {
  test(`a rekey to ${JSON.stringify(body)} is refused`, async (t) => {
    const server = await TestServer.start();
    const refused = await server.call('write', 'sys/rekey/init', { body: { ...body } });
    t.is(refused.status, status);
    t.regex(refused.errors[0] ?? '', message);
  });
}

const NEW_NUMBERS = { secret_shares: 3, secret_threshold: 3 };

type Kind = 'generate-root' | 'rekey';

const startPath = (kind: Kind): string =>
  kind === 'rekey' ? 'sys/rekey/init' : 'sys/generate-root/attempt';

async function begin(server: TestServer, kind: Kind): Promise<string> {
  const body = kind === 'rekey' ? NEW_NUMBERS : {};
  return String((await server.must('write', startPath(kind), { body })).body['nonce']);
}

async function hasProgress(
  t: ExecutionContext,
  server: TestServer,
  kind: Kind,
  progress: number,
): Promise<void> {
  t.is((await server.must('read', startPath(kind))).body['progress'], progress);
}
