// `vault token revoke`: the end of a token, and of what was made with it.
import type { Client } from '../../client/client.ts';
import { defineCommand } from '../../command.ts';
import { orFail, usageFailure } from '../../failure.ts';
import { boolFlag, textFlag } from '../../flags.ts';
import { ACCESSOR_FLAG } from './which.ts';

export const tokenRevoke = defineCommand({
  usage: 'token revoke [options] [TOKEN | ACCESSOR]',
  about:
    'Revokes authentication tokens and their children. If a TOKEN is not provided, the locally authenticated token is used with -self.\n\n      $ vault token revoke 96ddf4bc-d217-f3ba-f9bd-017055595017',
  shared: ['http'],
  flags: {
    ...ACCESSOR_FLAG,
    self: boolFlag('Revoke the token that is used.'),
    mode: textFlag(
      'What is revoked: nothing for the token and its children, "orphan" for the token alone, "path" for the tokens made at the path that is given.',
    ),
  },
  run: async ({ flags, args, ui, connect }) => {
    const wanted: Wanted = { ...flags, token: (args[0] ?? '').trim() };
    checkArguments(args, wanted);
    await orFail('Error revoking token', revoke(connect(), wanted));
    ui.output('Success! Revoked token (if it existed)');
    return 0;
  },
});

interface Wanted {
  readonly token: string;
  readonly self: boolean;
  readonly accessor: boolean;
  readonly mode: string;
}

function checkArguments(args: readonly string[], { self, accessor, mode }: Wanted): void {
  const count = args.length;
  if (self && count > 0) {
    throw usageFailure(`Too many arguments with -self (expected 0, got ${count})`);
  }
  if (!self && count > 1) {
    throw usageFailure(`Too many arguments (expected 1 or -self, got ${count})`);
  }
  if (!self && count < 1) {
    throw usageFailure(`Not enough arguments (expected 1 or -self, got ${count})`);
  }
  if (self && accessor) throw usageFailure('Cannot use -self with -accessor!');
  if (self && mode !== '') throw usageFailure('Cannot use -self with -mode!');
  if (accessor && mode !== '') throw usageFailure(`Cannot use -accessor with -mode=${mode}!`);
  if (!['', 'orphan', 'path'].includes(mode)) throw usageFailure(`Invalid mode: ${mode}`);
}

function revoke(client: Client, { token, self, accessor, mode }: Wanted): Promise<unknown> {
  if (self) return client.write('auth/token/revoke-self');
  if (accessor) {
    return client.call('POST', 'auth/token/revoke-accessor', { body: { accessor: token } });
  }
  if (mode === 'path') return client.write(`sys/leases/revoke-prefix/${token}`);
  const path = mode === 'orphan' ? 'auth/token/revoke-orphan' : 'auth/token/revoke';
  return client.write(path, { token });
}
