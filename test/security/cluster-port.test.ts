// Whoever is not of the cluster gets nothing from its port, and takes nothing from those who are.
import { once } from 'node:events';
import net from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { millis } from '#sdk/clock.ts';
import { issue, makeAuthority, type AuthorityRecord } from '#server/cluster/authority.ts';
import type { ClusterNetwork } from '#server/cluster/cluster-network.ts';
import { Identity } from '#server/cluster/identity.ts';
import { dial } from '#server/cluster/dial.ts';
import { parseHostPort } from '#server/cluster/address.ts';
import { systemClock } from '#server/system-clock.ts';
import { frame } from '#raft/driver/frames.ts';
import {
  addressOf,
  authorities,
  node,
  openNode,
  packets,
  realTimer,
} from '#test/helpers/cluster.ts';

const YEAR_MS = 365 * 24 * 3600 * 1000;

function certificateOf(name: string, record: AuthorityRecord, at = systemClock.now()) {
  const { cert, key } = issue(record, node(name), at);
  return { cert, key };
}

function reach(network: ClusterNetwork): { readonly host: string; readonly port: number } {
  return parseHostPort(addressOf(network)) ?? { host: '', port: 0 };
}

/** Resolves once a connection is gone, whatever ended it. */
function closed(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

/** A connection that says something and waits for its end. */
async function talk(
  t: ExecutionContext,
  network: ClusterNetwork,
  options: ConnectionOptions,
): Promise<TLSSocket> {
  const socket = connect({
    ...reach(network),
    rejectUnauthorized: false,
    ALPNProtocols: ['coffer-raft'],
    ...options,
  });
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  socket.once('secureConnect', () => socket.write(frame(Buffer.from('intruder'))));
  socket.resume();
  await closed(socket);
  return socket;
}

const STRANGERS: readonly (readonly [string, () => ConnectionOptions])[] = [
  ['without a certificate', () => ({})],
  ['with one of another cluster', () => certificateOf('two', makeAuthority(systemClock.now()))],
  [
    'with one that has ended',
    () => certificateOf('two', authorities, millis(systemClock.now() - YEAR_MS)),
  ],
  [
    'with one that has not begun',
    () => certificateOf('two', authorities, millis(systemClock.now() + YEAR_MS)),
  ],
  ['with TLS 1.2', () => ({ ...certificateOf('two', authorities), maxVersion: 'TLSv1.2' })],
  ['without a protocol', () => ({ ...certificateOf('two', authorities), ALPNProtocols: [] })],
  [
    'with another protocol',
    () => ({ ...certificateOf('two', authorities), ALPNProtocols: ['h2', 'http/1.1'] }),
  ],
];

for (const [what, options] of STRANGERS) {
  test(`nobody is let in ${what}`, async (t) => {
    const one = await openNode(t, 'one');
    const heard: string[] = [];
    one.listen((from) => void heard.push(from));
    await talk(t, one, options());
    t.deepEqual(heard, []);
  });
}

test('a member is let in the same way', async (t) => {
  const one = await openNode(t, 'one');
  const received = packets(one, 1);
  void talk(t, one, certificateOf('two', authorities));
  t.deepEqual(await received, [[node('two'), Buffer.from('intruder')]]);
});

test('a certificate counts for the node that it names, whoever shows it', async (t) => {
  const one = await openNode(t, 'one');
  const received = packets(one, 1);
  // Node three may write what it wants into its packets: who sent them is read from its certificate.
  void talk(t, one, certificateOf('three', authorities));
  t.is((await received)[0]?.[0], node('three'));
});

test('nothing is sent to a node that answers in the place of another', async (t) => {
  const two = await openNode(t, 'two');
  const heard: string[] = [];
  two.listen((from) => void heard.push(from));
  const identity = new Identity(node('one'), authorities, systemClock);
  const at = { address: addressOf(two), protocol: 'coffer-raft' } as const;
  await t.throwsAsync(dial(identity, realTimer, { id: node('three'), ...at }), {
    message: '"two" answers in the place of three',
  });
  const stranger = new Identity(node('one'), makeAuthority(systemClock.now()), systemClock);
  await t.throwsAsync(dial(stranger, realTimer, { id: node('two'), ...at }));
  t.deepEqual(heard, []);
});

test('a node that is asked for one protocol does not speak the other', async (t) => {
  const one = await openNode(t, 'one', { handle: ({ response }) => response.end('secret') });
  const heard: string[] = [];
  one.listen((from) => void heard.push(from));
  const socket = await talk(t, one, {
    ...certificateOf('two', authorities),
    ALPNProtocols: ['coffer-forward'],
  });
  t.true(socket.destroyed); // frames are no HTTP
  t.deepEqual(heard, []);
});

test('what is no TLS at all is closed', async (t) => {
  const one = await openNode(t, 'one');
  const { host, port } = reach(one);
  for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\0'.repeat(1000)]) {
    const socket = net.connect(port, host);
    socket.on('error', () => {});
    socket.resume();
    socket.write(bytes);
    await closed(socket);
    t.true(socket.destroyed);
  }
});

