// sys/leases, sys/leases/count: the leases whose revocation was given up, so that somebody looks after them.
import { ClientError, badRequest, notFound } from '#sdk/errors.ts';
import { boolean, text } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { reply } from '#sdk/reply.ts';
import { irrevocableLeases, type SecretLease } from '../lease/entry.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

/** More are not told at once, unless they are asked for by force. */
const SHOWN_MAX = 10_000;
const NO_MOUNT = 'mount-accessor-not-found';

const fields = {
  type: text('The kind of leases: irrevocable').default(''),
  include_child_namespaces: boolean('There are no namespaces; it changes nothing'),
} as const;

export const irrevocable = path('leases', {
  help: 'Lists leases that could not be revoked.',
  fields: {
    ...fields,
    limit: text('How many leases are shown at most, or "none"').default(''),
    force: boolean('Shows all of them, however many there are').default(false),
  },
  operations: {
    read: {
      summary: 'List the irrevocable leases',
      handler: ({ engine, data, warn }) => {
        const all = leasesOfType(engine, data.type);
        const accessorOf = accessors(engine);
        const shown = all.slice(0, limitOf(data));
        if (shown.length < all.length && data.limit === '') {
          warn(
            'Command halted because many irrevocable leases were found. To emit the entire list, re-run the command with force set true.',
          );
        }
        const leases = shown.map((lease) => ({
          lease_id: lease.id,
          mount_id: accessorOf(lease),
          error: lease.failure?.reason ?? '',
        }));
        return reply({ lease_count: all.length, leases });
      },
    },
  },
});

export const irrevocableCount = path('leases/count', {
  help: 'Count of leases that could not be revoked.',
  fields,
  operations: {
    read: {
      summary: 'Count the irrevocable leases',
      handler: ({ engine, data }) => {
        const all = leasesOfType(engine, data.type);
        const accessorOf = accessors(engine);
        const counts = new Map<string, number>();
        for (const lease of all) {
          const accessor = accessorOf(lease);
          counts.set(accessor, (counts.get(accessor) ?? 0) + 1);
        }
        return reply({ counts: Object.fromEntries(counts), lease_count: all.length });
      },
    },
  },
});

/** No other kind is counted. */
function leasesOfType({ transaction }: System, type: string): readonly SecretLease[] {
  if (type !== 'irrevocable') throw notFound();
  return irrevocableLeases(transaction);
}

function limitOf({ limit, force }: { readonly limit: string; readonly force: boolean }): number {
  if (limit === 'none' && !force) {
    throw badRequest("'limit' can only be 'none' if 'force' is set to true");
  }
  if (limit === 'none' || (limit === '' && force)) return Infinity;
  if (limit === '') return SHOWN_MAX;
  const count = Number(limit);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new ClientError(400, "invalid 'limit' provided");
}

function accessors({ services, transaction }: System): (lease: SecretLease) => string {
  const entries = services.mounts.entries(transaction);
  const byUuid = new Map(entries.map(({ uuid, accessor }) => [uuid, accessor]));
  return ({ mount }) => byUuid.get(mount) ?? NO_MOUNT;
}
