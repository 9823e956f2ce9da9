// How packets lie in a stream of bytes: each behind its length. One of length 0 is a sign of life and nothing more.

const HEADER_BYTES = 4;

/** What is taken at once for a packet that has only been announced; more follows as it comes. */
const FIRST_BYTES = 64 * 1024;

export const SIGN_OF_LIFE: Buffer = Buffer.alloc(HEADER_BYTES);

/** The stream does not hold packets, or one that is larger than is taken. Nothing behind it can be read. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

export function frame(packet: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(HEADER_BYTES + packet.length);
  framed.writeUInt32BE(packet.length, 0);
  framed.set(packet, HEADER_BYTES);
  return framed;
}

/** Cuts a stream that comes in pieces of any size into packets. */
export class FrameReader {
  readonly #maxBytes: number;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerFilled = 0;
  /** What there is of a packet whose end has not come yet; it grows up to `#length`. */
  #body: Buffer = Buffer.alloc(0);
  #bodyFilled = 0;
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The packets that are whole with `chunk`, in order; empty ones too. They may share memory with it.
   *
   * @throws FrameError when a packet is larger than is taken
   */
  *read(chunk: Buffer): Generator<Buffer, void> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#headerFilled < HEADER_BYTES) rest = this.#readHeader(rest);
      if (this.#headerFilled < HEADER_BYTES) return;
      const missing = this.#length - this.#bodyFilled;
      const part = rest.subarray(0, missing);
      rest = rest.subarray(missing);
      if (part.length < missing) this.#keep(part);
      else yield this.#finish(part);
    }
  }

  #readHeader(chunk: Buffer): Buffer {
    const taken = chunk.copy(this.#header, this.#headerFilled);
    this.#headerFilled += taken;
    if (this.#headerFilled === HEADER_BYTES) {
      this.#length = this.#header.readUInt32BE(0);
      if (this.#length > this.#maxBytes) {
        throw new FrameError(`a packet of ${this.#length} bytes is larger than is taken`);
      }
    }
    return chunk.subarray(taken);
  }

  #keep(part: Buffer): void {
    const filled = this.#bodyFilled + part.length;
    if (filled > this.#body.length) {
      const size = Math.min(this.#length, Math.max(FIRST_BYTES, 2 * filled));
      const larger = Buffer.allocUnsafeSlow(size);
      this.#body.copy(larger, 0, 0, this.#bodyFilled);
      this.#body = larger;
    }
    part.copy(this.#body, this.#bodyFilled);
    this.#bodyFilled = filled;
  }

  #finish(part: Buffer): Buffer {
    if (this.#bodyFilled > 0) this.#keep(part);
    const whole = this.#bodyFilled > 0 ? this.#body.subarray(0, this.#length) : part;
    this.#headerFilled = 0;
    this.#body = Buffer.alloc(0);
    this.#bodyFilled = 0;
    return whole;
  }
}
