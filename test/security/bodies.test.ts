// Bodies that are small to send and large to hold, and bodies that are simply large: both cost a bounded amount, and
// what costs more is refused before it has been kept. CVE-2025-6203, CVE-2025-59043, CVE-2025-12044, CVE-2023-6337.
import net from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { makeBodyBudgets } from '#server/http/body-budget.ts';
import { boundJson, DEFAULT_JSON_LIMITS } from '#server/http/json-limits.ts';
import { collectGarbage } from './helpers/garbage.ts';
import { dataOf, errorsOf, startWorld, type World } from './helpers/world.ts';

const many = (count: number, one: string): string => Array(count).fill(one).join(',');

const LONGEST = DEFAULT_JSON_LIMITS.max_json_string_value_length;

/** Each would cost many times its size, or a deep stack. */
const HOSTILE: Readonly<Record<string, string>> = {
  'deep arrays': `{"a":${'['.repeat(200_000)}`,
  'deep objects': '{"a":'.repeat(100_000),
  'deep and closed': `{"a":${'['.repeat(501)}${']'.repeat(501)}}`,
  'many array elements': `{"a":[${many(10_001, '1')}]}`,
  'many object entries': `{${many(10_001, '"a":1')}}`,
  'many empty objects': `{"a":[${many(60, `[${many(9_000, '{}')}]`)}]}`,
  'one long string': `{"a":"${'x'.repeat(LONGEST + 1)}"}`,
  'one long string of escapes': `{"a":"${String.raw`\u0041`.repeat(800_000)}"}`,
  'a long key': `{"${'k'.repeat(LONGEST + 1)}":1}`,
  'a string that does not end': `{"a":"${'x'.repeat(2_000_000)}`,
};

for (const [name, body] of Object.entries(HOSTILE)) {
  test(`CVE-2025-6203: a body is refused that has ${name}`, async (t) => {
    const world = await startWorld(t);
    for (const token of [world.root, '', 'hvs.stranger']) {
      const answer = await world.ask('POST', 'kv/a', undefined, { token, raw: body });
      t.is(answer.status, 400);
      t.true(answer.text.length < 300, 'and not repeated');
    }
    const login = await world.ask('POST', 'auth/userpass/login/ann', undefined, { raw: body });
    t.is(login.status, 400);
    const unseal = await world.ask('POST', 'sys/unseal', undefined, { token: '', raw: body });
    t.is(unseal.status, 400);
    t.is((await world.ask('GET', 'sys/health')).status, 200);
  });
}

// Work, not time: of a hostile body no more is looked at than it takes to know.
test('CVE-2025-6203: the check of a hostile body stops where the limit is passed', (t) => {
  const bodies = [`{"a":${'['.repeat(2_000_000)}`, `{"a":[${'1,'.repeat(2_000_000)}`];
  for (const body of bodies) {
    let furthest = 0;
    const watched = new Proxy(Buffer.from(body), {
      get: (target, key) => {
        if (typeof key === 'string') furthest = Math.max(furthest, Number(key) || 0);
        return Reflect.get(target, key, target) as unknown;
      },
    });
    t.throws(() => boundJson(watched, DEFAULT_JSON_LIMITS), { message: /exceeded the maximum/ });
    t.true(furthest < 30_000, `${body.slice(0, 10)} was read up to ${furthest}`);
  }
});

test('CVE-2025-6203: a form has the limits of an object', async (t) => {
  const world = await startWorld(t);
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const refused = [
    many(10_001, 'a=b').replaceAll(',', '&'),
    '&'.repeat(30_000),
    'a'.repeat(LONGEST + 1),
  ];
  for (const raw of refused) {
    const answer = await world.ask('POST', 'kv/a', undefined, { headers, raw });
    t.is(answer.status, 400);
    t.regex(errorsOf(answer)[0] ?? '', /failed to parse the form/);
  }
  const raw = `value=${'x'.repeat(1000)}`;
  t.is((await world.ask('POST', 'kv/a', undefined, { headers, raw })).status, 204);
});

test('CVE-2023-6337: a body over max_request_size is refused before any of it is sent', async (t) => {
  const world = await startWorld(t);
  for (const path of ['kv/a', 'auth/userpass/login/ann', 'sys/unseal', 'sys/init']) {
    const packet = `POST /v1/${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 33554433\r\n\r\n`;
    t.regex(await firstLine(world.port, [packet]), / 413 /, path);
  }
});

test('CVE-2023-6337: a body of unknown size is refused when it passes max_request_size', async (t) => {
  const world = await startWorld(t, { listener: 'max_request_size = 100000' });
  const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
  const packet = 'POST /v1/kv/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
  t.regex(await firstLine(world.port, [packet, chunk, chunk, chunk, chunk]), / 413 /);
});

test.serial('CVE-2023-6337: the bodies of strangers stay within 32 MiB together', async (t) => {
  const world = await startWorld(t);
  const { root } = world;
  const before = bufferBytes();
  const sockets = await pourUntilRefused(t, world.port);
  t.true(bufferBytes() - before < 64 * MIB, `${bufferBytes() - before} bytes are held`);

  const body = { value: 'x'.repeat(900_000) };
  t.is((await world.ask('POST', 'kv/a', body)).status, 204, 'who has a token is served');
  const small = await world.ask('POST', 'auth/userpass/login/ann', { password: 'x' });
  t.is(small.status, 400, 'and so are logins');
  for (const socket of sockets) socket.destroy();

  t.true(await eventually(world, ''), 'what was taken is given back');
  t.is((await world.ask('GET', 'kv/a', undefined, { token: root })).status, 200);
});

