// Ports of this machine that nobody listens on.
import net from 'node:net';
import type { AddressInfo } from 'node:net';

/** So many different ports, in ascending order; they are held at once, so that none is given twice. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = await Promise.all(Array.from({ length: count }, freePort));
  return ports.toSorted((one, other) => one - other);
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
