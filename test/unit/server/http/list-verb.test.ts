// The verb LIST on a connection that is kept, with other requests before and after it.
import { once } from 'node:events';
import http from 'node:http';
import { createHook } from 'node:async_hooks';
import net from 'node:net';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { acceptListVerb, LIST_STAND_IN } from '#server/http/list-verb.ts';

/** A server that answers with what arrived: verb, target and body. */
async function echoServer(): Promise<{ readonly port: number; readonly server: http.Server }> {
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () =>
      response.end(`<${request.method} ${request.url} ${Buffer.concat(chunks).toString()}>`),
    );
  });
  acceptListVerb(server, 'connection');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, server };
}

/** Sends packets, each once the answers to the one before are there; the bodies of all answers. */
async function talk(packets: readonly (readonly [string, number])[]): Promise<readonly string[]> {
  const { port, server } = await echoServer();
  const socket = net.connect(port, '127.0.0.1');
  let received = '';
  const bodies = (): readonly string[] => received.match(/<[^>]*>|400 Bad Request/g) ?? [];
  let wanted = 0;
  for (const [packet, answers] of packets) {
    wanted += answers;
    socket.write(packet);
    while (bodies().length < wanted) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      received += chunk.toString();
    }
  }
  socket.destroy();
  server.close();
  return bodies();
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const list = (path: string, body = ''): string =>
  `LIST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

test('LIST arrives under the verb that stands in for it', async (t) => {
  t.deepEqual(await talk([[list('/a'), 1]]), [`<${LIST_STAND_IN} /a >`]);
});

test('a kept connection takes LIST between other requests', async (t) => {
  const packets = [list('/a'), get('/b'), list('/c'), list('/d'), get('/e')];
  const bodies = await talk(packets.map((packet) => [packet, 1] as const));
  t.deepEqual(bodies, ['<SEARCH /a >', '<GET /b >', '<SEARCH /c >', '<SEARCH /d >', '<GET /e >']);
});

test('pipelined requests are answered in order, with their bodies', async (t) => {
  const packet = get('/a') + list('/b', 'xyz') + get('/c') + list('/d');
  t.deepEqual(await talk([[packet, 4]]), [
    '<GET /a >',
    '<SEARCH /b xyz>',
    '<GET /c >',
    '<SEARCH /d >',
  ]);
});

test.serial('a parser that refused LIST ends, and is not kept with the connection', async (t) => {
  const parsers = new Set<number>();
  const hook = createHook({
    init: (id, type) => {
      if (type === 'HTTPINCOMINGMESSAGE') parsers.add(id);
    },
    destroy: (id) => parsers.delete(id),
  });
  hook.enable();
  t.teardown(() => hook.disable());
  await talk(Array.from({ length: 20 }, () => [list('/a'), 1] as const));
  await setImmediate();
  await setImmediate();
  t.true(parsers.size <= 1, `${parsers.size} parsers are left`);
});

test('headers that come in a second packet are waited for', async (t) => {
  const packet = list('/a');
  const [head, tail] = [packet.slice(0, 20), packet.slice(20)];
  t.deepEqual(
    await talk([
      [head, 0],
      [tail, 1],
    ]),
    ['<SEARCH /a >'],
  );
});

for (const [what, packet] of [
  ['a verb nobody knows', 'LISP /a HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a word that ends too early', 'LIST/a HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['small letters', 'list /a HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a bad header behind LIST', 'LIST /a HTTP/1.1\r\nHost : x\r\n\r\n'],
  ['two lengths behind LIST', 'LIST /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
] as const) {
  test(`${what} is a bad request`, async (t) => {
    t.deepEqual(await talk([[packet, 1]]), ['400 Bad Request']);
  });
}
