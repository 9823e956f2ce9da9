import http from 'node:http';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import test from 'ava';
import { millis } from '#sdk/clock.ts';
import type { ForwardRequest } from '#server/cluster/forward-client.ts';
import type { ForwardedRequest } from '#server/cluster/forward-server.ts';
import { addressOf, node, openNode, packets } from '#test/helpers/cluster.ts';

const FACTS = {
  requestId: 'r1',
  remoteAddress: '192.0.2.7',
  remotePort: 4711,
  certificate: undefined,
  listener: {},
};

const asked = (more: Partial<ForwardRequest> = {}): ForwardRequest => ({
  method: 'GET',
  target: '/v1/kv/a?x=1',
  rawHeaders: ['Host', 'vault:8200'],
  body: undefined,
  facts: FACTS,
  limit: millis(10_000),
  ...more,
});

test('packets go from one node to another, and who sent them is known', async (t) => {
  const one = await openNode(t, 'one');
  const two = await openNode(t, 'two');
  const received = packets(two, 3);
  const large = randomBytes(3_000_000);
  one.send(node('two'), addressOf(two), Buffer.from('a'));
  one.send(node('two'), addressOf(two), Buffer.from('b'));
  const back = packets(one, 1);
  two.send(node('one'), addressOf(one), Buffer.from('c'));
  one.send(node('two'), addressOf(two), large);
  const [first, second, third] = await received;
  t.deepEqual(
    [first, second],
    [
      [node('one'), Buffer.from('a')],
      [node('one'), Buffer.from('b')],
    ],
  );
  t.is(third?.[0], node('one'));
  t.true(third?.[1].equals(large));
  t.deepEqual(await back, [[node('two'), Buffer.from('c')]]);
});

test('a node is found again where it has moved to', async (t) => {
  const one = await openNode(t, 'one');
  const first = await openNode(t, 'two');
  const before = packets(first, 1);
  one.send(node('two'), addressOf(first), Buffer.from('a'));
  await before;
  const second = await openNode(t, 'two');
  const after = packets(second, 1);
  one.send(node('two'), addressOf(second), Buffer.from('b'));
  t.deepEqual(await after, [[node('one'), Buffer.from('b')]]);
});

test('a forwarded request arrives as the client sent it, with the client', async (t) => {
  const seen = Promise.withResolvers<ForwardedRequest>();
  const leader = await openNode(t, 'one', {
    handle: (forwarded) => {
      seen.resolve(forwarded);
      forwarded.response
        .writeHead(404, ['X-A', '1', 'X-A', '2', 'Content-Length', '3'])
        .end('no\n');
    },
  });
  const standby = await openNode(t, 'two');
  const rawHeaders =
    'Host vault:8200 X-Vault-Token a x-vault-token b Connection keep-alive,X-Private X-Private 1 ' +
    'Transfer-Encoding chunked x-coffer-forwarded forged Content-Length 99 Expect 100-continue';
  const sent = rawHeaders.split(' ');
  const answer = await standby.forward(
    { id: node('one'), address: addressOf(leader) },
    asked({ method: 'LIST', rawHeaders: sent, body: Buffer.from('{}') }),
  );
  const { request, facts, from } = await seen.promise;
  t.is(request.method, 'SEARCH');
  t.is(request.url, '/v1/kv/a?x=1');
  t.deepEqual(request.rawHeaders.slice(0, 6), sent.slice(0, 6));
  t.is(request.headers['content-length'], '2');
  t.deepEqual(
    ['x-private', 'transfer-encoding', 'x-coffer-forwarded', 'expect'].filter(
      (name) => name in request.headers || request.rawHeaders.includes(name),
    ),
    [],
  );
  t.like(facts, { ...FACTS });
  t.is(from, node('two'));
  t.is(answer.status, 404);
  t.deepEqual(answer.rawHeaders.slice(0, 4), ['X-A', '1', 'X-A', '2']);
  t.is(await text(answer.body), 'no\n');
});

test('large bodies go through both ways as they come', async (t) => {
  const leader = await openNode(t, 'one', {
    handle: ({ request, response }) => request.pipe(response),
  });
  const standby = await openNode(t, 'two');
  const piece = randomBytes(64 * 1024);
  const body = Readable.from(Array.from({ length: 200 }, () => piece));
  const answer = await standby.forward(
    { id: node('one'), address: addressOf(leader) },
    asked({ method: 'POST', body }),
  );
  const back = await buffer(answer.body);
  t.is(back.length, 200 * piece.length);
  t.true(back.subarray(-piece.length).equals(piece));
});

