// `vault plugin`: the catalog of secrets engines, auth methods and databases.
import type { Client } from '../client/client.ts';
import { ResponseError } from '../client/response-error.ts';
import { type JsonObject, object, parseSecret, text } from '../client/secret.ts';
import { defineCommand } from '../command.ts';
import { orFail, serverFailure } from '../failure.ts';
import { listFlag, textFlag } from '../flags.ts';
import { printData, printField } from '../format/output.ts';
import { table } from '../format/table.ts';
import { expectArguments } from '../input/arguments.ts';

const TYPES: readonly string[] = ['auth', 'database', 'secret'];

export const pluginList = defineCommand({
  usage: 'plugin list [options] [TYPE]',
  about:
    'Lists available plugins registered in the catalog. This does not list whether plugins are in use, but rather just their availability. The last argument of type takes "auth", "database", or "secret".\n\n      $ vault plugin list database',
  shared: ['http', 'format', 'detailed'],
  run: async ({ args, ui, connect }) => {
    expectArguments(args, 0, 1);
    const type = args[0] === undefined ? '' : pluginType(args[0]);
    const plugins = await orFail('Error listing available plugins', catalog(connect(), type));
    if (ui.format !== 'table') return printData(ui, byType(plugins));
    const details = ui.isDetailed ? ['Container', 'Deprecation Status'] : [];
    const rows = plugins.map((plugin) => {
      const simple = [text(plugin['name']), text(plugin['type']), text(plugin['version'])];
      if (!ui.isDetailed) return simple;
      const isContainer = text(plugin['oci_image']) !== '';
      return [...simple, String(isContainer), text(plugin['deprecation_status'])];
    });
    ui.output(table(['Name', 'Type', 'Version', ...details], rows));
    return 0;
  },
});

/** Whoever may not see the catalog is told the same as where there is none. */
async function catalog(client: Client, type: string): Promise<readonly JsonObject[]> {
  const data = parseSecret(await bodyOf(client, 'sys/plugins/catalog'))?.data;
  if (data === undefined) throw new Error('data from server response is empty');
  const detailed = Array.isArray(data['detailed']) ? data['detailed'] : [];
  return detailed
    .map((item) => object(item) ?? {})
    .filter((plugin) => type === '' || plugin['type'] === type);
}

async function bodyOf(client: Client, path: string): Promise<string> {
  try {
    return (await client.send('GET', path)).body.toString();
  } catch (error) {
    if (error instanceof ResponseError) return error.body;
    throw error;
  }
}

function byType(plugins: readonly JsonObject[]): JsonObject {
  const names: Record<string, string[]> = {};
  for (const plugin of plugins) (names[text(plugin['type'])] ??= []).push(text(plugin['name']));
  return names;
}

function pluginType(typed: string): string {
  const type = typed.trim().toLowerCase();
  if (TYPES.includes(type)) return type;
  throw serverFailure(`Error parsing type: "${typed}" is not a supported plugin type`);
}

const VERSION_FLAG = { version: textFlag('Semantic version of the plugin.') } as const;

export const pluginInfo = defineCommand({
  usage: 'plugin info [options] TYPE NAME',
  about:
    'Displays information about a plugin in the catalog with the given name. If the plugin does not exist, an error is returned.\n\n      $ vault plugin info database postgresql-database-plugin',
  shared: ['http', 'field', 'format'],
  flags: VERSION_FLAG,
  run: async ({ flags, field, args, ui, connect }) => {
    const { type, name } = typeAndName(args);
    const query = flags.version === '' ? [] : [['version', flags.version] as const];
    const request = connect().fetch('GET', `sys/plugins/catalog/${type}/${name}`, { query });
    const plugin = await orFail(`Error reading plugin named ${name}`, request);
    const known = {
      args: plugin['args'] ?? [],
      builtin: plugin['builtin'] === true,
      command: text(plugin['command']),
      name: text(plugin['name']),
      sha256: text(plugin['sha256']),
      deprecation_status: text(plugin['deprecation_status']),
      version: text(plugin['version']),
    };
    return field === '' ? printData(ui, known) : printField(ui, known, field);
  },
});

