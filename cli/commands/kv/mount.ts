// Which mount a path of `vault kv` belongs to and which version it has: the first question of every command of the group.
import type { Client } from '../../client/client.ts';
import { cleanPath } from '../../client/address.ts';
import { ResponseError } from '../../client/response-error.ts';
import { object, text } from '../../client/secret.ts';
import { orFail } from '../../failure.ts';
import { textFlag } from '../../flags.ts';
import { sanitizePath } from '../../input/arguments.ts';

export const MOUNT_FLAG = {
  mount: textFlag(
    'The mount of the secret, so that KEY is only the path below it. Without it the mount is the beginning of KEY.',
  ),
} as const;

/** The part of the API of version 2 that a path goes to. */
export type Part = 'data' | 'metadata' | 'delete' | 'undelete' | 'destroy';

export interface Place {
  readonly isVersion2: boolean;
  /** The path that is asked: with the part of the API in it where the mount has version 2. */
  fullPath(part: Part): string;
}

/** Asks the server about the mount. */
export async function locate(client: Client, mount: string, key: string): Promise<Place> {
  const [typedMount, typedKey] = [sanitizePath(mount), sanitizePath(key)];
  const asked = typedMount === '' ? typedKey : typedMount;
  const found = await orFail('', preflight(client, asked));
  if (!found.isVersion2) {
    const path = typedMount === '' ? typedKey : join(found.path || typedMount, typedKey);
    return { isVersion2: false, fullPath: () => path };
  }
  const below = typedMount === '' ? belowMount(typedKey, found.path) : typedKey;
  return { isVersion2: true, fullPath: (part) => join(found.path, part, below) };
}

interface Mount {
  /** With its slash; '' where the server does not tell. */
  readonly path: string;
  readonly isVersion2: boolean;
}

async function preflight(client: Client, path: string): Promise<Mount> {
  try {
    const secret = await client.call('GET', `sys/internal/ui/mounts/${path}`, { isAside: true });
    if (secret === undefined) throw new Error('nil response from pre-flight request');
    const options = object(secret.data?.['options']);
    return { path: text(secret.data?.['path']), isVersion2: options?.['version'] === '2' };
  } catch (error) {
    // Servers before this path existed had version 1 only.
    if (!(error instanceof ResponseError) || error.status !== 404) throw error;
    return { path: '', isVersion2: false };
  }
}

/** The key below its mount; the mount may begin with namespaces that the key does not repeat. */
function belowMount(key: string, mount: string): string {
  for (let known = mount; known !== ''; known = known.split('/').slice(1).join('/')) {
    if (`${key}/` === known) return '';
    if (key.startsWith(known)) return key.slice(known.length);
  }
  return key;
}

const join = (...parts: readonly string[]): string => cleanPath(parts.join('/')).slice(1);
