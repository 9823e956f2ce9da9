// The storage that an engine or auth method sees: the keys below its own mount, within the transaction of one request.
import { badRequest } from './errors.ts';

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

/** Whether a text can be a key, and so names nothing outside the prefix that it is put behind. */
export function isKey(text: string): boolean {
  return text !== '' && !text.startsWith('/') && !text.endsWith('/') && !text.includes('//');
}

/** Whether a text can be a prefix of keys: '' or a key with a slash behind it. */
export function isPrefix(text: string): boolean {
  return text === '' || (text.endsWith('/') && isKey(text.slice(0, -1)));
}

/**
 * Refuses a path under which nothing can be kept. The listener lets none of these through but the empty one.
 *
 * @throws ClientError 400
 */
export function requireKey(path: string): void {
  if (path === '') throw badRequest('missing path');
  if (!isKey(path)) throw badRequest('path has an empty segment');
}