export const pluginRegister = defineCommand({
  usage: 'plugin register [options] TYPE NAME',
  about:
    "Registers a new plugin in the catalog. The plugin binary must exist in Vault's configured plugin directory.\n\n      $ vault plugin register -sha256=d3f0a8b... auth my-custom-plugin",
  shared: ['http'],
  flags: {
    ...VERSION_FLAG,
    sha256: textFlag('SHA256 of the plugin binary.'),
    command: textFlag('Command to run; by default the name of the plugin.'),
    args: listFlag('An argument of the command. May be given more than once.'),
    env: listFlag('A variable of the command, as key=value. May be given more than once.'),
    oci_image: textFlag('Image to run the plugin in.'),
    runtime: textFlag('Container runtime to run the image with.'),
  },
  run: async ({ flags, args, ui, connect }) => {
    const { type, name } = typeAndName(args);
    const body = {
      type,
      args: flags.args,
      command: flags.command || name,
      sha256: flags.sha256,
      version: flags.version,
      env: flags.env,
      ...(flags.oci_image === '' ? {} : { oci_image: flags.oci_image }),
      ...(flags.runtime === '' ? {} : { runtime: flags.runtime }),
    };
    const request = connect().write(`sys/plugins/catalog/${type}/${name}`, body);
    await orFail(`Error registering plugin ${name}`, request);
    ui.output(`Success! Registered plugin: ${name}`);
    return 0;
  },
});

export const pluginDeregister = defineCommand({
  usage: 'plugin deregister [options] TYPE NAME',
  about:
    'Deregister an existing plugin in the catalog. If the plugin does not exist, no action is taken.\n\n      $ vault plugin deregister auth my-custom-plugin',
  shared: ['http'],
  flags: VERSION_FLAG,
  run: async ({ flags, args, ui, connect }) => {
    const { type, name } = typeAndName(args);
    const query = flags.version === '' ? [] : [['version', flags.version] as const];
    const request = connect().delete(`sys/plugins/catalog/${type}/${name}`, query);
    await orFail(`Error deregistering plugin named ${name}`, request);
    ui.output(`Success! Deregistered plugin (if it was registered): ${name}`);
    return 0;
  },
});

export const pluginReload = defineCommand({
  usage: 'plugin reload [options]',
  about:
    'Reloads mounted plugins. Either the plugin name or the desired plugin mount(s) must be provided, but not both.\n\n      $ vault plugin reload -plugin=my-plugin',
  shared: ['http'],
  flags: {
    plugin: textFlag('The name of the plugin to reload.'),
    mounts: listFlag('A mount to reload. May be given more than once.'),
    scope: textFlag('"global" to reload on every node.'),
  },
  run: async ({ flags, args, ui, connect }) => {
    expectArguments(args, 0);
    if ((flags.plugin === '') === (flags.mounts.length === 0)) {
      throw serverFailure('Must specify exactly one of -plugin or -mounts');
    }
    const body = {
      plugin: flags.plugin,
      mounts: flags.mounts,
      ...(flags.scope === '' ? {} : { scope: flags.scope }),
    };
    const request = connect().call('PUT', 'sys/plugins/reload/backend', { body });
    await orFail('Error reloading plugin/mounts', request);
    const what =
      flags.plugin === '' ? `mounts: ${flags.mounts.join(', ')}` : `plugin: ${flags.plugin}`;
    ui.output(`Success! Reloaded ${what}`);
    return 0;
  },
});

function typeAndName(args: readonly string[]): { readonly type: string; readonly name: string } {
  expectArguments(args, 2);
  return { type: pluginType(args[0] ?? ''), name: (args[1] ?? '').trim() };
}
