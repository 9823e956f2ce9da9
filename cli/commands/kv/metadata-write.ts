// `vault kv metadata put` and `patch`: the settings of a secret and what its owners note about it.
import type { JsonObject } from '../../client/secret.ts';
import { defineCommand } from '../../command.ts';
import { orFail } from '../../failure.ts';
import { apiDuration, boolFlag, durationFlag, intFlag, listFlag, mapFlag } from '../../flags.ts';
import { printSecret } from '../../format/output.ts';
import { onlyArgument } from '../../input/arguments.ts';
import { locate, MOUNT_FLAG } from './mount.ts';
import { metadataPath } from './metadata.ts';
import { printSuccess } from './print.ts';

const SETTING_FLAGS = {
  ...MOUNT_FLAG,
  'max-versions': intFlag(
    'How many versions are kept. Without it the setting of the mount counts.',
    -1,
  ),
  'cas-required': boolFlag('Every write must name the version that it replaces.'),
  'delete-version-after': durationFlag('How long a version lives before it is deleted.'),
  'custom-metadata': mapFlag('A note, as key=value. May be given more than once.'),
} as const;

export const kvMetadataPut = defineCommand({
  usage: 'kv metadata put [options] KEY',
  about:
    'Creates a blank key in the key-value store or updates the configuration of a specified key.\n\n      $ vault kv metadata put -mount=secret -max-versions=5 -delete-version-after=3h25m19s foo',
  shared: ['http', 'format'],
  flags: SETTING_FLAGS,
  run: async ({ flags, given, args, ui, connect }) => {
    const key = onlyArgument(args);
    const client = connect();
    const path = metadataPath(await locate(client, flags.mount, key));
    const body = settings(flags, given, flags['custom-metadata']);
    const secret = await orFail(`Error writing data to ${path}`, client.write(path, body));
    return secret === undefined
      ? printSuccess(ui, `Data written to: ${path}`)
      : printSecret(ui, secret);
  },
});

export const kvMetadataPatch = defineCommand({
  usage: 'kv metadata patch [options] KEY',
  about:
    'Patches key settings in the key-value store: what is not given stays as it is.\n\n      $ vault kv metadata patch -mount=secret -custom-metadata=expire=never foo',
  shared: ['http', 'format'],
  flags: {
    ...SETTING_FLAGS,
    'remove-custom-metadata': listFlag('A note to remove. May be given more than once.'),
  },
  run: async ({ flags, given, args, ui, connect }) => {
    const key = onlyArgument(args);
    const client = connect();
    const path = metadataPath(await locate(client, flags.mount, key));
    const removed = flags['remove-custom-metadata'].map((name) => [name, null] as const);
    const notes = { ...flags['custom-metadata'], ...Object.fromEntries(removed) };
    const body = settings(flags, given, notes);
    const secret = await orFail(`Error writing data to ${path}`, client.patch(path, body));
    return secret === undefined
      ? printSuccess(ui, `Data written to: ${path}`)
      : printSecret(ui, secret);
  },
});

interface SettingFlags {
  readonly 'max-versions': number;
  readonly 'cas-required': boolean;
  readonly 'delete-version-after': number;
}

/** Only what was typed is sent. */
function settings(flags: SettingFlags, given: ReadonlySet<string>, notes: JsonObject): JsonObject {
  return {
    ...(flags['max-versions'] >= 0 ? { max_versions: flags['max-versions'] } : {}),
    ...(given.has('cas-required') ? { cas_required: flags['cas-required'] } : {}),
    ...(given.has('delete-version-after')
      ? { delete_version_after: apiDuration(flags['delete-version-after']) }
      : {}),
    ...(Object.keys(notes).length > 0 ? { custom_metadata: notes } : {}),
  };
}
