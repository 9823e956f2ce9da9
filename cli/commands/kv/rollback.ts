// `vault kv rollback`: writes an earlier version again, as the newest.
import type { Client } from '../../client/client.ts';
import type { JsonObject } from '../../client/secret.ts';
import type { Query } from '../../client/address.ts';
import { defineCommand } from '../../command.ts';
import { orFail, serverFailure, usageFailure } from '../../failure.ts';
import { intFlag } from '../../flags.ts';
import { printSecret } from '../../format/output.ts';
import { onlyArgument } from '../../input/arguments.ts';
import { locate, MOUNT_FLAG } from './mount.ts';
import { dataOf, metadataOf, printSuccess } from './print.ts';

export const kvRollback = defineCommand({
  usage: 'kv rollback [options] KEY',
  about:
    'Restores a given previous version to the current version at the given path. The value is written as a new version.\n\n      $ vault kv rollback -mount=secret -version=2 foo',
  shared: ['http', 'format'],
  flags: { ...MOUNT_FLAG, version: intFlag('The version to make current again.') },
  run: async ({ flags, given, args, ui, connect }) => {
    const key = onlyArgument(args);
    if (!given.has('version')) throw usageFailure('Version flag must be specified');
    if (flags.version <= 0) {
      throw usageFailure(`Invalid value ${flags.version} for the version flag`);
    }
    const client = connect();
    const place = await locate(client, flags.mount, key);
    if (!place.isVersion2) {
      throw serverFailure('K/V engine mount must be version 2 for rollback support');
    }
    const path = place.fullPath('data');
    const current = await readVersion(client, path, []);
    const wanted = await readVersion(client, path, [['version', String(flags.version)]]);
    const body = { data: restorable(wanted, path), options: { cas: current.metadata['version'] } };
    const secret = await orFail(`Error writing data to ${path}`, client.write(path, body));
    return secret === undefined
      ? printSuccess(ui, `Data written to: ${path}`)
      : printSecret(ui, secret);
  },
});

interface Version {
  readonly metadata: JsonObject;
  readonly data: JsonObject | undefined;
}

async function readVersion(client: Client, path: string, query: Query): Promise<Version> {
  const read = client.read(path, { query, isAside: true });
  const secret = await orFail(`Error doing pre-read at ${path}`, read);
  if (secret?.data === undefined) throw serverFailure(`No value found at ${path}`);
  const metadata = metadataOf(secret);
  if (metadata === undefined) {
    throw serverFailure(`No metadata found at ${path}; rollback only works on existing data`);
  }
  return { metadata, data: dataOf(secret) };
}

function restorable({ metadata, data }: Version, path: string): JsonObject {
  if ((metadata['deletion_time'] ?? '') !== '') {
    throw serverFailure('Cannot roll back to a version that has been deleted');
  }
  if (metadata['destroyed'] === true) {
    throw serverFailure('Cannot roll back to a version that has been destroyed');
  }
  if (data === undefined) {
    throw serverFailure(`No data found at ${path}; rollback only works on existing data`);
  }
  return data;
}
