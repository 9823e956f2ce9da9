// `vault lease`: leases are looked up, renewed and revoked.
import { defineCommand } from '../command.ts';
import { orFail, usageFailure } from '../failure.ts';
import { boolFlag, durationFlag } from '../flags.ts';
import { printSecret } from '../format/output.ts';
import { wrap } from '../format/wrap.ts';
import { onlyArgument } from '../input/arguments.ts';

export const leaseLookup = defineCommand({
  usage: 'lease lookup ID',
  about:
    'Looks up the lease information of a secret.\n\n      $ vault lease lookup database/creds/readonly/2f6a614c...',
  shared: ['http', 'format'],
  run: async ({ args, ui, connect }) => {
    const id = onlyArgument(args).trim();
    const request = connect().write('sys/leases/lookup', { lease_id: id });
    return printSecret(ui, await orFail(`error looking up lease id ${id}`, request));
  },
});

export const leaseRenew = defineCommand({
  usage: 'lease renew [options] ID',
  about:
    'Renews the lease on a secret, extending the time that it can be used before it is revoked by Vault.\n\n      $ vault lease renew -increment=30m database/creds/readonly/2f6a614c...',
  shared: ['http', 'format'],
  flags: {
    increment: durationFlag(
      'How long the lease should live from now on; the server may grant less.',
      0,
      {
        aliases: ['i'],
      },
    ),
  },
  run: async ({ flags, args, ui, connect }) => {
    const id = onlyArgument(args).trim();
    const body = { increment: Math.trunc(flags.increment), lease_id: id };
    const request = connect().write('sys/leases/renew', body);
    return printSecret(ui, await orFail(`Error renewing ${id}`, request));
  },
});

export const leaseRevoke = defineCommand({
  usage: 'lease revoke [options] ID',
  about:
    'Revokes secrets by their lease ID. This command can revoke a single secret or multiple secrets based on a path-matched prefix.\n\n      $ vault lease revoke database/creds/readonly/2f6a614c...\n      $ vault lease revoke -prefix database/creds/readonly',
  shared: ['http'],
  flags: {
    force: boolFlag(
      'Remove the lease even if the secrets engine fails to revoke it. Needs -prefix.',
      false,
      {
        aliases: ['f'],
      },
    ),
    prefix: boolFlag('Treat the ID as a prefix of leases.'),
    sync: boolFlag('Wait until the lease is revoked.'),
  },
  run: async ({ flags, args, ui, connect }) => {
    const id = onlyArgument(args).trim();
    if (flags.force && !flags.prefix) {
      throw usageFailure('Specifying -force requires also specifying -prefix');
    }
    if (flags.force) ui.error(wrap(FORCE_WARNING));
    const { operation, what } = kindOf(flags);
    const body = flags.force ? undefined : { sync: flags.sync };
    const request = connect().write(`sys/leases/${operation}/${id}`, body);
    await orFail(`Error ${what} ${id}`, request);
    ui.output(successOf(flags, id));
    return 0;
  },
});

interface RevokeFlags {
  readonly force: boolean;
  readonly prefix: boolean;
  readonly sync: boolean;
}

const FORCE_WARNING =
  'Warning! Force-removing leases can cause Vault to become out of sync with secret engines!';

function kindOf({ force, prefix }: RevokeFlags): {
  readonly operation: string;
  readonly what: string;
} {
  if (force) return { operation: 'revoke-force', what: 'force revoking leases with prefix' };
  if (prefix) return { operation: 'revoke-prefix', what: 'revoking leases with prefix' };
  return { operation: 'revoke', what: 'revoking lease' };
}

function successOf({ force, prefix, sync }: RevokeFlags, id: string): string {
  if (force) return `Success! Force revoked any leases with prefix: ${id}`;
  if (!sync) return 'All revocation operations queued successfully!';
  return prefix
    ? `Success! Revoked any leases with prefix: ${id}`
    : `Success! Revoked lease: ${id}`;
}
