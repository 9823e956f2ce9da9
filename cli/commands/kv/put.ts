// `vault kv put`: writes a secret as a whole.
import { defineCommand } from '../../command.ts';
import { orFail, usageFailure } from '../../failure.ts';
import { intFlag } from '../../flags.ts';
import { dataArgument } from '../../input/pairs.ts';
import { locate, MOUNT_FLAG } from './mount.ts';
import { printWritten } from './print.ts';

/** No check-and-set: 0 has a meaning of its own, that there is no version yet. */
const NO_CHECK = -1;

export const kvPut = defineCommand({
  usage: 'kv put [options] KEY [DATA]',
  about:
    'Writes the data to the given path in the key-value store. The data can be of any type.\n\n      $ vault kv put -mount=secret foo bar=baz\n\nThe data can also be consumed from a file on disk by prefixing with the "@" symbol, or from standard input with "-".\n\n      $ vault kv put -mount=secret foo @data.json\n      $ echo "abcd1234" | vault kv put -mount=secret foo bar=-',
  shared: ['http', 'field', 'format'],
  flags: {
    ...MOUNT_FLAG,
    cas: intFlag(
      'Check-and-set: the write is allowed only if the current version is this one; 0 means that there is none yet.',
      NO_CHECK,
    ),
  },
  run: async ({ flags, field, args, host, ui, connect }) => {
    const [key] = args;
    if (key === undefined) throw usageFailure('Not enough arguments (expected >1, got 0)');
    if (args.length === 1) throw usageFailure('Must supply data');
    const data = dataArgument(args.slice(1), host);
    const client = connect();
    const place = await locate(client, flags.mount, key);
    const path = place.fullPath('data');
    const options = flags.cas > NO_CHECK ? { cas: flags.cas } : {};
    const body = place.isVersion2 ? { data, options } : data;
    const secret = await orFail(`Error writing data to ${path}`, client.write(path, body));
    return printWritten(ui, { secret, path, field });
  },
});
