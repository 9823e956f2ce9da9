// `vault kv`: its subcommands.
import { type Group, leaf } from '../../command-table.ts';

const METADATA: Group = {
  synopsis: "Interact with Vault's Key-Value storage",
  members: {
    delete: leaf(
      'Deletes all versions and metadata for a key in the KV store',
      () => import('./metadata.ts'),
      'kvMetadataDelete',
    ),
    get: leaf(
      'Retrieves key metadata from the KV store',
      () => import('./metadata.ts'),
      'kvMetadataGet',
    ),
    patch: leaf(
      'Patches key settings in the KV store',
      () => import('./metadata-write.ts'),
      'kvMetadataPatch',
    ),
    put: leaf(
      'Sets or updates key settings in the KV store',
      () => import('./metadata-write.ts'),
      'kvMetadataPut',
    ),
  },
};

export const KV: Group = {
  synopsis: "Interact with Vault's Key-Value storage",
  members: {
    delete: leaf('Deletes versions in the KV store', () => import('./delete.ts'), 'kvDelete'),
    destroy: leaf(
      'Permanently removes one or more versions in the KV store',
      () => import('./versions.ts'),
      'kvDestroy',
    ),
    'enable-versioning': leaf(
      'Turns on versioning for a KV store',
      () => import('./enable-versioning.ts'),
      'kvEnableVersioning',
    ),
    get: leaf('Retrieves data from the KV store', () => import('./get.ts'), 'kvGet'),
    list: leaf('List data or secrets', () => import('./list.ts'), 'kvList'),
    metadata: METADATA,
    patch: leaf(
      'Sets or updates data in the KV store without overwriting',
      () => import('./patch.ts'),
      'kvPatch',
    ),
    put: leaf('Sets or updates data in the KV store', () => import('./put.ts'), 'kvPut'),
    rollback: leaf(
      'Rolls back to a previous version of data',
      () => import('./rollback.ts'),
      'kvRollback',
    ),
    undelete: leaf(
      'Undeletes versions in the KV store',
      () => import('./versions.ts'),
      'kvUndelete',
    ),
  },
};
