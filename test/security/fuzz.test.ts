// Requests that make no sense, by the thousand: each is refused with a few words, none of them about this machine or
// this program, and the server goes on. CVE-2021-3024, CVE-2023-3774.
import net from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { seededRandom, type Random } from '#test/helpers/random.ts';
import { KV_V1, startWorld, USERPASS, type World } from './helpers/world.ts';

/** Together some 20,000 requests; another seed finds other ones. */
const ROUNDS = 20;
const REQUESTS_A_ROUND = 1_000;
const SEED = 20_260_101;

const METHODS = 'GET POST PUT PATCH DELETE LIST HEAD OPTIONS SEARCH TRACE CONNECT GE LISTEN'.split(
  ' ',
);

const PIECES = [
  'v1',
  'sys',
  'health',
  'unseal',
  'init',
  'seal-status',
  'leader',
  'kv',
  'secret',
  'data',
  'metadata',
  'auth',
  'token',
  'userpass',
  'login',
  'users',
  'ann',
  'audit',
  'lookup-self',
  'cubbyhole',
  'identity',
  'config',
  '..',
  '.',
  '',
  '%2e%2e',
  '%2f',
  '%00',
  '%zz',
  '%',
  '%ff',
  '%0a',
  '\\',
  '*',
  '+',
  '{{x}}',
  ';',
  '?',
  '?list=true',
  '?list=x',
  '?help=1',
  '?help',
  '?version=-1',
  '?version=x',
  '?activecode=99',
  '?activecode=1e9',
  '?standbyok=x',
  '#',
  '@',
  'a'.repeat(300),
  '__proto__',
  'constructor',
  '\u00e9',
  '😀',
  '<script>',
  "'",
  '"',
  '$(id)',
  '/etc/passwd',
  '::1',
] as const;

/** Where something answers, so that not all of it is lost on the way. */
const PLACES = [
  'secret/data',
  'secret/metadata',
  'secret/config',
  'kv',
  'cubbyhole',
  'auth/userpass/users',
  'auth/userpass/login',
  'auth/token/lookup-self',
  'sys/audit',
  'sys/health',
  'sys/unseal',
  'sys/init',
] as const;

const HEADERS = [
  'X-Vault-Token: x',
  'X-Vault-Token:',
  'X-Vault-Token: hvs.a, hvs.b',
  'Authorization: Bearer x',
  'Authorization: Basic !!',
  'X-Vault-Wrap-TTL: 60',
  'X-Vault-Wrap-TTL: -1',
  'X-Vault-Wrap-TTL: 9e99',
  'X-Vault-Wrap-TTL: x',
  'X-Vault-Wrap-Format: jwt',
  'X-Vault-Namespace: ../x',
  'X-Vault-Request: true',
  'X-Forwarded-For: x',
  'Content-Type: application/json',
  'Content-Type: application/x-www-form-urlencoded',
  'Content-Type: application/merge-patch+json',
  'Content-Type: \u00ff',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: identity',
  'Expect: 100-continue',
  'Expect: x',
  'Upgrade: websocket',
  'Connection: upgrade',
  'Content-Length: -1',
  'Content-Length: 9999999999',
  'Content-Length: x',
  'Range: bytes=0-',
  'X: \t',
  ': x',
  'nothing',
  'Host: y',
  'Accept-Encoding: gzip',
  'If-None-Match: *',
  'Cookie: a=b',
] as const;

const BODIES = [
  '',
  '{}',
  'null',
  '[]',
  '1',
  '"x"',
  '{',
  '{"a":',
  '{"key":1}',
  '{"key":"zz"}',
  '{"key":"AAAA"}',
  '{"reset":true}',
  '{"secret_shares":1e9}',
  '{"secret_shares":-1,"secret_threshold":0}',
  '{"secret_shares":"x"}',
  '{"password":["x"]}',
  '{"password":{"a":1}}',
  '{"password":null}',
  '{"data":1}',
  '{"data":{"a":1}}',
  '{"options":{"cas":"x"}}',
  '{"__proto__":{"a":1}}',
  '{"a":1e999}',
  '{"a":-0}',
  '{"ttl":"x"}',
  '{"ttl":1e30}',
  '{"policies":[[["root"]]]}',
  'a=b&c',
  '\u0000',
  '\ufeff{}',
  '{"a":"\ud800"}',
  '<xml/>',
  'x'.repeat(5000),
  `{"a":"${'x'.repeat(5000)}"}`,
  '{"a":1}{"b":2}',
] as const;

const some = <T>(random: Random, from: readonly T[], most: number): readonly T[] =>
  Array.from({ length: random.below(most + 1) }, () => random.pick(from));