test('connections that say nothing leave room for nodes', async (t) => {
  const one = await openNode(t, 'one');
  const { host, port } = reach(one);
  const idle = Array.from({ length: 300 }, () => {
    const socket = net.connect(port, host);
    t.teardown(() => socket.destroy());
    return socket.on('error', () => {});
  });
  await Promise.all(idle.map((socket) => once(socket, 'connect')));
  const two = await openNode(t, 'two');
  const received = packets(one, 1);
  two.send(node('one'), addressOf(one), Buffer.from('a'));
  t.deepEqual(await received, [[node('two'), Buffer.from('a')]]);
  t.true(idle.filter((socket) => socket.closed || socket.destroyed).length >= 100);
});

test('a handshake that stops in the middle is given up', async (t) => {
  const one = await openNode(t, 'one');
  const { host, port } = reach(one);
  const socket = net.connect(port, host);
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'connect');
  socket.write(Buffer.from([0x16, 3, 1, 1, 0])); // a record that never comes
  const began = performance.now();
  await closed(socket);
  t.true(performance.now() - began < 8_000);
});

test('a packet that is announced larger than any ends the connection', async (t) => {
  const one = await openNode(t, 'one');
  const socket = connect({
    ...reach(one),
    rejectUnauthorized: false,
    ALPNProtocols: ['coffer-raft'],
    ...certificateOf('two', authorities),
  });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
  socket.resume();
  await closed(socket);
  t.true(socket.destroyed);
});

test('a certificate that has grown old is replaced while the port is open', (t) => {
  let now = systemClock.now();
  const identity = new Identity(node('one'), authorities, { ...systemClock, now: () => now });
  const first = identity.certificate;
  now = millis(now + 5 * 24 * 3600 * 1000);
  t.is(identity.certificate, first);
  now = millis(now + 6 * 24 * 3600 * 1000);
  const second = identity.certificate;
  t.not(second.cert, first.cert);
  now = millis(now - YEAR_MS);
  t.not(identity.certificate.cert, second.cert); // the clock was set back
});

test('what every node trusts can be replaced step by step, without a pause', async (t) => {
  const [old] = authorities.authorities;
  const [next] = makeAuthority(systemClock.now()).authorities;
  if (old === undefined || next === undefined) return t.fail();
  const one = await openNode(t, 'one');
  const two = await openNode(t, 'two');
  for (const step of [[old, next], [next, old], [next]]) {
    for (const first of [one, two]) {
      first.adopt({ authorities: step });
      // A connection of its own each time: what is open stays open.
      const fresh = await openNode(t, 'three', { authorities: { authorities: step } });
      for (const other of [one, two]) {
        const received = packets(other, 1);
        fresh.send(node(other === one ? 'one' : 'two'), addressOf(other), Buffer.from('x'));
        t.is((await received)[0]?.[0], node('three'));
      }
    }
  }
});
