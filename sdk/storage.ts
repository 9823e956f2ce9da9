// The storage that an engine or auth method sees: the keys below its own mount, within the transaction of one request.

/**
 * Reads see what was committed before the request began and what the request itself has written.
 * Nothing is durable, and nobody else sees a write, until the whole request commits; if another request
 * has meanwhile changed what was read, the handler is run again from the start.
 *
 * Values are JSON. A value that was read is shared with other readers and must not be changed.
 * Keys are segments separated by single slashes, without a slash at either end.
 */
export interface Storage {
  /** The value under `key`, or `undefined` when there is none. The caller names the type that it once put there. */
  get<T>(key: string): T | undefined;
  put(key: string, value: object): void;
  delete(key: string): void;
  /** The names directly below `prefix` ('' or ending in a slash), sorted; a name that has keys below it ends in a slash. */
  list(prefix: string): readonly string[];
}
