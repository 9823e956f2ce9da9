// `vault token lookup`: what is known about a token.
import type { Client } from '../../client/client.ts';
import type { Secret } from '../../client/secret.ts';
import { defineCommand } from '../../command.ts';
import { orFail } from '../../failure.ts';
import { printSecret } from '../../format/output.ts';
import { ACCESSOR_FLAG, tokenArgument } from './which.ts';

export const tokenLookup = defineCommand({
  usage: 'token lookup [options] [TOKEN | ACCESSOR]',
  about:
    'Displays information about a token or accessor. If a token is not provided, the locally authenticated token is used.\n\n      $ vault token lookup',
  shared: ['http', 'format'],
  flags: ACCESSOR_FLAG,
  run: async ({ flags, args, ui, connect }) => {
    const token = tokenArgument(args, flags.accessor);
    const secret = await orFail('Error looking up token', lookup(connect(), token, flags.accessor));
    return printSecret(ui, secret);
  },
});

function lookup(client: Client, token: string, isAccessor: boolean): Promise<Secret | undefined> {
  if (token === '') return client.call('GET', 'auth/token/lookup-self');
  return isAccessor
    ? client.call('POST', 'auth/token/lookup-accessor', { body: { accessor: token } })
    : client.call('POST', 'auth/token/lookup', { body: { token } });
}
