// What sys/mounts and sys/auth have in common: the one table of mounts, seen from either side.
import type { Call } from '#sdk/call.ts';
import { badRequest } from '#sdk/errors.ts';
import { boolean, map, pairs, text } from '#sdk/field.ts';
import type { Data } from '#sdk/path.ts';
import { reply, type DataReply } from '#sdk/reply.ts';
import { enableMount, fullPath } from '../mount/enable.ts';
import type { MountEntry } from '../mount/entry.ts';
import { disableMount } from '../mount/remove.ts';
import { settingFields } from '../mount/settings.ts';
import { showMount, showTuning } from '../mount/show.ts';
import { tuneMount } from '../mount/tune.ts';
import type { System } from './system.ts';

type Kind = MountEntry['kind'];

export const enableFields = {
  type: text('The type of the backend. Example: "kv"').default(''),
  description: text('User-friendly description for this mount').default(''),
  local: boolean('Mark the mount as a local mount, which is not replicated').default(false),
  seal_wrap: boolean('Whether to turn on seal wrapping for the mount').default(false),
  external_entropy_access: boolean(
    'Whether to give the mount access to an external source of entropy',
  ).default(false),
  plugin_name: text('Name of the plugin to mount').default(''),
  plugin_version: text('The semantic version of the plugin to use').default(''),
  options: pairs('The options to pass into the backend').default({}),
  config: map('Configuration for this mount, such as default_lease_ttl').default({}),
} as const;

export const tuneFields = {
  ...settingFields,
  description: text('User-friendly description for this mount'),
  options: pairs('The options to pass into the backend'),
  plugin_version: text('The semantic version of the plugin to use'),
} as const;

type At = { readonly path: string };
type MountCall = Call<System, At & Data<'', typeof enableFields>>;
type TuneCall = Call<System, At & Data<'', typeof tuneFields>>;

export function listMounts({ engine }: Call<System, unknown>, kind: Kind): DataReply {
  const { services, transaction } = engine;
  const mounts = services.mounts.in(transaction).all.filter(({ entry }) => entry.kind === kind);
  const shown = mounts.map((mount) => [relativePath(mount.entry), showMount(mount)] as const);
  return reply(Object.fromEntries(shown));
}

/** The path as sys/mounts or sys/auth names it. */
export function relativePath({ kind, path }: Pick<MountEntry, 'kind' | 'path'>): string {
  return kind === 'auth' ? path.slice('auth/'.length) : path;
}

export function mountOperations(kind: Kind) {
  return {
    read: {
      standby: 'serve',
      summary: 'Read the configuration of a mount',
      handler: (call: MountCall) => readMount(call, kind),
    },
    write: {
      summary: 'Enable a backend at a path',
      handler: (call: MountCall) => writeMount(call, kind),
    },
    delete: {
      summary: 'Disable the mount at a path',
      handler: async ({ engine, data }: MountCall): Promise<undefined> => {
        const { services, transaction, known } = engine;
        const path = fullPath(kind, data.path);
        await disableMount({ ...services, transaction, known }, kind, path);
      },
    },
  } as const;
}

export function tuneOperations(kind: Kind) {
  return {
    read: {
      standby: 'serve',
      summary: 'Read how a mount is tuned',
      handler: (call: TuneCall) => readTuning(call, kind),
    },
    write: { summary: 'Tune a mount', handler: (call: TuneCall) => tune(call, kind) },
  } as const;
}

function findMount({ services, transaction }: System, path: string) {
  return services.mounts.in(transaction).all.find(({ entry }) => entry.path === path);
}

function readMount({ engine, data }: MountCall, kind: Kind): DataReply {
  const path = fullPath(kind, data.path);
  const mount = findMount(engine, path);
  if (mount !== undefined && mount.entry.kind === kind) return reply(showMount(mount));
  const [what, shown] =
    kind === 'auth' ? ['auth engine', path.slice('auth/'.length)] : ['secret engine mount', path];
  throw badRequest(`No ${what} at ${shown}`);
}

function writeMount({ engine, data }: MountCall, kind: Kind): undefined {
  const { path, type, description, local, options, config } = data;
  enableMount(engine.services.mounts, engine.transaction, {
    kind,
    path,
    type,
    description,
    local,
    options,
    config,
    sealWrap: data.seal_wrap,
    externalEntropyAccess: data.external_entropy_access,
    pluginName: data.plugin_name,
    pluginVersion: data.plugin_version,
  });
}

function readTuning({ engine, data }: TuneCall, kind: Kind): DataReply {
  const path = fullPath(kind, data.path);
  const mount = findMount(engine, path);
  if (mount === undefined) throw badRequest(`cannot fetch sysview for path "${path}"`);
  return reply(showTuning(mount));
}

/** A change that the engine has something to say about is answered, so that the warning has a place. */
function tune({ engine, data, clock, warn }: TuneCall, kind: Kind): DataReply | undefined {
  const { path, description, options, plugin_version: pluginVersion, ...settings } = data;
  let hasWarned = false;
  const around = {
    mounts: engine.services.mounts,
    transaction: engine.transaction,
    clock,
    warn: (message: string) => {
      hasWarned = true;
      warn(message);
    },
  };
  const request = { path: fullPath(kind, path), settings, description, options, pluginVersion };
  tuneMount(around, request);
  return hasWarned ? reply(null) : undefined;
}