test('the facts of a client with certificates arrive', async (t) => {
  const certificate = {
    isVerified: true,
    chain: [randomBytes(900).toString('base64'), randomBytes(900).toString('base64')],
  };
  const seen = Promise.withResolvers<ForwardedRequest>();
  const leader = await openNode(t, 'one', {
    handle: (forwarded) => {
      seen.resolve(forwarded);
      forwarded.response.end();
    },
  });
  const standby = await openNode(t, 'two');
  const listener = { openedPaths: ['sys/rekey/init'] };
  const answer = await standby.forward(
    { id: node('one'), address: addressOf(leader) },
    asked({ facts: { ...FACTS, certificate, listener } }),
  );
  answer.body.resume();
  t.deepEqual((await seen.promise).facts, { ...FACTS, certificate, listener });
});

test('a request without any header arrives', async (t) => {
  const leader = await openNode(t, 'one', {
    handle: ({ response }) => response.writeHead(204).end(),
  });
  const standby = await openNode(t, 'two');
  const to = { id: node('one'), address: addressOf(leader) };
  for (const body of [undefined, Buffer.from('{}')]) {
    t.is((await standby.forward(to, asked({ rawHeaders: [], body }))).status, 204);
  }
});

test('connections are kept for the next request', async (t) => {
  const ports = new Set<number | undefined>();
  const leader = await openNode(t, 'one', {
    handle: ({ request, response }) => {
      ports.add(request.socket.remotePort);
      response.end('x');
    },
  });
  const standby = await openNode(t, 'two');
  for (let count = 0; count < 5; count += 1) {
    const to = { id: node('one'), address: addressOf(leader) };
    await text((await standby.forward(to, asked())).body);
  }
  t.is(ports.size, 1);
});

test('what could not be sent is told from what was sent and never answered', async (t) => {
  const leader = await openNode(t, 'one', {
    handle: ({ request }) => request.socket.destroy(),
  });
  const standby = await openNode(t, 'two');
  const at = addressOf(leader);
  await t.throwsAsync(standby.forward({ id: node('one'), address: at }, asked()), {
    name: 'AnswerLostError',
  });
  const never = [
    { id: node('other'), address: at },
    { id: node('one'), address: '127.0.0.1:1' },
    { id: node('one'), address: 'no address' },
  ];
  for (const wrong of never) {
    await t.throwsAsync(standby.forward(wrong, asked()), { name: 'NotSentError' });
  }
  const signal = AbortSignal.abort();
  await t.throwsAsync(standby.forward({ id: node('one'), address: at }, asked({ signal })), {
    name: 'NotSentError',
  });
});

test('an answer that takes too long, or that nobody waits for, is given up', async (t) => {
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const leader = await openNode(t, 'one', {
    handle: ({ request }) => (request.url === '/second' ? second : first).resolve(),
  });
  const standby = await openNode(t, 'two');
  const to = { id: node('one'), address: addressOf(leader) };
  await t.throwsAsync(standby.forward(to, asked({ limit: millis(300) })), {
    name: 'AnswerLostError',
    message: 'no answer came in time',
  });
  const controller = new AbortController();
  const waiting = standby.forward(to, asked({ target: '/second', signal: controller.signal }));
  await second.promise;
  controller.abort();
  await t.throwsAsync(waiting, { name: 'AnswerLostError' });
});

test('a node that is not active says that it has done nothing', async (t) => {
  const leader = await openNode(t, 'one', { handle: ({ refuse }) => refuse('not active') });
  const standby = await openNode(t, 'two');
  await t.throwsAsync(standby.forward({ id: node('one'), address: addressOf(leader) }, asked()), {
    name: 'NotSentError',
    message: 'not active',
  });
});

test('nothing is forwarded for a node that is no member any more', async (t) => {
  const leader = await openNode(t, 'one', {
    isMember: (id) => id !== node('two'),
    handle: ({ response }) => response.end(),
  });
  const to = { id: node('one'), address: addressOf(leader) };
  const removed = await openNode(t, 'two');
  const member = await openNode(t, 'three');
  await t.throwsAsync(removed.forward(to, asked()), {
    name: 'NotSentError',
    message: 'not a member of the cluster',
  });
  t.is((await member.forward(to, asked())).status, 200);
});

test('a client cannot say on another listener what only a standby may', async (t) => {
  const { withoutFacts } = await import('#server/cluster/forwarded-facts.ts');
  const seen = Promise.withResolvers<http.IncomingMessage>();
  const server = http.createServer((request, response) => {
    withoutFacts(request);
    seen.resolve(request);
    response.end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as { readonly port: number };
  await fetch(`http://127.0.0.1:${port}/`, { headers: { 'X-Coffer-Forwarded': 'e30' } });
  const { headers, rawHeaders } = await seen.promise;
  t.false('x-coffer-forwarded' in headers);
  t.false(rawHeaders.some((line) => line.toLowerCase() === 'x-coffer-forwarded'));
});
