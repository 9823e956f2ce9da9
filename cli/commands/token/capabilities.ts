// `vault token capabilities`: what a token may do at a path.
import type { Client } from '../../client/client.ts';
import { texts, type Secret } from '../../client/secret.ts';
import { defineCommand } from '../../command.ts';
import { Failure, orFail } from '../../failure.ts';
import { printData } from '../../format/output.ts';
import { expectArguments } from '../../input/arguments.ts';
import { ACCESSOR_FLAG } from './which.ts';

export const tokenCapabilities = defineCommand({
  usage: 'token capabilities [options] [TOKEN] PATH',
  about:
    'Fetches the capabilities of a token or accessor for a given path. If a TOKEN is not provided, the locally authenticated token is used.\n\n      $ vault token capabilities cubbyhole/foo',
  shared: ['http', 'format'],
  flags: ACCESSOR_FLAG,
  run: async ({ flags, args, ui, connect }) => {
    expectArguments(args, flags.accessor ? 2 : 1, 2);
    const [token, path] = args.length === 2 ? [args[0] ?? '', args[1] ?? ''] : ['', args[0] ?? ''];
    const secret = await orFail(
      'Error listing capabilities',
      ask(connect(), { token: token.trim(), path, isAccessor: flags.accessor }),
    );
    const capabilities = texts(secret?.data?.[path]) ?? texts(secret?.data?.['capabilities']);
    if (capabilities === undefined) throw new Failure(1, 'No capabilities found');
    const sorted = capabilities.toSorted();
    if (ui.format !== 'table') return printData(ui, sorted);
    ui.output(sorted.join(', '));
    return 0;
  },
});

interface Question {
  readonly token: string;
  readonly path: string;
  readonly isAccessor: boolean;
}

function ask(client: Client, { token, path, isAccessor }: Question): Promise<Secret | undefined> {
  if (isAccessor) {
    return client.call('POST', 'sys/capabilities-accessor', { body: { accessor: token, path } });
  }
  if (token === '' || token === client.token) {
    return client.call('POST', 'sys/capabilities-self', { body: { token: client.token, path } });
  }
  return client.call('POST', 'sys/capabilities', { body: { token, path } });
}
