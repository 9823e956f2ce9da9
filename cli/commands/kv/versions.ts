// `vault kv undelete` and `vault kv destroy`: what is done to versions that are named.
import { type Command, defineCommand } from '../../command.ts';
import { orFail, usageFailure } from '../../failure.ts';
import { type Flag, listFlag } from '../../flags.ts';
import { printSecret } from '../../format/output.ts';
import { onlyArgument } from '../../input/arguments.ts';
import { locate, MOUNT_FLAG, type Part } from './mount.ts';
import { printSuccess } from './print.ts';

interface Action {
  readonly part: Part & ('undelete' | 'destroy');
  readonly title: string;
  readonly about: string;
}

export const kvUndelete = versionCommand({
  part: 'undelete',
  title: 'Undelete',
  about:
    'Undeletes the data for the provided versions and path in the key-value store, so that it is returned on get requests again.\n\n      $ vault kv undelete -mount=secret -versions=3 foo',
});

export const kvDestroy = versionCommand({
  part: 'destroy',
  title: 'Destroy',
  about:
    'Permanently removes the data of the provided versions. Nothing can bring it back.\n\n      $ vault kv destroy -mount=secret -versions=3 foo',
});

export function versionsFlag(verb: string): Flag<readonly string[]> {
  return listFlag(`The versions to ${verb}, separated by commas.`);
}

/** The flag may be given more than once, and each time name several. */
export function versionsOf(typed: readonly string[]): string[] {
  return typed.flatMap((versions) => versions.split(',').map((version) => version.trim()));
}

function versionCommand({ part, title, about }: Action): Command {
  return defineCommand({
    usage: `kv ${part} [options] KEY`,
    about,
    shared: ['http', 'format'],
    flags: { ...MOUNT_FLAG, versions: versionsFlag(part) },
    run: async ({ flags, args, ui, connect }) => {
      const key = onlyArgument(args);
      const versions = versionsOf(flags.versions);
      if (versions.length === 0) {
        throw usageFailure(
          `No versions provided, use the "-versions" flag to specify the version to ${part}.`,
        );
      }
      const client = connect();
      const place = await locate(client, flags.mount, key);
      if (!place.isVersion2) throw usageFailure(`${title} not supported on KV Version 1`);
      const path = place.fullPath(part);
      const secret = await orFail(
        `Error writing data to ${path}`,
        client.write(path, { versions }),
      );
      return secret === undefined
        ? printSuccess(ui, `Data written to: ${path}`)
        : printSecret(ui, secret);
    },
  });
}
