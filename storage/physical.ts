// The contract of the bottom of storage: ciphertext by key, read at once, changed by whole batches. Each backend
// keeps it; `test/conformance/storage.ts` is the suite that every backend passes.

/** The position of a batch in the order of all batches; 0 means never. */
export type Index = number & { readonly unit: 'index' };

export const NEVER = 0 as Index;

/** All that one request changes, and all that it saw while it decided to. */
export interface Batch {
  /** The keys that were read, each with the index of the batch that last wrote it then (`NEVER`: it was absent). */
  readonly reads: ReadonlyMap<string, Index>;
  /** The prefixes that were listed, each with the index at which its list had last changed then. */
  readonly lists: ReadonlyMap<string, Index>;
  /** The new value of each key; `undefined` deletes it. */
  readonly writes: ReadonlyMap<string, Uint8Array | undefined>;
}

/** Called with the keys of a batch right after it was applied, in the order of the batches. */
export type ApplyListener = (keys: readonly string[], index: Index) => void;

export interface Physical {
  /** The index of the last batch that was applied. */
  readonly index: Index;

  /**
   * The value of a key as of the last applied batch.
   *
   * @throws DamagedError when the bytes are not those that were written
   */
  get(key: string): Uint8Array | undefined;

  /** The index of the batch that last wrote a key that is there, `NEVER` for an absent one. */
  indexOf(key: string): Index;

  /** The names directly below `prefix` ('' or ending in a slash), sorted by code point; those with keys below them end in a slash. */
  list(prefix: string): readonly string[];

  /** The index at which `list(prefix)` last changed, `NEVER` for an empty list. */
  listIndexOf(prefix: string): Index;

  /**
   * Applies a batch when what it has seen still holds, all or nothing; resolves once it is durable and visible.
   * Batches that wait together are made durable together. Nothing of a batch is visible before it is durable.
   *
   * @throws ConflictError when a read or a list of the batch has changed since; nothing is applied, and whatever
   *   was in the way is visible by then, so that running the request again sees it
   * @throws StorageError when the disk failed: whether the batch is durable is then unknown, and every later call fails
   */
  commit(batch: Batch): Promise<Index>;

  /**
   * Has `listener` called for each batch from now on; the answer ends that. When everything was replaced by another
   * state it is called once, with the keys of all records that are not the same as before. A key and an index name one
   * value for ever, so what is kept with the index that it was read at never has to be dropped.
   */
  observe(listener: ApplyListener): () => void;

  /** Lets running commits end, then lets go of files. Afterwards every call fails. */
  close(): Promise<void>;
}

/** What a request saw has changed before it could commit: run it again. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

/** The disk refused or failed; the message names the file or key and the cause, never a value. */
export class StorageError extends Error {
  override readonly name: string = 'StorageError';
}

/** There is no room on the disk. Nothing was written, and the same may work later. */
export class FullError extends StorageError {
  override readonly name = 'FullError';
}

/** Bytes on disk are not those that were written. The message names what is damaged. */
export class DamagedError extends Error {
  override readonly name = 'DamagedError';
}

/** Why a storage answers no more. */
export type Failure = StorageError | DamagedError;

/**
 * Tells all that follow the storage of a batch. One that cannot follow leaves something behind that is not so any more,
 * and nothing may be answered from that.
 *
 * @throws StorageError
 */
export function tellApplied(
  listeners: Iterable<ApplyListener>,
  keys: readonly string[],
  index: Index,
): void {
  try {
    for (const listener of listeners) listener(keys, index);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unknown error';
    throw new StorageError(`batch ${index} was written and could not be followed: ${reason}`, {
      cause,
    });
  }
}

/** An error of its own for each caller, with its own stack. */
export function again(failure: Failure): Failure {
  const Kind = failure instanceof DamagedError ? DamagedError : StorageError;
  return new Kind(failure.message, { cause: failure });
}

export function asFailure(cause: unknown): Failure {
  if (cause instanceof StorageError || cause instanceof DamagedError) return cause;
  const reason = cause instanceof Error ? cause.message : 'unknown error';
  return new StorageError(`a write to the storage failed: ${reason}`, { cause });
}
