// Under which paths secrets can be kept, with versions or without.
import { badRequest } from '#sdk/errors.ts';

/** Whether a path is segments between single slashes, as keys of storage are. */
export function isName(path: string): boolean {
  return path !== '' && !path.startsWith('/') && !path.endsWith('/') && !path.includes('//');
}

/** Whether a path can have names below it: the top, or a name with a slash at the end. */
export function isFolder(path: string): boolean {
  return path === '' || (path.endsWith('/') && isName(path.slice(0, -1)));
}

/**
 * Refuses a path under which nothing can be kept. The listener lets none of these through but the empty one.
 *
 * @throws ClientError 400
 */
export function requireName(path: string): void {
  if (path === '') throw badRequest('missing path');
  if (!isName(path)) throw badRequest('path has an empty segment');
}
