// `vault kv list`: the names below a path.
import { defineCommand } from '../../command.ts';
import { orFail } from '../../failure.ts';
import { expectArguments } from '../../input/arguments.ts';
import { printListed } from '../list.ts';
import { locate, MOUNT_FLAG } from './mount.ts';

export const kvList = defineCommand({
  usage: 'kv list [options] PATH',
  about:
    "Lists data from Vault's key-value store at the given path.\n\n      $ vault kv list -mount=secret my-app/",
  shared: ['http', 'format', 'detailed'],
  flags: MOUNT_FLAG,
  run: async ({ flags, args, ui, connect }) => {
    expectArguments(args, flags.mount === '' ? 1 : 0, 1);
    const client = connect();
    const place = await locate(client, flags.mount, args[0] ?? '');
    const path = place.fullPath('metadata');
    const secret = await orFail(`Error listing ${path}`, client.list(path));
    return printListed(ui, secret, path);
  },
});
