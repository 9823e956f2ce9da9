// Headers that decide who asks, and headers that every answer has.
import net from 'node:net';
import test from 'ava';
import { USERPASS, errorsOf, startWorld } from './helpers/world.ts';

const head = (lines: readonly string[], target = '/v1/auth/token/lookup-self'): string =>
  `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines.join('\r\n')}\r\n\r\n`;

const statusOf = (answer: string): string => answer.slice('HTTP/1.1 '.length, 12);

// Two proxies, or a proxy and the server, must not each look at another of two tokens.
test('a second header that names a token is refused, whatever it says', async (t) => {
  const world = await startWorld(t);
  const { root } = world;
  const refused = [
    [`X-Vault-Token: ${root}`, 'X-Vault-Token: other'],
    ['X-Vault-Token: other', `X-Vault-Token: ${root}`],
    [`X-Vault-Token: ${root}`, `x-vault-token: ${root}`],
    ['X-Vault-Token:', `X-Vault-Token: ${root}`],
    [`Authorization: Bearer ${root}`, 'Authorization: Bearer other'],
    ['Authorization: Basic eDp5', `Authorization: Bearer ${root}`],
    [`AUTHORIZATION: Bearer ${root}`, `authorization: Bearer ${root}`],
  ];
  for (const lines of refused) {
    const answer = await world.send(head(lines));
    t.is(statusOf(answer), '400', lines.join(' and '));
    t.false(answer.includes(root));
  }
  const taken = [[`X-Vault-Token: ${root}`], [`Authorization: Bearer ${root}`]];
  for (const lines of taken) t.is(statusOf(await world.send(head(lines))), '200');
});

test('a token is found in no other place of a request', async (t) => {
  const world = await startWorld(t);
  const { root } = world;
  const without = [
    head([`Authorization: bearer ${root}`]),
    head([`Authorization: ${root}`]),
    head([`Cookie: X-Vault-Token=${root}`]),
    head([`Vault-Token: ${root}`]),
    head([], `/v1/auth/token/lookup-self?token=${root}`),
    head([], `/v1/auth/token/lookup-self?x-vault-token=${root}`),
  ];
  for (const packet of without) t.is(statusOf(await world.send(packet)), '403');
});

// Vault 2.0: max_token_header_size
test('a token header over max_token_header_size is refused before it is looked up', async (t) => {
  const world = await startWorld(t);
  const cases = [
    [`X-Vault-Token: ${'t'.repeat(8192)}`, '403'],
    [`X-Vault-Token: ${'t'.repeat(8193)}`, '431'],
    [`Authorization: Bearer ${'t'.repeat(8193)}`, '431'],
    [`X-Other: ${'t'.repeat(20_000)}`, '431'],
  ] as const;
  for (const [line, status] of cases) t.is(statusOf(await world.send(head([line]))), status);
});

// CVE-2025-12044 is the same mistake for quotas: what can be refused is refused before the body is read.
test('a token header that is too long is refused before the body is awaited', async (t) => {
  const world = await startWorld(t);
  const packet = `POST /v1/kv/a HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ${'t'.repeat(9000)}\r\nContent-Length: 1000000\r\n\r\n`;
  t.is(statusOf(await firstAnswer(world.port, packet)), '431');
});

test('CVE-2021-38554: no answer may be kept by a cache', async (t) => {
  const world = await startWorld(t);
  const asked = [
    ['GET', 'sys/health'],
    ['GET', 'sys/seal-status'],
    ['GET', 'sys/leader'],
    ['GET', 'sys/init'],
    ['GET', 'auth/token/lookup-self'],
    ['GET', 'kv/missing'],
    ['POST', 'kv/a'],
    ['LIST', 'kv'],
    ['DELETE', 'kv/a'],
    ['GET', 'no/mount'],
    ['GET', '../x'],
    ['OPTIONS', 'kv/a'],
    ['GET', 'kv/%zz'],
    ['GET', 'kv//a'],
  ] as const;
  for (const [method, path] of asked) {
    const body = method === 'POST' ? { value: 'x' } : undefined;
    const { headers, status } = await world.ask(method, path, body);
    t.is(headers['cache-control'], 'no-store', `${method} ${path} (${status})`);
  }
});

test('answers say nothing about what the server is made of', async (t) => {
  const world = await startWorld(t);
  for (const path of ['sys/health', 'kv/a', 'no/mount']) {
    const { headers } = await world.ask('GET', path);
    t.deepEqual(
      ['server', 'x-powered-by', 'x-vault-hostname'].filter((name) => name in headers),
      [],
    );
  }
});

