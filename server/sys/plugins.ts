// sys/plugins: the engines, auth methods and databases that there are. All are built in: none can be registered.
// https://developer.hashicorp.com/vault/api-docs/system/plugins-catalog
import { randomUUID } from 'node:crypto';
import { badRequest, unsupportedOperation } from '#sdk/errors.ts';
import { anything, commaList, name, text } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { listReply, reply } from '#sdk/reply.ts';
import { fullPath } from '../mount/enable.ts';
import { PLUGIN_VERSION } from '../version.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

type Kind = 'auth' | 'database' | 'secret';

const HELP =
  'Configures the plugins known to Vault\n\nAll plugins are built in, so that none can be registered.';

const all = path('plugins/catalog', {
  help: HELP,
  fields: {},
  operations: {
    read: {
      standby: 'serve',
      summary: 'List all plugins',
      handler: ({ engine }) => {
        const detailed = (['auth', 'database', 'secret'] as const).flatMap((kind) =>
          typesOf(engine, kind).map((type) => ({ type: kind, ...facts(type) })),
        );
        return reply({
          auth: typesOf(engine, 'auth'),
          database: typesOf(engine, 'database'),
          secret: typesOf(engine, 'secret'),
          detailed,
        });
      },
    },
  },
});

const ofKind = path('plugins/catalog/{type}/', {
  help: HELP,
  access: 'sudo',
  fields: { type: name('The type of the plugins: auth, database or secret') },
  operations: {
    list: {
      standby: 'serve',
      summary: 'List the plugins of a type',
      handler: ({ engine, data: { type } }) => {
        if (!isKind(type)) throw unsupportedOperation();
        return listReply(typesOf(engine, type));
      },
    },
  },
});

const one = path('plugins/catalog/{type}/{name}', {
  help: HELP,
  access: 'sudo',
  fields: {
    type: name('The type of the plugin: auth, database or secret'),
    name: name('The name of the plugin'),
    sha256: text('The SHA256 sum of the executable').default(''),
    sha_256: text('The SHA256 sum of the executable').default(''),
    command: text('The command used to start the plugin').default(''),
    args: anything('The args passed to plugin command'),
    env: anything('The environment variables passed to plugin command'),
    version: text('The semantic version of the plugin').default(''),
  },
  operations: {
    read: {
      standby: 'serve',
      summary: 'Read a plugin',
      handler: ({ engine, data }) => {
        if (!isKind(data.type) || !typesOf(engine, data.type).includes(data.name)) return undefined;
        return reply({ args: null, command: '', sha256: '', ...facts(data.name) });
      },
    },
    write: {
      summary: 'Refused: there are no plugins but those that are built in',
      handler: ({ data }) => {
        if (data.sha256 === '' && data.sha_256 === '') throw badRequest('missing SHA-256 value');
        if (data.command === '') throw badRequest('missing command value');
        throw badRequest('plugins cannot be registered: all plugins are built in');
      },
    },
  },
});

const reload = path('plugins/reload/backend', {
  help: 'Reload mounts that use a particular backend plugin.\n\nThe engines of the mounts are stopped, and started anew when they are next needed.',
  fields: {
    plugin: text('The name of the plugin to reload').default(''),
    mounts: commaList('The mounts to reload').default([]),
    scope: text('"global" means all nodes').default(''),
  },
  operations: {
    write: {
      summary: 'Start engines anew',
      handler: ({ engine: { services, transaction, afterwards }, data: { plugin, mounts } }) => {
        if (plugin === '' && mounts.length === 0) {
          throw badRequest('plugin or mounts must be provided');
        }
        if (plugin !== '' && mounts.length > 0) {
          throw badRequest('plugin and mounts cannot be set at the same time');
        }
        const paths = new Set(mounts.map((mount) => fullPath('secret', mount)));
        const known = new Set(services.mounts.entries(transaction).map((entry) => entry.path));
        for (const asked of paths) {
          if (!known.has(asked)) throw badRequest(`cannot fetch mount entry on "${asked}"`);
        }
        afterwards(() =>
          services.mounts.restart(({ entry }) => entry.type === plugin || paths.has(entry.path)),
        );
        return reply({ reload_id: randomUUID() });
      },
    },
  },
});

export const pluginPaths = [all, ofKind, one, reload];

const facts = (type: string) => ({
  builtin: true,
  deprecation_status: 'supported',
  name: type,
  version: PLUGIN_VERSION,
});

const isKind = (text_: string): text_ is Kind => ['auth', 'database', 'secret'].includes(text_);

function typesOf({ services }: System, kind: Kind): readonly string[] {
  return services.mounts.pluginTypes(kind);
}
