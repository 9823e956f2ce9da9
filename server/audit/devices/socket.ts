// The device `socket`: a connection that lines are sent on, made again when it is lost.
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { connect, type Socket } from 'node:net';
import { millis, type Millis } from '#sdk/clock.ts';
import { parseDurationExact } from '#sdk/duration.ts';
import { badRequest } from '#sdk/errors.ts';
import type { DeviceOptions } from '../options.ts';
import type { Sink } from './sink.ts';

const DEFAULT_WRITE_TIMEOUT = '2s';
/** Every request waits for the device, so it may take no longer than a request (max_request_duration is 90 s). */
const MAX_WRITE_TIMEOUT_SECONDS = 90;

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export type Address =
  ({ readonly type: 'tcp' | 'udp' } & HostPort) | { readonly type: 'unix'; readonly path: string };

export interface SocketOptions {
  readonly address: Address;
  readonly writeTimeout: Millis;
}

/** @throws ClientError 400 when an option does not hold */
export function parseSocketOptions(options: DeviceOptions): SocketOptions {
  const address = options['address'];
  if (address === undefined || address === '') throw badRequest('address is required');
  return {
    address: parseAddress(address, options['socket_type'] ?? 'tcp'),
    writeTimeout: parseTimeout(options['write_timeout'] ?? DEFAULT_WRITE_TIMEOUT),
  };
}

export function socketSink({ address }: SocketOptions): Sink {
  return address.type === 'udp' ? new DatagramSink(address) : new StreamSink(address);
}

function parseAddress(address: string, type: string): Address {
  if (type === 'unix') return { type, path: address };
  if (type !== 'tcp' && type !== 'udp') throw badRequest(`unknown socket_type "${type}"`);
  const found = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(address);
  const port = Number(found?.[3]);
  if (!(port > 0 && port < 65_536)) throw badRequest('address has to be host:port');
  // As in Go, no host is this one.
  return { type, host: found?.[1] ?? (found?.[2] || 'localhost'), port };
}

function parseTimeout(sent: string): Millis {
  let seconds: number;
  try {
    seconds = parseDurationExact(sent);
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : 'invalid write_timeout');
  }
  if (seconds <= 0 || seconds > MAX_WRITE_TIMEOUT_SECONDS) {
    throw badRequest(`write_timeout has to be between 0 and ${MAX_WRITE_TIMEOUT_SECONDS} seconds`);
  }
  return millis(Math.ceil(seconds * 1000));
}

/** TCP and Unix sockets. */
class StreamSink implements Sink {
  readonly takesOneLine = false;
  readonly #address: Exclude<Address, { type: 'udp' }>;
  #socket: Socket | undefined;
  #isGivenUp = false;

  constructor(address: Exclude<Address, { type: 'udp' }>) {
    this.#address = address;
  }

  /** A connection that broke may not show before it is written to, so there is a second attempt on a new one. */
  async write(text: string): Promise<void> {
    this.#isGivenUp = false;
    if (this.#socket !== undefined) {
      try {
        await send(this.#socket, text);
        return;
      } catch (error) {
        if (this.#isGivenUp) throw error;
      }
    }
    await send(await this.#connected(), text);
  }

  giveUp(): void {
    this.#isGivenUp = true;
    this.#socket?.destroy(new Error('the device was given up'));
  }

  async reopen(): Promise<void> {
    // A connection has no name that could have changed.
  }

  async close(): Promise<void> {
    this.#socket?.destroy();
  }

  async #connected(): Promise<Socket> {
    const socket =
      this.#address.type === 'unix' ? connect(this.#address.path) : connect(this.#address);
    this.#socket = socket;
    // A log keeps no process alive, and nothing is read; but only who reads sees that the other side has gone.
    socket.unref().setKeepAlive(true).setNoDelay(true).resume();
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    socket.once('connect', () => {
      resolve(socket);
    });
    socket.on('error', reject);
    const forget = (): void => {
      if (this.#socket === socket) this.#socket = undefined;
    };
    socket.once('end', forget).once('close', forget);
    return promise;
  }
}

function send(socket: Socket, text: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.write(text, (error) => {
    if (error) reject(error);
    else resolve();
  });
  return promise;
}

/** One datagram for each line; one that is too long for a datagram fails, and is not cut. */
class DatagramSink implements Sink {
  readonly takesOneLine = true;
  readonly #address: HostPort;
  #socket: DatagramSocket | undefined;

  constructor(address: HostPort) {
    this.#address = address;
  }

  async write(text: string): Promise<void> {
    const socket = (this.#socket ??= await this.#connected());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.send(text, (error) => {
      if (error) reject(error);
      else resolve();
    });
    try {
      await promise;
    } catch (error) {
      this.giveUp();
      throw error;
    }
  }

  giveUp(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  async reopen(): Promise<void> {
    // As for a stream: nothing to open again.
  }

  async close(): Promise<void> {
    this.giveUp();
  }

  async #connected(): Promise<DatagramSocket> {
    const { host, port } = this.#address;
    const { address, family } = await lookup(host);
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    const { promise, resolve, reject } = Promise.withResolvers<DatagramSocket>();
    // An answer that nobody listens there comes as an error of its own, and as one of the next line.
    socket.on('error', reject);
    socket.once('connect', () => {
      resolve(socket.unref());
    });
    socket.connect(port, address);
    return promise;
  }
}
