// Sockets that take what a server sends, for audit devices and metrics.
import dgram from 'node:dgram';
import net from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Actions } from './scenario.ts';

export interface Listener {
  readonly address: string;
  readonly text: () => string;
  readonly close: () => Promise<void>;
}

/** A listener that keeps what it is sent: `kind` is tcp, udp or unix (at `at`). */
export async function listen({ kind = 'tcp', at }: Actions['listen']): Promise<Listener> {
  const chunks: Buffer[] = [];
  const keep = (chunk: Buffer): void => void chunks.push(chunk);
  const text = (): string => Buffer.concat(chunks).toString();
  const socket = kind === 'udp' ? await packets(keep) : await streams(keep, at);
  return { ...socket, text };
}

type Opened = Omit<Listener, 'text'>;

async function packets(keep: (chunk: Buffer) => void): Promise<Opened> {
  const socket = dgram.createSocket('udp4');
  socket.on('message', keep);
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  const close = async (): Promise<void> =>
    new Promise((resolve) => {
      socket.close(resolve);
    });
  return { address: `127.0.0.1:${socket.address().port}`, close };
}

async function streams(keep: (chunk: Buffer) => void, file: string | undefined): Promise<Opened> {
  const open = new Set<Socket>();
  const server = net.createServer((connection) => {
    open.add(connection);
    connection.on('data', keep);
    connection.on('error', () => connection.destroy());
    connection.on('close', () => open.delete(connection));
  });
  await new Promise<void>((resolve) => {
    server.listen(file === undefined ? { port: 0, host: '127.0.0.1' } : { path: file }, resolve);
  });
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => {
      server.close(resolve);
    });
    for (const connection of open) connection.destroy();
    await closed;
  };
  const port = (): number => (server.address() as AddressInfo).port; // a TCP server has a port
  return { address: file ?? `127.0.0.1:${port()}`, close };
}
