// The body of a request as bytes that come while they are read: for what is too large for memory. Nothing of it is read
// before somebody may send it, and it can be read once.

export interface UploadSource {
  /** The bytes; to be asked for once. */
  readonly chunks: () => AsyncIterable<Uint8Array>;
  /** Reads what is left and forgets it, so that the client gets to its answer. */
  readonly discard: () => void;
}

export class Upload {
  readonly #source: UploadSource;
  #taken: Promise<unknown> | undefined;
  #closing: (() => Promise<void>)[] = [];

  constructor(source: UploadSource) {
    this.#source = source;
  }

  /** Whether some of it may have been read: it cannot be sent on any more. */
  get isTaken(): boolean {
    return this.#taken !== undefined;
  }

  /** The bytes, to be sent on to another node, which decides about them. */
  passOn(): AsyncIterable<Uint8Array> {
    this.#taken = Promise.resolve();
    return this.#source.chunks();
  }

  /**
   * What `take` makes of the bytes. A request that is run again, because another was in its way, gets the same: the
   * bytes are gone. A path has one `take` only.
   */
  once<T extends AsyncDisposable>(
    take: (chunks: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T> {
    this.#taken ??= take(this.#source.chunks()).then((made) => {
      this.#closing.push(async () => made[Symbol.asyncDispose]());
      return made;
    });
    return this.#taken as Promise<T>; // of the one `take` that there is
  }

  /** The request is done: disposes of what was made, and of what was not read. */
  async close(): Promise<void> {
    this.#source.discard();
    await this.#taken?.catch(() => {});
    for (const close of this.#closing.splice(0)) await close();
  }
}
