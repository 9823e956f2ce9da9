// `vault kv patch`: changes some keys of a secret and leaves the others.
import type { Client } from '../../client/client.ts';
import { ResponseError } from '../../client/response-error.ts';
import type { JsonObject, Secret } from '../../client/secret.ts';
import { defineCommand } from '../../command.ts';
import { orFail, serverFailure, usageFailure } from '../../failure.ts';
import { intFlag, listFlag, textFlag } from '../../flags.ts';
import { dataArgument } from '../../input/pairs.ts';
import type { Ui } from '../../ui.ts';
import { locate, MOUNT_FLAG } from './mount.ts';
import { dataOf, metadataOf, printWritten } from './print.ts';

export const kvPatch = defineCommand({
  usage: 'kv patch [options] KEY [DATA]',
  about:
    'Writes the data to the given path in the key-value store: what is given is added or replaced, what is not stays.\n\n      $ vault kv patch -mount=secret foo bar=baz\n\nBy default the server merges the data. With -method=rw it is read, changed and written back, which needs no "patch" capability.',
  shared: ['http', 'field', 'format'],
  flags: {
    ...MOUNT_FLAG,
    cas: intFlag('Check-and-set: the patch is allowed only if the current version is this one.', 0),
    method: textFlag(
      'How to patch: "patch" (HTTP PATCH), "rw" (read, then write), or nothing for the first and, where that is not allowed, the second.',
    ),
    'remove-data': listFlag('A key to remove. May be given more than once.'),
  },
  run: async ({ flags, field, args, host, ui, connect }) => {
    const [key] = args;
    const removed = flags['remove-data'];
    if (key === undefined) throw usageFailure('Not enough arguments (expected >1, got 0)');
    if (args.length === 1 && removed.length === 0) throw usageFailure('Must supply data');
    const data = dataArgument(args.slice(1), host);
    const client = connect();
    const place = await locate(client, flags.mount, key);
    if (!place.isVersion2) {
      throw serverFailure('K/V engine mount must be version 2 for patch support');
    }
    const path = place.fullPath('data');
    const change: Change = { client, path, data, removed, cas: flags.cas };
    return printWritten(ui, { secret: await apply(ui, flags.method, change), path, field });
  },
});

interface Change {
  readonly client: Client;
  readonly path: string;
  readonly data: JsonObject;
  readonly removed: readonly string[];
  readonly cas: number;
}

async function apply(ui: Ui, method: string, change: Change): Promise<Secret | undefined> {
  switch (method) {
    case 'rw':
      return readThenWrite(change);
    case 'patch':
      return orFail(`Error writing data to ${change.path}`, merge(change));
    case '':
      return mergeOrRewrite(ui, change);
    default:
      throw serverFailure(`Unsupported method provided to -method flag: ${method}`);
  }
}

/** In a merge, null removes a key. */
async function merge({ client, path, data, removed, cas }: Change): Promise<Secret | undefined> {
  const nothing = removed.map((key) => [key, null] as const);
  return client.patch(path, {
    data: { ...data, ...Object.fromEntries(nothing) },
    options: cas > 0 ? { cas } : {},
  });
}

/** Old servers know no PATCH (405), and many policies do not allow it (403). */
async function mergeOrRewrite(ui: Ui, change: Change): Promise<Secret | undefined> {
  try {
    return await merge(change);
  } catch (error) {
    const status = error instanceof ResponseError ? error.status : 0;
    if (status !== 403 && status !== 405) {
      return orFail(`Error writing data to ${change.path}`, Promise.reject(error));
    }
    const secret = await readThenWrite(change);
    if (status === 403) {
      ui.error(
        `Data was written to ${change.path} but we recommend that you add the "patch" capability to your ACL policy in order to use HTTP PATCH in the future.`,
      );
    }
    return secret;
  }
}

/** The version that was read is the one that may be replaced: somebody else's write in between is not lost. */
async function readThenWrite({ client, path, data, removed }: Change): Promise<Secret | undefined> {
  const current = await orFail(
    `Error doing pre-read at ${path}`,
    client.read(path, { isAside: true }),
  );
  if (current?.data === undefined) throw serverFailure(`No value found at ${path}`);
  const metadata = metadataOf(current);
  if (metadata === undefined) {
    throw serverFailure(`No metadata found at ${path}; patch only works on existing data`);
  }
  const before = dataOf(current);
  if (before === undefined) {
    throw serverFailure(`No data found at ${path}; patch only works on existing data`);
  }
  const kept = Object.entries({ ...before, ...data }).filter(([key]) => !removed.includes(key));
  const body = { data: Object.fromEntries(kept), options: { cas: metadata['version'] } };
  return orFail(`Error writing data to ${path}`, client.write(path, body));
}
