// auth/token/lookup: what is known of a token, by itself or by its accessor.
import { formatTime, type Millis } from '#sdk/clock.ts';
import { ClientError, invalidRequest } from '#sdk/errors.ts';
import { sensitive, text } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { reply, type DataReply } from '#sdk/reply.ts';
import type { System } from '../sys/system.ts';
import type { TokenEntry } from './entry.ts';
import { secondsUntil } from './ttl.ts';

const path = pathFor<System>();

interface LookupCall {
  readonly engine: System;
  readonly data: { readonly token: string };
}

export const lookup = path('lookup', {
  help: 'This endpoint will lookup a token and its properties.',
  fields: {
    token: sensitive('The token to look up; the token of the request if none').default(''),
  },
  operations: {
    read: { standby: 'serve', summary: 'Look up a token', handler: lookUp },
    write: { standby: 'serve', summary: 'Look up a token', handler: lookUp },
  },
});

export const lookupSelf = path('lookup-self', {
  help: 'This endpoint will lookup a token and its properties.',
  fields: { token: sensitive('Not looked at: it is the token of the request').default('') },
  operations: {
    read: { standby: 'serve', summary: 'Look up the token of the request', handler: lookUpSelf },
    write: { standby: 'serve', summary: 'Look up the token of the request', handler: lookUpSelf },
  },
});

export const lookupAccessor = path('lookup-accessor', {
  help: 'This endpoint will lookup a token associated with the given accessor and its properties. Response will not contain the token ID.',
  fields: { accessor: text('The accessor of the token').default('') },
  operations: {
    write: {
      standby: 'serve',
      summary: 'Look up a token by its accessor',
      handler: ({ engine, data }) =>
        reply(describe(entryOfAccessor(engine, data.accessor), '', engine.services.clock.now())),
    },
  },
});

/** @throws ClientError 400 for an accessor of no token */
export function entryOfAccessor({ services, transaction }: System, accessor: string): TokenEntry {
  if (accessor === '') throw invalidRequest('missing accessor');
  const entry = services.tokens.findByAccessor(transaction, accessor);
  if (entry === undefined) throw invalidRequest('invalid accessor');
  return entry;
}

function lookUp(call: LookupCall): DataReply {
  const { engine, data } = call;
  const { services, transaction } = engine;
  if (data.token === '') return lookUpSelf(call);
  const entry = services.tokens.find(transaction, data.token);
  if (entry === undefined) throw new ClientError(403, 'bad token');
  return reply(describe(entry, data.token, services.clock.now()));
}

/** The entry as it is during this request: its last use shows as such. */
function lookUpSelf({ engine: { known, services } }: LookupCall): DataReply {
  const { token, admitted } = known;
  if (token === undefined) throw new ClientError(403, 'bad token');
  return reply(describe(token, admitted.arrived.token ?? '', services.clock.now()));
}

/** An entry under Vault's names. What was never set is absent where Vault leaves it away, and empty where it does not. */
function describe(entry: TokenEntry, id: string, now: Millis) {
  const { boundCidrs, expiresAt, renewedAt, period, role } = entry;
  return {
    accessor: entry.accessor,
    ...(boundCidrs.length === 0 ? {} : { bound_cidrs: boundCidrs }),
    creation_time: unixSeconds(entry.createdAt),
    creation_ttl: entry.creationTtl,
    display_name: entry.displayName,
    entity_id: entry.entityId,
    expire_time: expiresAt === undefined ? null : formatTime(expiresAt),
    explicit_max_ttl: entry.explicitMaxTtl,
    id,
    issue_time: formatTime(entry.createdAt),
    ...(renewedAt === undefined
      ? {}
      : { last_renewal: formatTime(renewedAt), last_renewal_time: unixSeconds(renewedAt) }),
    meta: entry.metadata,
    num_uses: entry.numUses,
    orphan: entry.parent === '',
    path: entry.path,
    ...(period === 0 ? {} : { period }),
    policies: entry.policies,
    renewable: entry.isRenewable && expiresAt !== undefined,
    ...(role === '' ? {} : { role }),
    ttl: expiresAt === undefined ? 0 : secondsUntil(expiresAt, now),
    type: entry.type,
  };
}

const unixSeconds = (time: Millis): number => Math.floor(time / 1000);
