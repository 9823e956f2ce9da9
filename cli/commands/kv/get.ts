// `vault kv get`: one version of a secret.
import { defineCommand } from '../../command.ts';
import type { Secret } from '../../client/secret.ts';
import { orFail, serverFailure } from '../../failure.ts';
import { intFlag } from '../../flags.ts';
import { printField, printSecret, printWarnings } from '../../format/output.ts';
import { onlyArgument } from '../../input/arguments.ts';
import type { Ui } from '../../ui.ts';
import { locate, MOUNT_FLAG } from './mount.ts';
import { dataOf, metadataOf, printPath, printTitled } from './print.ts';

export const kvGet = defineCommand({
  usage: 'kv get [options] KEY',
  about:
    "Retrieves the value from Vault's key-value store at the given key name. If no key exists with that name, an error is returned. If a key exists with the name but has no data, nothing is returned.\n\n      $ vault kv get -mount=secret foo\n\nThe version that is wanted can be given with -version.",
  shared: ['http', 'field', 'format'],
  flags: {
    ...MOUNT_FLAG,
    version: intFlag('The version to retrieve; the newest without it.'),
  },
  run: async ({ flags, field, args, ui, connect }) => {
    const key = onlyArgument(args);
    const client = connect();
    const place = await locate(client, flags.mount, key);
    const path = place.fullPath('data');
    const query =
      place.isVersion2 && flags.version > 0 ? [['version', String(flags.version)] as const] : [];
    const secret = await orFail(`Error reading ${path}`, client.read(path, { query }));
    if (secret === undefined) throw serverFailure(`No value found at ${path}`);
    if (field !== '') return printOne(ui, secret, { field, path, isVersion2: place.isVersion2 });
    if (secret.wrapInfo !== undefined || ui.format !== 'table') return printSecret(ui, secret);
    printWarnings(ui, secret);
    return place.isVersion2
      ? printVersion(ui, secret, path)
      : printTitled(ui, 'Data', secret.data ?? {});
  },
});

interface Wanted {
  readonly field: string;
  readonly path: string;
  readonly isVersion2: boolean;
}

/** A field of the data; `data` is all of it, unless there is a field of that name. */
async function printOne(
  ui: Ui,
  secret: Secret,
  { field, path, isVersion2 }: Wanted,
): Promise<number> {
  if (!isVersion2) return printField(ui, secret, field);
  const data = dataOf(secret);
  if (secret.wrapInfo !== undefined) return printField(ui, secret, field);
  if (data === undefined) throw serverFailure(`No data found at ${path}`);
  const isAll = field === 'data' && !Object.hasOwn(data, 'data');
  return printField(ui, isAll ? secret : data, field);
}

async function printVersion(ui: Ui, secret: Secret, path: string): Promise<number> {
  printPath(ui, path, 'Secret Path');
  const metadata = metadataOf(secret);
  if (metadata !== undefined) {
    await printTitled(ui, 'Metadata', metadata);
    ui.output('');
  }
  const data = dataOf(secret);
  return data === undefined ? 0 : printTitled(ui, 'Data', data);
}
