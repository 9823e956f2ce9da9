// The table of commands: what there is, in one line each. A command is loaded only when it runs.
import type { Command } from './command.ts';

export interface Leaf {
  readonly synopsis: string;
  readonly load: () => Promise<Command>;
}

export interface Group {
  readonly synopsis: string;
  /** What follows the group's name in its usage. */
  readonly usage?: string;
  readonly members: Readonly<Record<string, Entry>>;
}

export type Entry = Leaf | Group;

export const isGroup = (entry: Entry): entry is Group => 'members' in entry;

const leaf = (synopsis: string, load: () => Promise<Command>): Leaf => ({ synopsis, load });

const KV: Group = {
  synopsis: "Interact with Vault's Key-Value storage",
  members: {
    delete: leaf(
      'Deletes versions in the KV store',
      async () => (await import('./commands/kv/delete.ts')).kvDelete,
    ),
    destroy: leaf(
      'Permanently removes one or more versions in the KV store',
      async () => (await import('./commands/kv/versions.ts')).kvDestroy,
    ),
    'enable-versioning': leaf(
      'Turns on versioning for a KV store',
      async () => (await import('./commands/kv/enable-versioning.ts')).kvEnableVersioning,
    ),
    get: leaf(
      'Retrieves data from the KV store',
      async () => (await import('./commands/kv/get.ts')).kvGet,
    ),
    list: leaf('List data or secrets', async () => (await import('./commands/kv/list.ts')).kvList),
    metadata: {
      synopsis: "Interact with Vault's Key-Value storage",
      members: {
        delete: leaf(
          'Deletes all versions and metadata for a key in the KV store',
          async () => (await import('./commands/kv/metadata.ts')).kvMetadataDelete,
        ),
        get: leaf(
          'Retrieves key metadata from the KV store',
          async () => (await import('./commands/kv/metadata.ts')).kvMetadataGet,
        ),
        patch: leaf(
          'Patches key settings in the KV store',
          async () => (await import('./commands/kv/metadata-write.ts')).kvMetadataPatch,
        ),
        put: leaf(
          'Sets or updates key settings in the KV store',
          async () => (await import('./commands/kv/metadata-write.ts')).kvMetadataPut,
        ),
      },
    },
    patch: leaf(
      'Sets or updates data in the KV store without overwriting',
      async () => (await import('./commands/kv/patch.ts')).kvPatch,
    ),
    put: leaf(
      'Sets or updates data in the KV store',
      async () => (await import('./commands/kv/put.ts')).kvPut,
    ),
    rollback: leaf(
      'Rolls back to a previous version of data',
      async () => (await import('./commands/kv/rollback.ts')).kvRollback,
    ),
    undelete: leaf(
      'Undeletes versions in the KV store',
      async () => (await import('./commands/kv/versions.ts')).kvUndelete,
    ),
  },
};

const TOKEN: Group = {
  synopsis: 'Interact with tokens',
  members: {
    capabilities: leaf(
      'Print capabilities of a token on a path',
      async () => (await import('./commands/token/capabilities.ts')).tokenCapabilities,
    ),
    create: leaf(
      'Create a new token',
      async () => (await import('./commands/token/create.ts')).tokenCreate,
    ),
    lookup: leaf(
      'Display information about a token',
      async () => (await import('./commands/token/lookup.ts')).tokenLookup,
    ),
    renew: leaf(
      'Renew a token lease',
      async () => (await import('./commands/token/renew.ts')).tokenRenew,
    ),
    revoke: leaf(
      'Revoke a token and its children',
      async () => (await import('./commands/token/revoke.ts')).tokenRevoke,
    ),
  },
};

export const COMMANDS: Group = {
  synopsis: 'The command line of the server',
  members: {
    delete: leaf(
      'Delete secrets and configuration',
      async () => (await import('./commands/delete.ts')).deletePath,
    ),
    kv: KV,
    list: leaf('List data or secrets', async () => (await import('./commands/list.ts')).list),
    login: leaf(
      'Authenticate locally',
      async () => (await import('./commands/login/login.ts')).login,
    ),
    patch: leaf(
      'Patch data, configuration, and secrets',
      async () => (await import('./commands/patch.ts')).patch,
    ),
    'path-help': leaf(
      'Retrieve API help for paths',
      async () => (await import('./commands/path-help.ts')).pathHelp,
    ),
    print: {
      synopsis: 'Prints runtime configurations',
      usage: '<subcommand>',
      members: {
        token: leaf(
          'Prints the vault token currently in use',
          async () => (await import('./commands/print-token.ts')).printToken,
        ),
      },
    },
    read: leaf(
      'Read data and retrieves secrets',
      async () => (await import('./commands/read.ts')).read,
    ),
    server: leaf('Start a Vault server', async () => (await import('./commands/server.ts')).server),
    status: leaf(
      'Print seal and HA status',
      async () => (await import('./commands/status.ts')).status,
    ),
    token: TOKEN,
    unwrap: leaf(
      'Unwrap a wrapped secret',
      async () => (await import('./commands/unwrap.ts')).unwrap,
    ),
    version: leaf(
      'Prints the Vault CLI version',
      async () => (await import('./commands/version.ts')).version,
    ),
    write: leaf(
      'Write data, configuration, and secrets',
      async () => (await import('./commands/write.ts')).write,
    ),
  },
};
