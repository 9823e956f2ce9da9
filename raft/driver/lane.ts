// One outgoing connection to another node, made when there is something to send and made again when it breaks. What it
// cannot take it drops: whoever sends counts on nothing.
import type { Duplex } from 'node:stream';
import { frame, SIGN_OF_LIFE } from './frames.ts';
import type { Timer } from './ports.ts';

export interface LaneOptions {
  /** Resolves with a connection whose other end has proven to be the right node. */
  readonly dial: () => Promise<Duplex>;
  readonly timer: Timer;
  /** From [0, 1), for the jitter between attempts. */
  readonly random: () => number;
  readonly maxPacketBytes: number;
  /** Told why a connection could not be made or broke. */
  readonly failed: (error: Error) => void;
}

/** Between attempts: a node that restarts is met again soon, one that is gone costs little. */
const FIRST_REST_MS = 50;
const LONGEST_REST_MS = 2_000;

/** How often the other end is asked for a sign of life, and after how long without one it counts as dead. */
const ASK_MS = 1_000;
const DEAD_MS = 4_000;

/** A connection that nobody has used for so long is closed. */
const IDLE_MS = 60_000;

/** What may wait, unless it is a single packet that is larger. */
const QUEUE_BYTES = 16 * 1024 * 1024;

/** What the stream may hold itself: enough to keep a fast network busy until it asks for more. */
const STREAM_BYTES = 256 * 1024;

type State =
  | { readonly type: 'idle' }
  | { readonly type: 'dialing' }
  | { readonly type: 'resting'; readonly cancel: () => void }
  | { readonly type: 'open'; readonly stream: Duplex }
  | { readonly type: 'closed' };

export class Lane {
  readonly #options: LaneOptions;
  #state: State = { type: 'idle' };
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #isFlushing = false;
  #failures = 0;
  #lastHeard = 0;
  #lastSent = 0;
  #cancelWatch: () => void = () => {};

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#state.type === 'idle';
  }

  send(packet: Uint8Array): void {
    const { timer, maxPacketBytes } = this.#options;
    if (this.#state.type === 'closed' || packet.length > maxPacketBytes) return;
    this.#lastSent = timer.now();
    while (this.#queue.length > 0 && this.#queuedBytes + packet.length > QUEUE_BYTES) {
      // What is on its way already is worth more than what would leave a gap behind it; what waits for a connection is
      // worth less the older it is.
      if (this.#state.type === 'open') return;
      this.#queuedBytes -= this.#queue.shift()?.length ?? 0;
    }
    this.#queue.push(packet);
    this.#queuedBytes += packet.length;
    if (this.#state.type === 'idle') this.#dial();
    if (this.#state.type === 'open') this.#flushSoon(this.#state.stream);
  }

  close(): void {
    const state = this.#state;
    this.#state = { type: 'closed' };
    this.#cancelWatch();
    this.#forget();
    if (state.type === 'resting') state.cancel();
    if (state.type === 'open') state.stream.destroy();
  }

  #forget(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #dial(): void {
    this.#state = { type: 'dialing' };
    this.#options.dial().then(
      (stream) => this.#opened(stream),
      (error: unknown) => this.#broke(error),
    );
  }

  #opened(stream: Duplex): void {
    if (this.#state.type !== 'dialing') {
      stream.destroy();
      return;
    }
    this.#state = { type: 'open', stream };
    this.#lastHeard = this.#options.timer.now();
    let cause: unknown;
    stream.on('error', (error) => (cause = error));
    stream.once('close', () => {
      if (this.#state.type === 'open' && this.#state.stream === stream) this.#broke(cause);
    });
    stream.on('end', () => stream.destroy());
    stream.on('data', () => {
      this.#lastHeard = this.#options.timer.now();
      this.#failures = 0; // only who has answered once is met again at once
    });
    stream.on('drain', () => this.#flush(stream));
    stream.write(SIGN_OF_LIFE);
    this.#watch(stream);
    this.#flush(stream);
  }

  /** The connection is gone, or was never made; what waited for it is old by the time there is another. */
  #broke(cause: unknown): void {
    if (this.#state.type === 'closed') return;
    this.#cancelWatch();
    this.#forget();
    const longest = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    const rest = longest * (0.5 + this.#options.random() / 2);
    const cancel = this.#options.timer.after(rest, () => this.#rested());
    this.#state = { type: 'resting', cancel };
    this.#options.failed(cause instanceof Error ? cause : new Error('the connection was closed'));
  }

  #rested(): void {
    this.#state = { type: 'idle' };
    if (this.#queue.length > 0) this.#dial();
  }

  #watch(stream: Duplex): void {
    this.#cancelWatch = this.#options.timer.after(ASK_MS, () => {
      const now = this.#options.timer.now();
      if (now - this.#lastSent > IDLE_MS) {
        this.#state = { type: 'idle' };
        stream.end();
        stream.destroy();
        return;
      }
      if (now - this.#lastHeard > DEAD_MS) {
        stream.destroy(new Error('the other end is silent'));
        return;
      }
      stream.write(SIGN_OF_LIFE);
      this.#watch(stream);
    });
  }

  /** What is sent in one turn goes out in one write. */
  #flushSoon(stream: Duplex): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      this.#flush(stream);
    });
  }

  #flush(stream: Duplex): void {
    if (this.#state.type !== 'open' || this.#state.stream !== stream || stream.destroyed) return;
    stream.cork();
    let sent = 0;
    for (const packet of this.#queue) {
      if (stream.writableLength >= STREAM_BYTES) break;
      stream.write(frame(packet));
      this.#queuedBytes -= packet.length;
      sent += 1;
    }
    this.#queue.splice(0, sent);
    stream.uncork();
  }
}
