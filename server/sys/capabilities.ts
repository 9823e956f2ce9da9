// sys/capabilities: what a token may do with paths.
// https://developer.hashicorp.com/vault/api-docs/system/capabilities
import { badRequest, invalidRequest, serverError } from '#sdk/errors.ts';
import { commaList, sensitive, text } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { reply, type DataReply } from '#sdk/reply.ts';
import type { Acl } from '../policy/acl.ts';
import { aclOfToken } from '../policy/of-token.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

const pathFields = {
  path: commaList('The older name of "paths"').default([]),
  paths: commaList('Paths on which capabilities are being queried').default([]),
} as const;

interface Paths {
  readonly path: readonly string[];
  readonly paths: readonly string[];
}

const HELP = 'Fetches the capabilities of the given token on the given path.';

const ofToken = path('capabilities', {
  help: `${HELP}\n\nReturns the capabilities of the given token on the path.\nThe path will be searched for a path match in all the policies associated with the token.`,
  isFlat: true,
  fields: { ...pathFields, token: sensitive('Token for which capabilities are being queried') },
  operations: {
    write: {
      standby: 'serve',
      summary: 'Ask what a token may do',
      handler: ({ engine: { services, transaction }, data }) => {
        if ((data.token ?? '') === '') throw serverError('no token found');
        const token = services.tokens.find(transaction, data.token ?? '');
        if (token === undefined) throw invalidRequest('invalid token');
        return capabilities(aclOfToken(services, transaction, token), data);
      },
    },
  },
});

const ofSelf = path('capabilities-self', {
  help: `${HELP}\n\nReturns the capabilities of the client token on the path.`,
  isFlat: true,
  fields: pathFields,
  operations: {
    write: {
      standby: 'serve',
      summary: 'Ask what the own token may do',
      handler: ({ engine: { services, transaction, known }, data }) => {
        const entityId = known.token?.entityId ?? '';
        const caller = { entityId, policies: known.policies };
        return capabilities(aclOfToken(services, transaction, caller), data);
      },
    },
  },
});

const ofAccessor = path('capabilities-accessor', {
  help: `${HELP}\n\nReturns the capabilities of the token with the given accessor on the path.`,
  isFlat: true,
  fields: { ...pathFields, accessor: text('Accessor of the token') },
  operations: {
    write: {
      standby: 'serve',
      summary: 'Ask what the token of an accessor may do',
      handler: ({ engine: { services, transaction }, data }) => {
        if ((data.accessor ?? '') === '') throw badRequest('missing accessor');
        const token = services.tokens.findByAccessor(transaction, data.accessor ?? '');
        if (token === undefined) throw invalidRequest('invalid accessor');
        return capabilities(aclOfToken(services, transaction, token), data);
      },
    },
  },
});

export const capabilityPaths = [ofToken, ofSelf, ofAccessor];

/** What may be done with one path also stands where it stood when only one could be asked for. */
function capabilities(acl: Acl, { path: older, paths }: Paths): DataReply {
  const asked = paths.length > 0 ? paths : older;
  const [first, ...others] = asked;
  if (first === undefined) throw badRequest('paths must be supplied');
  const byPath = asked.map((one) => [one, acl.capabilities(one)] as const);
  const single = others.length === 0 ? { capabilities: acl.capabilities(first) } : {};
  return reply({ ...single, ...Object.fromEntries(byPath) });
}
