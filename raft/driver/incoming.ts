// One connection that another node has made: packets come in, signs of life go back.
import type { Duplex } from 'node:stream';
import { FrameError, FrameReader, SIGN_OF_LIFE } from './frames.ts';
import type { Timer } from './ports.ts';

export interface IncomingOptions {
  readonly timer: Timer;
  readonly maxPacketBytes: number;
  readonly receive: (packet: Uint8Array) => void;
  /** Told when what comes are no packets. */
  readonly failed: (error: Error) => void;
}

/** A node that sends asks for a sign of life each second; one that does not is gone, or sends elsewhere. */
const SILENT_MS = 10_000;

/** What may wait for a peer that asks and never reads. */
const MAX_UNREAD_BYTES = 64 * 1024;

/** Takes what comes over `stream` until it ends. */
export function receivePackets(stream: Duplex, options: IncomingOptions): void {
  new Incoming(stream, options).start();
}

class Incoming {
  readonly #stream: Duplex;
  readonly #options: IncomingOptions;
  readonly #reader: FrameReader;
  #lastHeard: number;
  #cancelWatch: () => void = () => {};

  constructor(stream: Duplex, options: IncomingOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#reader = new FrameReader(options.maxPacketBytes);
    this.#lastHeard = options.timer.now();
  }

  start(): void {
    const stream = this.#stream;
    stream.on('data', (chunk: Buffer) => this.#read(chunk));
    stream.on('error', () => {}); // 'close' follows; who sent will connect again
    stream.on('end', () => stream.destroy());
    stream.once('close', () => this.#cancelWatch());
    this.#watch();
  }

  #read(chunk: Buffer): void {
    const { timer, failed } = this.#options;
    this.#lastHeard = timer.now();
    try {
      this.#take(this.#reader.read(chunk));
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#stream.destroy();
      failed(error);
    }
  }

  #take(packets: Iterable<Buffer>): void {
    let isAsked = false;
    for (const packet of packets) {
      if (this.#stream.destroyed) return;
      if (packet.length === 0) isAsked = true;
      else this.#options.receive(packet);
    }
    if (!isAsked || this.#stream.destroyed) return;
    if (this.#stream.writableLength > MAX_UNREAD_BYTES) this.#stream.destroy();
    else this.#stream.write(SIGN_OF_LIFE);
  }

  #watch(): void {
    const { timer } = this.#options;
    this.#cancelWatch = timer.after(SILENT_MS, () => {
      if (timer.now() - this.#lastHeard >= SILENT_MS) this.#stream.destroy();
      else this.#watch();
    });
  }
}
