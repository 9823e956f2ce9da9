// `vault token renew`: more time for a token.
import type { Client } from '../../client/client.ts';
import type { Secret } from '../../client/secret.ts';
import { defineCommand } from '../../command.ts';
import { orFail } from '../../failure.ts';
import { durationFlag } from '../../flags.ts';
import { printSecret } from '../../format/output.ts';
import { ACCESSOR_FLAG, tokenArgument } from './which.ts';

export const tokenRenew = defineCommand({
  usage: 'token renew [options] [TOKEN]',
  about:
    "Renews a token's lease, extending the amount of time it can be used. If a TOKEN is not provided, the locally authenticated token is used. Lease renewal will fail if the token is not renewable, the token has already been revoked, or if the token has already reached its maximum TTL.\n\n      $ vault token renew -increment=30m",
  shared: ['http', 'format'],
  flags: {
    ...ACCESSOR_FLAG,
    increment: durationFlag(
      'How long the token should live from now on; the server may grant less.',
      0,
      {
        aliases: ['i'],
      },
    ),
  },
  run: async ({ flags, args, ui, connect }) => {
    const token = tokenArgument(args, flags.accessor);
    const request = renew(connect(), token, {
      isAccessor: flags.accessor,
      increment: Math.trunc(flags.increment),
    });
    return printSecret(ui, await orFail('Error renewing token', request));
  },
});

function renew(
  client: Client,
  token: string,
  { isAccessor, increment }: { readonly isAccessor: boolean; readonly increment: number },
): Promise<Secret | undefined> {
  if (token === '') return client.write('auth/token/renew-self', { increment });
  if (!isAccessor) return client.write('auth/token/renew', { token, increment });
  const body = { accessor: token, increment };
  return client.call('POST', 'auth/token/renew-accessor', { body });
}
