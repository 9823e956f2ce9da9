// Nothing secret is written down: whatever the server logs, audits or says of errors while it is used in every way, it
// holds no token, accessor, password, share, wrapping token or value. CVE-2024-8365, CVE-2025-4166, CVE-2025-62513.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';
import { KV_V1, startWorld, USERPASS, type Answer, type World } from './helpers/world.ts';

/** Each could be told from any other text, and none says anything about another. */
const canary = (name: string): string => `canary-${name}-7f3a9c`;

const VALUE = canary('value');
const PASSWORD = canary('password');
const WRONG = canary('wrong');
const CHANGED = canary('changed');
const HEADER = canary('header');
const GARBAGE = canary('garbage');
const IN_QUERY = canary('query');

const JSON_PATCH = { 'Content-Type': 'application/merge-patch+json' };

/** Uses the server; every token, accessor and wrapping token that it handed out is put into `secrets`. */
async function useEverything(world: World, secrets: Set<string>): Promise<void> {
  const ask: World['ask'] = async (method, path, body, asking) => {
    const answer = await world.ask(method, path, body, asking);
    for (const secret of handedOut(answer)) secrets.add(secret);
    return answer;
  };
  secrets.add(world.root).add(world.share);
  const secret = { value: VALUE, nested: { list: [VALUE, { deep: VALUE }] } };
  await ask('POST', 'kv/a', secret);
  await ask('GET', 'kv/a');
  await ask('POST', 'secret/data/a', { data: secret, options: { cas: 0 } });
  await ask('POST', 'secret/data/a', { data: secret, options: { cas: 0 } });
  await ask('PATCH', 'secret/data/a', { data: secret }, { headers: JSON_PATCH });
  await ask(
    'PATCH',
    'secret/data/a',
    { data: secret },
    { headers: { 'Content-Type': 'text/plain' } },
  );
  await ask('POST', 'secret/metadata/a', { custom_metadata: { note: VALUE } });
  await ask('GET', 'secret/data/a');
  await ask('GET', 'secret/metadata/a');
  await ask('POST', 'cubbyhole/a', secret);
  await ask('GET', 'cubbyhole/a');

  await ask('POST', 'auth/userpass/users/ann', { password: PASSWORD, token_policies: 'default' });
  await ask('POST', 'auth/userpass/users/ann/password', { password: PASSWORD });
  const login = await ask('POST', 'auth/userpass/login/ann', { password: PASSWORD });
  await ask('POST', 'auth/userpass/login/ann', { password: WRONG });
  await ask('POST', 'auth/userpass/login/nobody', { password: WRONG });
  const token = String((login.json['auth'] as { client_token?: string } | undefined)?.client_token);
  await ask('GET', 'auth/token/lookup-self', undefined, { token });
  await ask('POST', 'auth/token/lookup', { token });
  await ask('POST', 'auth/token/create', {
    policies: ['default'],
    meta: { team: 'audit shows it' },
  });
  await ask('POST', 'auth/token/renew', { token });
  await ask('POST', 'auth/token/renew-self', {}, { token });
  await ask('POST', 'auth/token/create', { id: CHANGED, policies: ['root', 'default'] });
  await ask('POST', 'auth/token/revoke', { token });
  await ask('POST', 'auth/token/revoke', { token: WRONG });
  await ask('GET', 'kv/a', undefined, { token: WRONG });
  await ask('GET', 'kv/a', undefined, { token: '', headers: { Authorization: `Bearer ${WRONG}` } });

  const headers = { 'X-Vault-Wrap-TTL': '60' };
  const wrapped = await ask('GET', 'kv/a', undefined, { headers });
  const wrapping = String((wrapped.json['wrap_info'] as { token?: string } | null)?.token);
  await ask('POST', 'sys/wrapping/lookup', { token: wrapping }, { token: '' });
  await ask('POST', 'sys/wrapping/unwrap', {}, { token: wrapping });
  await ask('POST', 'sys/wrapping/unwrap', { token: wrapping });
  await ask('POST', 'auth/userpass/login/ann', { password: PASSWORD }, { headers });

  await ask('POST', 'sys/unseal', { key: world.share }, { token: '' });
  await ask('POST', 'sys/unseal', { key: WRONG }, { token: '' });
  await ask('POST', 'sys/init', { secret_shares: 1, secret_threshold: 1 }, { token: '' });
  await misuse(ask);
}

