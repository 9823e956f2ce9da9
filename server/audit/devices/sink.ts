// The contract of what takes lines: a file, a socket, or nothing at all.

export interface Sink {
  /** Whether each line has to go alone, as in a datagram. */
  readonly takesOneLine: boolean;

  /**
   * Resolves once the operating system has taken the text, which is whole lines, or nothing to see whether the
   * sink takes any. Called again only after the call before has ended. A call that failed may have written a part;
   * the next one begins a line of its own.
   */
  write(text: string): Promise<void>;

  /** A write takes too long: it should end soon, with an error. */
  giveUp(): void;

  /** Begins again where the configuration points now (a log was rotated). */
  reopen(): Promise<void>;

  /** Lets go of everything. Nothing is written afterwards. */
  close(): Promise<void>;
}

/** The device `discard`: entries are made, and nobody keeps them. */
export const discardSink: Sink = {
  takesOneLine: false,
  write: () => Promise.resolve(),
  giveUp: () => undefined,
  reopen: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

export function failingSink(reason: unknown): Sink {
  return { ...discardSink, write: () => Promise.reject(asError(reason)) };
}

const asError = (reason: unknown): Error =>
  reason instanceof Error ? reason : new Error('unknown error');