test('the budget of bodies counts what is over 16 KiB, to the byte, and takes back what is closed', (t) => {
  const { strangers } = makeBodyBudgets(32 * MIB);
  const accounts = Array.from({ length: 32 }, () => strangers.open());
  for (const account of accounts) t.true(account.grow(16_384 + MIB));
  const last = strangers.open();
  t.true(last.grow(16_384), 'a small body is free');
  t.false(last.grow(16_385));
  accounts[0]?.close();
  accounts[0]?.close();
  t.true(last.grow(16_384 + MIB));
  t.false(last.grow(16_385 + MIB));
  t.true(last.grow(16_384 + MIB), 'a refusal takes nothing');
});

test('CVE-2021-45042: the largest body there is does not bring the node down', async (t) => {
  const world = await startWorld(t);
  const value = Array(31).fill('x'.repeat(1_048_000));
  for (const [path, body] of [
    ['kv/a', { value }],
    ['secret/data/a', { data: { value } }],
  ] as const) {
    const { status } = await world.ask('POST', path, body);
    t.true([200, 204, 400, 413].includes(status), `${path}: ${status}`);
  }
  t.is((await world.ask('POST', 'kv/b', { value: 'x' })).status, 204);
  t.is((await world.ask('GET', 'kv/b')).status, 200);
});

// Node: JSON.parse keeps "__proto__" as a key, and careless copying makes it a prototype.
for (const key of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
  test(`a body with the key ${key} changes nothing but itself`, async (t) => {
    const world = await startWorld(t);
    const inner = `{"${key}":{"admin":true,"polluted":"yes"}}`;
    const bodies: readonly (readonly [string, string])[] = [
      ['kv/a', inner],
      ['secret/data/a', `{"data":${inner},"options":${inner},"${key}":{"admin":true}}`],
      ['secret/metadata/a', `{"custom_metadata":${inner},"${key}":{"admin":true}}`],
      ['secret/config', inner],
      ['auth/userpass/users/bob', `{"password":"p","${key}":{"token_policies":"root"}}`],
      ['auth/userpass/login/bob', `{"password":"p","${key}":{"admin":true}}`],
      ['sys/unseal', inner],
      ['sys/init', inner],
      ['sys/audit/a', `{"type":"file","options":${inner},"${key}":{"type":"file"}}`],
    ];
    for (const [path, raw] of bodies) {
      const { status } = await world.ask('POST', path, undefined, { raw });
      t.true(status < 500, `${path}: ${status}`);
    }
    await world.ask('PATCH', 'secret/data/a', undefined, {
      raw: `{"data":${inner}}`,
      headers: { 'Content-Type': 'application/merge-patch+json' },
    });
    await world.ask('GET', `kv/a?${key}=x&${key}[polluted]=yes`);
    const bare: Readonly<Record<string, unknown>> = {};
    t.is(bare['polluted'], undefined);
    t.is(bare['admin'], undefined);
    t.deepEqual(
      world.log.filter((line) => line.includes('[ERROR]')),
      [],
    );
    const { text, status } = await world.ask('GET', 'kv/a');
    t.is(status, 200);
    t.true(text.includes(`"${key}":{"admin":true,"polluted":"yes"}`), 'it is kept as it was sent');
  });
}

test('a number that JavaScript would round comes back digit by digit', async (t) => {
  const world = await startWorld(t);
  const raw = '{"a":9007199254740993,"b":1e400,"c":0.1000,"d":-0}';
  await world.ask('POST', 'kv/a', undefined, { raw });
  const { text } = await world.ask('GET', 'kv/a');
  t.true(text.includes(raw.slice(1, -1)), text);
  t.is(Object.keys(dataOf(await world.ask('GET', 'kv/a'))).length, 4);
});

const MIB = 1024 * 1024;
/** Of bodies that have grown to 4 MiB. */
const BODY_BYTES = 4 * MIB;
const STRANGERS = 60;
const HELD_AT_ONCE = 8;
const HALF = Buffer.alloc(BODY_BYTES, 0x20);

function bufferBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

/**
 * Sixty strangers announce a body each, send half of it and leave the rest open. Ends when as many have been refused as
 * have no place; a server that refuses fewer lets the test run out of time.
 */
function pourUntilRefused(t: ExecutionContext, port: number): Promise<readonly net.Socket[]> {
  const head = `POST /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: ${2 * BODY_BYTES}\r\n\r\n`;
  let refused = 0;
  return new Promise((resolve) => {
    const sockets = Array.from({ length: STRANGERS }, () => {
      const socket = net.connect(port, '127.0.0.1');
      t.teardown(() => socket.destroy());
      socket.on('error', () => {});
      socket.once('data', (chunk) => {
        t.regex(chunk.toString(), /^HTTP\/1\.1 503 /);
        refused += 1;
        if (refused === STRANGERS - HELD_AT_ONCE) resolve(sockets);
      });
      socket.write(head);
      socket.write(HALF);
      return socket;
    });
  });
}

/** Whether a large body of a stranger is read to its end, now or soon: a server hears late of a connection that ends. */
async function eventually(world: World, token: string): Promise<boolean> {
  const raw = `{"value":"${'x'.repeat(900_000)}"}`;
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const { status } = await world.ask('POST', 'kv/a', undefined, { token, raw });
    if (status === 403) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

/** The first line of the answer to packets, after which nothing follows. */
function firstLine(port: number, packets: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      for (const packet of packets) socket.write(packet);
    });
    socket.once('data', (chunk) => {
      resolve(chunk.toString().split('\r\n')[0] ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
