// Clients that connect and do nothing, or next to nothing: they cost little, for a bounded time, and nobody else
// notices. CVE-2026-15972.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { issue } from '#server/cluster/authority.ts';
import { acceptListVerb } from '#server/http/list-verb.ts';
import { systemClock } from '#server/system-clock.ts';
import { authorities, node } from '#test/helpers/cluster.ts';
import { collectGarbage } from './helpers/garbage.ts';
import { startWorld, type World } from './helpers/world.ts';

const IDLE = 400;
/** Of this process, in which the clients live as well. */
const BYTES_EACH = 40_000;

/** The server of a world, caught when it is made. The tests here run one after another. */
async function worldAndServer(t: ExecutionContext): Promise<[World, http.Server]> {
  const { createServer } = http;
  const made: http.Server[] = [];
  http.createServer = ((...args: Parameters<typeof createServer>) => {
    const server = createServer(...args);
    made.push(server);
    return server;
  }) as typeof createServer;
  const world = await startWorld(t);
  http.createServer = createServer;
  const [server] = made;
  if (server === undefined) throw new Error('there is a server');
  return [world, server];
}

async function connect(t: ExecutionContext, port: number, bytes = ''): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  if (bytes !== '') socket.write(bytes);
  return socket;
}

test.serial('a listener gives slow clients as long as is configured, and no longer', async (t) => {
  const [, server] = await worldAndServer(t);
  t.is(server.headersTimeout, 10_000);
  t.is(server.requestTimeout, 30_000);
  t.is(server.keepAliveTimeout, 300_000);
  t.true(server.maxConnections <= 10_000);
});

test.serial(
  'CVE-2026-15972: connections that say nothing cost little, and others are served',
  async (t) => {
    const [world] = await worldAndServer(t);
    await world.ask('GET', 'sys/health');
    collectGarbage();
    const before = process.memoryUsage().rss;
    for (let at = 0; at < IDLE / 2; at += 1) {
      await connect(t, world.port);
      await connect(
        t,
        world.port,
        'POST /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 30000000\r\n',
      );
    }
    t.is((await world.ask('GET', 'sys/health')).status, 200);
    collectGarbage();
    const grown = process.memoryUsage().rss - before;
    t.true(grown < IDLE * BYTES_EACH + 20_000_000, `${grown} bytes`);
  },
);

test.serial(
  'where there is no place left, connections that wait make place for new ones',
  async (t) => {
    const [world, server] = await worldAndServer(t);
    server.maxConnections = 4;
    const whole = 'GET /v1/sys/health HTTP/1.1\r\nHost: x\r\n\r\n';
    for (let at = 0; at < 4; at += 1) {
      const socket = await connect(t, world.port, whole);
      await once(socket, 'data');
    }
    const served = await eventually(() => world.ask('GET', 'sys/health'));
    t.is(served.status, 200);
  },
);

test.serial('bytes that are no HTTP end their own connection alone', async (t) => {
  const [world] = await worldAndServer(t);
  const kept = await connect(t, world.port);
  const garbage = Array.from({ length: 50 }, (_, at) => Buffer.alloc(2_000, at * 5));
  await Promise.all(garbage.map((bytes) => world.send(bytes)));
  kept.write('GET /v1/sys/health HTTP/1.1\r\nHost: x\r\n\r\n');
  const [answer] = (await once(kept, 'data')) as [Buffer];
  t.regex(answer.toString(), /^HTTP\/1\.1 200/);
});

const SHORT_MS = 50;

/** A server as the listener makes it, but for its patience. */
async function impatient(t: ExecutionContext, server: http.Server | https.Server): Promise<number> {
  acceptListVerb(server, server instanceof https.Server ? 'secureConnection' : 'connection');
  t.teardown(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

for (const [what, bytes] of [
  ['never begins', ''],
  ['stops in the middle', '\x16\x03\x01\x01\x00'],
] as const) {
  test.serial(`a handshake that ${what} ends with its connection`, async (t) => {
    const { cert, key } = issue(authorities, node('a'), systemClock.now());
    const server = https.createServer({ cert, key, handshakeTimeout: SHORT_MS });
    const gone = Promise.withResolvers<void>();
    server.on('connection', (socket: net.Socket) => socket.once('close', gone.resolve));
    const port = await impatient(t, server);
    await connect(t, port, bytes); // it neither reads nor ends
    await gone.promise;
    t.is(await connectionsOf(server), 0);
  });
}

test.serial('a client that is refused and does not go is not kept', async (t) => {
  const limits = { headersTimeout: SHORT_MS, connectionsCheckingInterval: SHORT_MS };
  const server = http.createServer(limits);
  const gone = Promise.withResolvers<void>();
  server.on('connection', (socket: net.Socket) => socket.once('close', gone.resolve));
  const port = await impatient(t, server);
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  socket.write('GET / HTTP/1.1\r\nHost');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  t.regex(answer.toString(), /^HTTP\/1\.1 400/);
  await gone.promise;
  t.is(await connectionsOf(server), 0);
});

test.serial('a connection that was used to list is kept as long as any other', async (t) => {
  const limits = { headersTimeout: SHORT_MS, connectionsCheckingInterval: SHORT_MS };
  const server = http.createServer(limits, (_request, response) => response.end('here'));
  const port = await impatient(t, server);
  const kept = await connect(t, port, 'LIST /a HTTP/1.1\r\nHost: x\r\n\r\n');
  const [listed] = (await once(kept, 'data')) as [Buffer];
  t.regex(listed.toString(), /^HTTP\/1\.1 200/);
  const next = once(kept, 'data') as Promise<[Buffer]>;
  // Who comes later and never finishes has tried the server's patience by the time that it is refused.
  const slow = await connect(t, port, 'GET / HTTP/1.1\r\nHost');
  await once(slow, 'data');
  kept.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n');
  const [answer] = await next;
  t.regex(answer.toString(), /^HTTP\/1\.1 200/);
});

const connectionsOf = (server: net.Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });

/** A connection that is dropped is tried again, as every client does. */
async function eventually<T>(action: () => Promise<T>): Promise<T> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    try {
      return await action();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return action();
}
