// `vault kv metadata get` and `delete`: what is known about all versions of a secret.
import { object, type JsonObject } from '../../client/secret.ts';
import { defineCommand } from '../../command.ts';
import { orFail, serverFailure, usageFailure } from '../../failure.ts';
import { printField, printSecret } from '../../format/output.ts';
import { onlyArgument } from '../../input/arguments.ts';
import type { Ui } from '../../ui.ts';
import { locate, MOUNT_FLAG, type Place } from './mount.ts';
import { printPath, printSuccess, printTitled } from './print.ts';

export const kvMetadataGet = defineCommand({
  usage: 'kv metadata get [options] KEY',
  about:
    "Retrieves the metadata from Vault's key-value store at the given key name. If no key exists with that name, an error is returned.\n\n      $ vault kv metadata get -mount=secret foo",
  shared: ['http', 'field', 'format'],
  flags: MOUNT_FLAG,
  run: async ({ flags, field, args, ui, connect }) => {
    const key = onlyArgument(args);
    const client = connect();
    const path = metadataPath(await locate(client, flags.mount, key));
    const secret = await orFail(`Error reading ${path}`, client.read(path));
    if (secret === undefined) throw serverFailure(`No value found at ${path}`);
    if (field !== '') return printField(ui, secret, field);
    if (secret.wrapInfo !== undefined || ui.format !== 'table') return printSecret(ui, secret);
    const { versions, ...metadata } = secret.data ?? {};
    if (versions === undefined) throw serverFailure(`No value found at ${path}`);
    printPath(ui, path, 'Metadata Path');
    await printTitled(ui, 'Metadata', metadata);
    return printVersions(ui, object(versions) ?? {});
  },
});

export const kvMetadataDelete = defineCommand({
  usage: 'kv metadata delete [options] PATH',
  about:
    'Deletes all versions and metadata for the provided key. Nothing can bring them back.\n\n      $ vault kv metadata delete -mount=secret foo',
  shared: ['http', 'format'],
  flags: MOUNT_FLAG,
  run: async ({ flags, args, ui, connect }) => {
    const key = onlyArgument(args);
    const client = connect();
    const path = metadataPath(await locate(client, flags.mount, key));
    const secret = await orFail(`Error deleting ${path}`, client.delete(path));
    return secret === undefined
      ? printSuccess(ui, `Data deleted (if it existed) at: ${path}`)
      : printSecret(ui, secret);
  },
});

/** Version 1 keeps nothing but the values. */
export function metadataPath(place: Place): string {
  if (!place.isVersion2) throw usageFailure('Metadata not supported on KV Version 1');
  return place.fullPath('metadata');
}

async function printVersions(ui: Ui, versions: JsonObject): Promise<number> {
  for (const number of Object.keys(versions).toSorted(
    (left, right) => Number(left) - Number(right),
  )) {
    ui.output('');
    await printTitled(ui, `Version ${number}`, object(versions[number]) ?? {});
  }
  return 0;
}
