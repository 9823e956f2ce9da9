// sys/leases: leases looked up, renewed and revoked by their ids, and the paths of old that do the same.
import type { Call } from '#sdk/call.ts';
import { formatTime } from '#sdk/clock.ts';
import { seconds, type Seconds } from '#sdk/duration.ts';
import { badRequest, ClientError } from '#sdk/errors.ts';
import { boolean, duration, rest, text } from '#sdk/field.ts';
import { pathFor, type Path } from '#sdk/path.ts';
import { listReply, reply, type DataReply } from '#sdk/reply.ts';
import { leaseNames, readLease } from '../lease/entry.ts';
import { reasonOf } from '../lease/terms.ts';
import { secondsUntil } from '../token/ttl.ts';
import { irrevocable, irrevocableCount } from './irrevocable-leases.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

interface Named {
  readonly lease_id: string;
  readonly url_lease_id?: string | undefined;
}

const lease_id = text('The id of the lease').default('');
const url_lease_id = rest('The id of the lease');
const increment = duration('How long the lease is to last from now on').default(seconds(0));
const sync = boolean('Answers when the lease has ended, or why it has not').default(false);
const prefix = rest('The path of the leases, without the last part of their ids');

const lookup = path('leases/lookup', {
  help: 'View or list lease metadata.',
  fields: { lease_id },
  operations: { write: { standby: 'serve', summary: 'Look up a lease', handler: lookUp } },
});

const list = path('leases/lookup/{prefix...}', {
  help: 'View or list lease metadata.',
  access: 'sudo',
  fields: { prefix: rest('The beginning of the ids') },
  operations: {
    list: {
      standby: 'serve',
      summary: 'List the leases below a path',
      handler: ({ engine: { transaction }, data }) =>
        listReply(isListable(data.prefix) ? leaseNames(transaction, data.prefix) : []),
    },
  },
});

const renewFields = { lease_id, increment } as const;
const revokeFields = { lease_id, sync } as const;

/** By the names of now and of old; each has a rule of its own in policies. */
const named: readonly Path<System>[] = (['leases/renew', 'renew'] as const)
  .flatMap((template) => [
    path(template, {
      help: 'Renew a lease on a secret',
      fields: renewFields,
      operations: { write: { summary: 'Renew a lease', handler: renew } },
    }),
    path(`${template}/{url_lease_id...}`, {
      help: 'Renew a lease on a secret',
      fields: { ...renewFields, url_lease_id },
      operations: { write: { summary: 'Renew a lease', handler: renew } },
    }),
  ])
  .concat(
    (['leases/revoke', 'revoke'] as const).flatMap((template) => [
      path(template, {
        help: 'Revoke a leased secret immediately',
        fields: revokeFields,
        operations: { write: { summary: 'Revoke a lease', handler: revoke } },
      }),
      path(`${template}/{url_lease_id...}`, {
        help: 'Revoke a leased secret immediately',
        fields: { ...revokeFields, url_lease_id },
        operations: { write: { summary: 'Revoke a lease', handler: revoke } },
      }),
    ]),
  );

const prefixed: readonly Path<System>[] = (['leases/', ''] as const).flatMap((folder) => [
  path(`${folder}revoke-prefix/{prefix...}`, {
    help: 'Revoke all secrets generated in a given prefix',
    access: 'sudo',
    fields: { prefix, sync },
    operations: {
      write: {
        summary: 'Revoke the leases below a path',
        handler: async ({ engine: { services, transaction, known }, data }) => {
          const { leases } = services;
          if (data.sync) await leases.revokeBelow(transaction, data.prefix, known);
          else await leases.expireBelow(transaction, data.prefix, known);
          return undefined;
        },
      },
    },
  }),
  path(`${folder}revoke-force/{prefix...}`, {
    help: 'Revoke all secrets generated in a given prefix, ignoring errors.',
    access: 'sudo',
    fields: { prefix },
    operations: {
      write: {
        summary: 'Revoke the leases below a path, and forget those that cannot be',
        handler: async ({ engine: { services, transaction, known }, data }) => {
          await services.leases.forceBelow(transaction, data.prefix, known);
          return undefined;
        },
      },
    },
  }),
]);

const TIDY_STARTED =
  "Tidy operation successfully started. Any information from the operation will be printed to Vault's server logs.";

const tidy = path('leases/tidy', {
  help: 'This endpoint performs cleanup tasks that can be run if certain error conditions have occurred.',
  fields: {},
  operations: {
    write: {
      summary: 'Look at every token and lease again',
      handler: ({ engine: { services, afterwards }, warn }) => {
        afterwards(() => services.leases.restore());
        warn(TIDY_STARTED);
        return reply(null, { status: 202 });
      },
    },
  },
});

export const leasePaths: readonly Path<System>[] = [
  lookup,
  list,
  ...named,
  ...prefixed,
  tidy,
  irrevocable,
  irrevocableCount,
];

function lookUp({ engine, data }: Call<System, Named>): DataReply {
  const { services, transaction } = engine;
  const lease = services.leases.find(transaction, idOf(data));
  if (lease === undefined) throw badRequest('invalid lease');
  return reply({
    expire_time: formatTime(lease.expiresAt),
    id: lease.id,
    issue_time: formatTime(lease.issuedAt),
    last_renewal: lease.renewedAt === undefined ? null : formatTime(lease.renewedAt),
    path: lease.path,
    renewable: lease.isRenewable,
    ttl: secondsUntil(lease.expiresAt, services.clock.now()),
  });
}

async function renew({
  engine: { services, transaction },
  data,
  warn,
}: Call<System, Named & { readonly increment: Seconds }>): Promise<DataReply> {
  const renewed = await services.leases.renew(transaction, idOf(data), data.increment);
  renewed.warnings.forEach(warn);
  const { id, isRenewable, duration: leaseDuration } = renewed;
  return reply(null, { leaseDuration, lease: { id, isRenewable } });
}

/** Nothing is said of a lease that is not there: it has ended. */
async function revoke({
  engine: { services, transaction },
  data,
}: Call<System, Named & { readonly sync: boolean }>): Promise<undefined> {
  const id = idOf(data);
  // A token ends with the request in any case.
  if (!data.sync || readLease(transaction, id)?.kind === 'token') {
    services.leases.expire(transaction, id);
    return;
  }
  try {
    await services.leases.revoke(id);
  } catch (cause) {
    throw new ClientError(400, `failed to revoke entry: ${reasonOf(cause)}`, { cause });
  }
}

function idOf({ lease_id: sent, url_lease_id: captured = '' }: Named): string {
  const id = sent === '' ? captured : sent;
  if (id === '') throw badRequest('lease_id must be specified');
  return id;
}

const isListable = (below: string): boolean => !below.includes('//') && !below.startsWith('/');