function makeRequest(random: Random, root: string): string {
  const place = random.below(3) === 0 ? [] : [random.pick(PLACES)];
  const pieces = [...place, ...some(random, PIECES, place.length === 0 ? 5 : 2)];
  const target = `${random.below(20) === 0 ? '' : '/v1/'}${pieces.join('/')}`;
  const body = random.pick(BODIES);
  const length = random.below(10) === 0 ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const token = random.below(3) === 0 ? [`X-Vault-Token: ${root}`] : [];
  const lines = ['Host: x', 'Connection: close', ...length, ...token, ...some(random, HEADERS, 3)];
  const whole = `${random.pick(METHODS)} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
  return random.below(8) === 0 ? damaged(random, whole) : whole;
}

/** With some of its characters exchanged, cut off or doubled. */
function damaged(random: Random, text: string): string {
  const at = random.below(text.length);
  switch (random.below(4)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + text.slice(at).repeat(2);
    default:
      return text.slice(at) + text;
  }
}

/** What an answer to a stranger has no reason to hold: this machine, this program, or an error that nobody expected. */
const TALKATIVE: readonly (readonly [string, RegExp])[] = [
  ['an address', /\b127\.0\.0\.1\b|\b::1\b(?!["/])|\bfe80:|\b10\.\d+\.\d+\.\d+\b|localhost/],
  [
    'a path of a file',
    /\/(?:work|home|root|usr|tmp|etc|var|opt|proc)\/|node_modules|\.ts\b|file:\/\//,
  ],
  ['a stack', /\n\s+at |TypeError|RangeError|SyntaxError|ReferenceError|node:|ERR_[A-Z]/],
  ['a version', /v?24\.\d+\.\d+|koa|llhttp|Node\.js/i],
];

/** The versions that health and seal status do say. */
const isTold = (request: string): boolean => /sys\/(health|seal-status|unseal)/.test(request);

/** What the request itself said may come back (a path, the name of a parameter), but nothing else. */
function leaksOf(request: string, answer: string): readonly string[] {
  const body = answer.slice(Math.max(0, answer.indexOf('\r\n\r\n')));
  return TALKATIVE.filter(([, pattern]) => {
    const found = pattern.exec(body)?.[0];
    return found !== undefined && !decoded(request).includes(found);
  }).map(([what]) => what);
}

const decoded = (text: string): string => text + text.replaceAll('%2f', '/').replaceAll('%2e', '.');

test('CVE-2021-3024: senseless requests are refused in a few words', async (t) => {
  const crashes: unknown[] = [];
  const note = (reason: unknown): unknown => crashes.push(reason);
  process.on('unhandledRejection', note);
  process.on('uncaughtExceptionMonitor', note);
  t.teardown(() => {
    process.off('unhandledRejection', note);
    process.off('uncaughtExceptionMonitor', note);
  });
  const world = await startWorld(t, { mounts: [KV_V1, USERPASS] });
  const random = seededRandom(SEED);
  const statuses = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const requests = Array.from({ length: REQUESTS_A_ROUND }, () =>
      makeRequest(random, world.root),
    );
    const answers = await sendAll(world, requests);
    for (const [at, answer] of answers.entries()) judge(t, requests[at] ?? '', answer, statuses);
  }
  t.deepEqual(crashes, [], 'CVE-2023-3774: nothing is left unhandled');
  t.deepEqual(world.log.filter((line) => line.includes('[ERROR]')).slice(0, 3), []);
  t.is((await world.ask('GET', 'sys/health')).status, 200);
  t.is((await world.ask('GET', 'auth/token/lookup-self')).status, 200);
  for (const status of ['200', '400', '403', '404', '405']) {
    t.true((statuses.get(status) ?? 0) > 30, `${status} of ${JSON.stringify([...statuses])}`);
  }
});

function judge(
  t: ExecutionContext,
  request: string,
  answer: string,
  statuses: Map<string, number>,
): void {
  const status = answer.slice(9, 12);
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
  const shown = JSON.stringify([request.slice(0, 400), answer.slice(0, 600)]);
  if (!isTold(request)) t.deepEqual(leaksOf(request, answer), [], shown);
  t.true(status !== '500' || /"errors":\["(?!internal error)/.test(answer), shown);
}

/** A few at a time, each on a connection of its own. */
async function sendAll(world: World, requests: readonly string[]): Promise<readonly string[]> {
  const answers = requests.map(() => '');
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < requests.length) {
      const at = next;
      next += 1;
      answers[at] = await exchange(world.port, requests[at] ?? '');
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
  return answers;
}

function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => resolve(received));
    socket.end(Buffer.from(text, 'utf8'));
  });
}