/** Requests that fail at every stage, each with something that must not be repeated in the log. */
async function misuse(ask: World['ask']): Promise<void> {
  const wrongTypes: readonly (readonly [string, string, unknown])[] = [
    ['POST', 'auth/userpass/users/bob', { password: [PASSWORD, { x: PASSWORD }] }],
    ['POST', 'auth/userpass/users/bob', { password: PASSWORD, token_ttl: GARBAGE }],
    ['POST', 'auth/userpass/users/bob', { password: PASSWORD, token_num_uses: GARBAGE }],
    ['POST', 'auth/userpass/users/bob', { password: PASSWORD, token_no_default_policy: GARBAGE }],
    ['POST', 'auth/userpass/users/bob', { password_hash: GARBAGE }],
    ['POST', 'auth/userpass/login/ann', { password: { x: PASSWORD } }],
    ['POST', 'secret/data/a', { data: VALUE }],
    ['POST', 'secret/data/a', { data: { a: VALUE }, options: { cas: GARBAGE } }],
    ['POST', 'secret/delete/a', { versions: { x: GARBAGE } }],
    ['POST', 'secret/metadata/a', { max_versions: GARBAGE }],
    ['POST', 'secret/metadata/a', { custom_metadata: { x: [GARBAGE] } }],
    ['POST', 'sys/unseal', { key: [WRONG] }],
    ['POST', 'sys/unseal', { key: { x: WRONG } }],
    ['POST', 'sys/init', { secret_shares: GARBAGE }],
    ['POST', 'auth/token/create', { ttl: GARBAGE, num_uses: GARBAGE }],
    ['POST', 'auth/token/create', { meta: [GARBAGE] }],
    ['POST', 'auth/token/lookup', { token: [WRONG] }],
  ];
  for (const [method, path, body] of wrongTypes) await ask(method, path, body);
  const broken = [`{"value":"${VALUE}`, VALUE, `["${VALUE}"]`, `{"a":${VALUE}}`, `"${VALUE}"`];
  for (const raw of broken) {
    for (const path of ['kv/a', 'auth/userpass/login/ann', 'sys/unseal', 'sys/init']) {
      await ask('POST', path, undefined, { raw });
    }
  }
  await ask('GET', `secret/data/a?version=${IN_QUERY}`);
  await ask('GET', `kv/a?list=${IN_QUERY}`);
  await ask('GET', `sys/health?standbyok=${IN_QUERY}`);
  await ask('GET', 'kv/a', undefined, { headers: { 'X-Vault-Wrap-TTL': HEADER } });
  await ask('GET', 'kv/a', undefined, { headers: { Cookie: HEADER, 'X-Other': HEADER } });
}

/** Every token and accessor in an answer. */
function handedOut({ text }: Answer): readonly string[] {
  const named = /"(?:client_token|accessor|token|wrapped_accessor|root_token|id)":"([^"]{12,})"/g;
  const tokens = /\bhv[sbr]\.[A-Za-z0-9_-]{20,}/g;
  return [
    ...[...text.matchAll(named)].map((found) => found[1] ?? ''),
    ...(text.match(tokens) ?? []),
  ];
}

const CANARIES = [VALUE, PASSWORD, WRONG, CHANGED, HEADER, GARBAGE, IN_QUERY];

/** As it is, and in the encodings that a careless writer would choose. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  return [secret, bytes.toString('base64'), bytes.toString('hex'), encodeURIComponent(secret)];
}

test('CVE-2024-8365: neither the log nor the audit file holds anything secret', async (t) => {
  const file = join(temporaryFolder(t), 'audit.log');
  const world = await startWorld(t, { mounts: [KV_V1, USERPASS] });
  const enabled = await world.ask('POST', 'sys/audit/file', {
    type: 'file',
    options: { file_path: file },
  });
  t.is(enabled.status, 204, enabled.text);
  const secrets = new Set<string>();
  await useEverything(world, secrets);

  const audit = readFileSync(file, 'utf8');
  const log = world.log.join('');
  t.true(secrets.size > 6, 'there were tokens and accessors to look for');
  t.true(audit.split('\n').length > 60, 'there is a record to look through');
  for (const secret of [...secrets, ...CANARIES]) {
    for (const form of formsOf(secret)) {
      t.false(audit.includes(form), `the audit file has ${form}`);
      t.false(log.includes(form), `the log has ${form}`);
    }
  }
  t.true(audit.includes('hmac-sha256:'), 'what is not written is hashed');
  t.deepEqual(
    world.log.filter((line) => /\[(ERROR|WARN)\]/.test(line)),
    [],
  );
});

test('CVE-2025-4166: an error says which field is wrong, and not what was sent', async (t) => {
  const world = await startWorld(t, { mounts: [KV_V1, USERPASS] });
  await world.ask('POST', 'auth/userpass/users/ann', { password: PASSWORD });
  await world.ask('POST', 'kv/a', { value: 'x' });
  let refused = 0;
  await misuse(async (...asked) => {
    const answer = await world.ask(...asked);
    if (answer.status < 400) return answer;
    refused += 1;
    for (const secret of CANARIES.filter((one) => one !== GARBAGE)) {
      t.false(answer.text.includes(secret), `${asked[0]} ${asked[1]}: ${answer.text}`);
    }
    return answer;
  });
  t.true(refused > 25);
});

test('CVE-2025-62513: an answer that is no JSON envelope is hashed like any other', async (t) => {
  const file = join(temporaryFolder(t), 'audit.log');
  const world = await startWorld(t, { mounts: [KV_V1, USERPASS] });
  await world.ask('POST', 'kv/a', { value: VALUE });
  await world.ask('POST', 'sys/audit/file', { type: 'file', options: { file_path: file } });
  const headers = { 'X-Vault-Wrap-TTL': '60' };
  const wrapped = await world.ask('GET', 'kv/a', undefined, { headers });
  const token = String((wrapped.json['wrap_info'] as { token?: string } | null)?.token);
  const opened = await world.ask('POST', 'sys/wrapping/unwrap', {}, { token });
  t.true(opened.text.includes(VALUE), 'the answer was there to be written down');
  const audit = readFileSync(file, 'utf8');
  t.true(audit.includes('sys/wrapping/unwrap'));
  t.false(audit.includes(VALUE));
  t.false(audit.includes(Buffer.from(VALUE).toString('base64')));
});

test('an error that nobody expected is an internal error to the client, and its cause stays here', async (t) => {
  const world = await startWorld(t);
  await world.ask('POST', 'kv/a', { value: VALUE });
  const { barrier } = world.node.unsealed() ?? t.fail();
  const begin = barrier.begin.bind(barrier);
  t.teardown(() => (barrier.begin = begin));
  barrier.begin = () => {
    throw new TypeError(`cannot read /etc/${VALUE} at 10.0.0.1`);
  };
  const { status, text } = await world.ask('GET', 'kv/a');
  t.is(status, 500);
  t.is(text, '{"errors":["internal error"]}\n');
});
