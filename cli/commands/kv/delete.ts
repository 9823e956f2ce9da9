// `vault kv delete`: deletes the newest version, or those that are named; they can be brought back.
import { defineCommand } from '../../command.ts';
import { orFail } from '../../failure.ts';
import { printSecret } from '../../format/output.ts';
import { onlyArgument } from '../../input/arguments.ts';
import { locate, MOUNT_FLAG } from './mount.ts';
import { printSuccess } from './print.ts';
import { versionsFlag, versionsOf } from './versions.ts';

export const kvDelete = defineCommand({
  usage: 'kv delete [options] PATH',
  about:
    'Deletes the data for the provided version and path in the key-value store. Version 2 keeps the data, so that "vault kv undelete" can bring it back.\n\n      $ vault kv delete -mount=secret foo\n      $ vault kv delete -mount=secret -versions=3 foo',
  shared: ['http', 'format'],
  flags: { ...MOUNT_FLAG, versions: versionsFlag('delete') },
  run: async ({ flags, args, ui, connect }) => {
    const key = onlyArgument(args);
    const client = connect();
    const place = await locate(client, flags.mount, key);
    const path = place.fullPath('data');
    const versions = versionsOf(flags.versions);
    const request =
      place.isVersion2 && versions.length > 0
        ? client.write(place.fullPath('delete'), { versions })
        : client.delete(path);
    const secret = await orFail(`Error deleting ${path}`, request);
    return secret === undefined
      ? printSuccess(ui, `Data deleted (if it existed) at: ${path}`)
      : printSecret(ui, secret);
  },
});
