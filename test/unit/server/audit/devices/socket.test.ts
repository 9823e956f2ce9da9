import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parseSocketOptions, socketSink } from '#server/audit/devices/socket.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

const sinkAt = (address: string, socket_type = 'tcp') =>
  socketSink(parseSocketOptions({ address, socket_type }));

class Listener {
  readonly server: Server;
  readonly sockets: Socket[] = [];
  heard = '';
  #heard = Promise.withResolvers<void>();

  constructor(t: ExecutionContext) {
    this.server = createServer((socket) => {
      this.sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        this.heard += data.toString();
        this.#heard.resolve();
        this.#heard = Promise.withResolvers();
      });
    });
    t.teardown(() => this.close());
  }

  async listen(at: number | string): Promise<string> {
    this.server.listen(typeof at === 'string' ? { path: at } : { port: at, host: '127.0.0.1' });
    await once(this.server, 'listening');
    return typeof at === 'string' ? at : `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async hears(text: string): Promise<void> {
    while (!this.heard.includes(text)) await this.#heard.promise;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

test('lines go over one TCP connection', async (t) => {
  const listener = new Listener(t);
  const sink = sinkAt(await listener.listen(0));
  await sink.write('a\n');
  await sink.write('b\n');
  await listener.hears('a\nb\n');
  t.is(listener.sockets.length, 1);
  await sink.close();
});

test('lines go over a Unix socket', async (t) => {
  const listener = new Listener(t);
  const sink = sinkAt(await listener.listen(join(temporaryFolder(t), 'log.sock')), 'unix');
  await sink.write('a\n');
  await listener.hears('a\n');
  t.is(listener.heard, 'a\n');
  await sink.close();
});

test('a connection that the other side has ended is made again', async (t) => {
  const listener = new Listener(t);
  const sink = sinkAt(await listener.listen(0));
  await sink.write('a\n');
  await listener.hears('a\n');
  const [first] = listener.sockets;
  first?.destroy();
  // Whether the loss shows before the write or by it, the line arrives or the next one does.
  await sink.write('b\n').catch(() => undefined);
  await sink.write('c\n');
  await listener.hears('c\n');
  t.is(listener.sockets.length, 2);
  await sink.close();
});

test('where nobody listens the write fails', async (t) => {
  const listener = new Listener(t);
  const address = await listener.listen(0);
  listener.close();
  await once(listener.server, 'close');
  await t.throwsAsync(sinkAt(address).write('a\n'), { code: 'ECONNREFUSED' });
});

test('a write to someone who does not read ends when it is given up', async (t) => {
  const listener = new Listener(t);
  const sink = sinkAt(await listener.listen(0));
  listener.server.on('connection', (socket) => socket.pause());
  const writing = sink.write('x'.repeat(32 << 20));
  await once(listener.server, 'connection');
  sink.giveUp();
  await t.throwsAsync(writing, { message: 'the device was given up' });
});

test('each line is one datagram, and one that is too long is refused whole', async (t) => {
  const receiver = createSocket('udp4');
  t.teardown(() => receiver.close());
  receiver.bind(0, '127.0.0.1');
  await once(receiver, 'listening');
  const heard: string[] = [];
  receiver.on('message', (message) => heard.push(message.toString()));
  const sink = sinkAt(`127.0.0.1:${receiver.address().port}`, 'udp');
  await sink.write('a\n');
  await t.throwsAsync(sink.write(`${'x'.repeat(70_000)}\n`), { code: 'EMSGSIZE' });
  await sink.write('b\n');
  while (heard.length < 2) await once(receiver, 'message');
  t.deepEqual(heard, ['a\n', 'b\n']);
  await sink.close();
});
