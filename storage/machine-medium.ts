// Where the records of a state machine lie. A medium holds one state; when the state is replaced as a whole, another
// medium is filled and takes its place. The real ones are in machine-level.ts, the simulator brings its own.

/** The record of each key, `undefined` for one that is gone. */
export type Records = ReadonlyMap<string, Buffer | undefined>;

/** Keys that begin with RESERVED_PREFIX are the state machine's own, all others lie there as records. */
export interface MachineMedium {
  /** What it is called in messages. */
  readonly name: string;

  /** What lies under a key, unchecked. */
  read(key: string): Buffer | undefined;

  /** The state that was written last. */
  state(): Buffer | undefined;

  /** Everything, some at a time. Only before the first write (LevelDB 1.20 loses writes under an iterator). */
  scan(): AsyncIterable<readonly (readonly [key: string, record: Buffer])[]>;

  /**
   * All or nothing; durable when it resolves. One at a time. After a crash all that were durable are there, and of the
   * one that was running all or nothing.
   *
   * @throws FullError when there is no room: the next one has to hold the same and may hold more
   */
  write(records: Records, state: Buffer | undefined): Promise<void>;

  close(): Promise<void>;
}

/** The place where media lie. One of them at a time is the current one; all others are forgotten after a crash. */
export interface MachineMedia {
  /** @throws DamagedError; StorageError when the disk fails */
  open(): Promise<MachineMedium>;
  /** An empty one, to be filled. */
  create(): Promise<MachineMedium>;
  /** Makes one that was filled the current one, durably. */
  promote(medium: MachineMedium): Promise<void>;
  /** Lets go of one that is not the current one, and of all that lies in it. */
  discard(medium: MachineMedium): Promise<void>;
}
