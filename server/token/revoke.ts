// auth/token/revoke: the end of a token, with its children or without.
import { badRequest, invalidRequest } from '#sdk/errors.ts';
import { sensitive, text } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { reply } from '#sdk/reply.ts';
import type { System } from '../sys/system.ts';
import type { TokenEntry } from './entry.ts';
import { hasSudo } from './sudo.ts';

const path = pathFor<System>();

const token = sensitive('The token to revoke').default('');

export const revoke = path('revoke', {
  help: 'This endpoint will delete the given token and all of its child tokens.',
  fields: { token },
  operations: {
    write: {
      summary: 'Revoke a token and its children',
      handler: ({ engine, data }) => revokeTree(engine, findNamed(engine, data.token)),
    },
  },
});

export const revokeSelf = path('revoke-self', {
  help: 'This endpoint will delete the token used to call it and all of its child tokens.',
  fields: {},
  operations: {
    write: {
      summary: 'Revoke the token of the request and its children',
      handler: ({ engine }) => revokeTree(engine, engine.known.token),
    },
  },
});

export const revokeAccessor = path('revoke-accessor', {
  help: 'This endpoint will delete the token associated with the accessor and all of its child tokens.',
  fields: { accessor: text('The accessor of the token').default('') },
  operations: {
    write: {
      summary: 'Revoke a token by its accessor, and its children',
      handler: ({ engine, data, warn }) => {
        if (data.accessor === '') throw invalidRequest('missing accessor');
        const { services, transaction } = engine;
        const entry = services.tokens.findByAccessor(transaction, data.accessor);
        if (entry !== undefined) return revokeTree(engine, entry);
        warn('No token found with this accessor');
        return reply(null);
      },
    },
  },
});

export const revokeOrphan = path('revoke-orphan', {
  help: 'This endpoint will delete the token and orphan its child tokens.',
  fields: { token },
  operations: {
    write: {
      summary: 'Revoke a token and leave its children',
      handler: ({ engine, data }) => {
        if (!hasSudo(engine)) {
          throw badRequest('root or sudo privileges required to revoke and orphan');
        }
        const entry = findNamed(engine, data.token);
        if (entry === undefined) throw badRequest('token to revoke not found');
        refuseBatch(entry);
        engine.services.tokens.revokeOrphaning(engine.transaction, entry);
        return undefined;
      },
    },
  },
});

function findNamed({ services, transaction }: System, named: string): TokenEntry | undefined {
  if (named === '') throw badRequest('missing token ID');
  return services.tokens.find(transaction, named);
}

/** One that has ended already counts as revoked. */
function revokeTree({ services, transaction }: System, entry: TokenEntry | undefined): undefined {
  if (entry === undefined) return;
  refuseBatch(entry);
  services.tokens.revokeTree(transaction, entry);
}

function refuseBatch({ type }: TokenEntry): void {
  if (type === 'batch') throw badRequest('batch tokens cannot be revoked');
}
