// Lists of mounts, as `secrets list` and `auth list` print them.
import { type JsonObject, object, text } from '../../client/secret.ts';
import { show, sortedKeys } from '../../format/go.ts';
import { printData } from '../../format/output.ts';
import { table } from '../../format/table.ts';
import type { Ui } from '../../ui.ts';

/** A column: its title and what it shows of a mount. */
export type Column = readonly [string, (mount: JsonObject, path: string) => string];

const field =
  (name: string) =>
  (mount: JsonObject): string =>
    mount[name] === undefined ? '' : show(mount[name]);
const setting =
  (name: string) =>
  (mount: JsonObject): string =>
    show(object(mount['config'])?.[name] ?? '');

export const PATH: Column = ['Path', (_mount, path) => path];
export const TYPE: Column = ['Type', field('type')];
export const ACCESSOR: Column = ['Accessor', field('accessor')];
export const DESCRIPTION: Column = ['Description', field('description')];
export const VERSION: Column = ['Version', field('plugin_version')];
export const TOKEN_TYPE: Column = ['Token Type', setting('token_type')];
export const FORCE_NO_CACHE: Column = ['Force No Cache', setting('force_no_cache')];

export const TTLS: readonly Column[] = [
  ['Default TTL', ttl('default_lease_ttl')],
  ['Max TTL', ttl('max_lease_ttl')],
];
export const PLUGIN: Column = ['Plugin', field('type')];

/** The columns with which detailed lists of both kinds end. */
export const DETAILS: readonly Column[] = [
  ['Replication', (mount) => (mount['local'] === true ? 'local' : 'replicated')],
  ['Seal Wrap', yesNo('seal_wrap')],
  ['External Entropy Access', yesNo('external_entropy_access')],
  ['Options', (mount) => show(mount['options'] ?? {})],
  DESCRIPTION,
  ['UUID', field('uuid')],
  VERSION,
  ['Running Version', field('running_plugin_version')],
  ['Running SHA256', field('running_sha256')],
  ['Deprecation Status', field('deprecation_status')],
];

/** Mounts by path in the columns that are given; all that is known about them for programs. */
export async function printMounts(
  ui: Ui,
  mounts: JsonObject,
  columns: readonly Column[],
): Promise<number> {
  if (ui.format !== 'table') return printData(ui, complete(mounts));
  const rows = sortedKeys(mounts).map((path) => {
    const mount = object(mounts[path]) ?? {};
    return columns.map(([, cell]) => cell(mount, path));
  });
  ui.output(
    table(
      columns.map(([title]) => title),
      rows,
    ),
  );
  return 0;
}

/** What a mount has even where the server leaves it out. */
const EMPTY_MOUNT: JsonObject = {
  uuid: '',
  description: '',
  options: null,
  local: false,
  seal_wrap: false,
  external_entropy_access: false,
  plugin_version: '',
  running_plugin_version: '',
  running_sha256: '',
  deprecation_status: '',
};

const complete = (mounts: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(mounts).map(([path, mount]) => [path, { ...EMPTY_MOUNT, ...object(mount) }]),
  );

/** What has no leases has no ttl; what has none of its own has the one of the system. */
function ttl(name: string): (mount: JsonObject) => string {
  return (mount) => {
    if (['system', 'cubbyhole'].includes(text(mount['type']))) return '';
    const seconds = object(mount['config'])?.[name];
    return seconds === undefined || seconds === 0 ? 'system' : show(seconds);
  };
}

function yesNo(name: string): (mount: JsonObject) => string {
  return (mount) => String(mount[name] === true);
}