// Vault 1.21 and later: an address that a client chose is never believed.
test('X-Forwarded-For is believed from the named proxies alone, and must be an address', async (t) => {
  const unnamed = await startWorld(t, { mounts: [USERPASS] });
  const bound = await unnamed.token(['default'], { boundCidrs: ['10.0.0.0/8'] });
  const spoofed = { 'X-Forwarded-For': '10.1.2.3' };
  const ask = { token: bound, headers: spoofed };
  t.is((await unnamed.ask('GET', 'auth/token/lookup-self', undefined, ask)).status, 403);

  const named = await startWorld(t, {
    listener: 'x_forwarded_for_authorized_addrs = ["127.0.0.1"]',
  });
  const token = await named.token(['default'], { boundCidrs: ['10.0.0.0/8'] });
  const asFrom = (forwarded: string) =>
    named.ask('GET', 'auth/token/lookup-self', undefined, {
      token,
      headers: { 'X-Forwarded-For': forwarded },
    });
  t.is((await asFrom('10.1.2.3')).status, 200);
  t.is((await asFrom('10.1.2.3, 192.0.2.1')).status, 403, 'the last hop is the one that counts');
  for (const bad of ['10.1.2', '10.1.2.3/8', 'localhost', '10.1.2.3:80', '<script>', '::g']) {
    const { status, json } = await asFrom(bad);
    t.is(status, 400, bad);
    t.false(JSON.stringify(json).includes(bad), 'and is not repeated');
  }
  t.is((await named.ask('GET', 'sys/health')).status, 400, 'a proxy that says nothing is refused');

  const stranger = await startWorld(t, {
    listener: 'x_forwarded_for_authorized_addrs = ["192.0.2.0/24"]',
  });
  const answer = await stranger.ask('GET', 'sys/health', undefined, { headers: spoofed });
  t.is(answer.status, 400);
  t.regex(errorsOf(answer)[0] ?? '', /not authorized/);
});

// CVE-2026-4525: what an engine is handed is decided here, and a token is no part of it.
test.serial('CVE-2026-4525: the token is no field of what an engine receives', async (t) => {
  const world = await startWorld(t);
  await world.ask('POST', 'kv/a', { value: 'x' });
  const seen: string[] = [];
  await world.within(({ mounts }, transaction) => {
    const mount = mounts.in(transaction).route('kv/a')?.mount;
    const operations = mount?.find('a')?.path.operations as unknown as Record<
      string,
      { handler: (call: object) => unknown }
    >;
    const { read } = operations;
    if (read === undefined) throw new Error('kv is read');
    const { handler } = read;
    t.teardown(() => (read.handler = handler));
    read.handler = (call) => {
      seen.push(textsIn(call).join('\n'));
      return handler(call);
    };
  });
  await world.ask('GET', 'kv/a', undefined, {
    headers: { Authorization: `Bearer ${world.root}`, Cookie: world.root },
  });
  t.is(seen.length, 1);
  t.false(seen[0]?.includes(world.root));
});

test('what is no HTTP is refused with nothing but its status, and the connection ends', async (t) => {
  const world = await startWorld(t);
  const both = 'Content-Length: 3\r\nTransfer-Encoding: chunked';
  const refused = [
    `POST /v1/kv/a HTTP/1.1\r\nHost: x\r\n${both}\r\n\r\n0\r\n\r\nGET /v1/sys/health HTTP/1.1\r\n\r\n`,
    'POST /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
    'POST /v1/kv/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n',
    'GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nX: a\r\n folded\r\n\r\n',
    'GET /v1/kv/a HTTP/1.1\nHost: x\n\n',
    'GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n',
    'GET /v1/kv/a b HTTP/1.1\r\nHost: x\r\n\r\n',
    'XLIST /v1/kv HTTP/1.1\r\nHost: x\r\n\r\n',
    'ALIST /v1/kv HTTP/1.1\r\nHost: x\r\n\r\n',
    'UNLIST /v1/kv HTTP/1.1\r\nHost: x\r\n\r\n',
    'LILIST /v1/kv HTTP/1.1\r\nHost: x\r\n\r\n',
    'GELIST /v1/kv HTTP/1.1\r\nHost: x\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ];
  for (const bytes of refused) {
    const answer = await world.send(bytes);
    t.regex(answer, /^HTTP\/1\.1 400 Bad Request\r\n/, JSON.stringify(bytes));
    t.is(answer.match(/HTTP\/1\.1 /g)?.length, 1, JSON.stringify(bytes));
    t.regex(answer, /connection: close/i);
  }
  t.is((await world.ask('GET', 'sys/health')).status, 200);
});

/** What comes back on a connection on which the rest of the request never follows. */
function firstAnswer(port: number, packet: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(packet));
    socket.once('data', (chunk) => {
      resolve(chunk.toString());
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

/** Every text that can be reached from a value, through a few levels. */
function textsIn(value: unknown, depth = 6): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || depth === 0) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsIn(inner, depth - 1)]);
}
