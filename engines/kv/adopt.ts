// A mount of values without versions gets versions: every value becomes the first version of itself.
import type { AdoptCall } from '#sdk/engine.ts';
import { badRequest } from '#sdk/errors.ts';
import type { Storage } from '#sdk/storage.ts';
import { addVersion, newSecret, NO_SETTINGS } from './store.ts';
import { PLAIN } from './v1.ts';

type Json = Readonly<Record<string, unknown>>;

/** All of it happens in the transaction that stores the new options: there is no mount of half a version. */
export function upgrade({ storage, clock, options, previousOptions, warn }: AdoptCall): void {
  if (options['version'] !== '2' || previousOptions['version'] === '2') return;
  warn(
    'Upgrading mount from version 1 to version 2. This mount will be unavailable for a brief period and will resume service shortly.',
  );
  const now = clock.now();
  // Vault counts as if one version were kept, so that the oldest is the first.
  const config = { ...NO_SETTINGS, max_versions: 1 };
  for (const path of paths(storage)) {
    const data = storage.get<Json>(PLAIN + path) ?? null;
    addVersion(storage, path, newSecret(now), { data, config, now });
    storage.delete(PLAIN + path);
  }
}

/** @throws ClientError 400: versions cannot be taken away */
export function refuseDowngrade({ previousOptions }: AdoptCall): void {
  if (previousOptions['version'] === '2') {
    throw badRequest('cannot downgrade mount from version 2');
  }
}

function paths(storage: Storage): readonly string[] {
  const found: string[] = [];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const name of storage.list(PLAIN + folder)) {
      (name.endsWith('/') ? folders : found).push(folder + name);
    }
  }
  return found;
}
