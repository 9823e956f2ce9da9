// sys/wrapping: an answer that was wrapped is looked at, opened, or wrapped anew. Whether the wrapping token holds was
// decided when the request was identified.
// https://developer.hashicorp.com/vault/docs/concepts/response-wrapping
import { formatTime } from '#sdk/clock.ts';
import { assert, badRequest } from '#sdk/errors.ts';
import { sensitive } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { raw, reply, type RawReply } from '#sdk/reply.ts';
import { cubbyholeOf, RESPONSE_KEY, type WrappedResponse } from '../request/wrapping.ts';
import { wrappingTokenOf } from '../request/wrapping-token.ts';
import { wrappingPublicKey } from '../request/wrapping-jwt.ts';
import type { TokenEntry, WrappedBy } from '../token/entry.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

const token = sensitive('The wrapping token; without it, the token of the request is meant');

const wrap = path('wrapping/wrap', {
  help: 'Response-wraps an arbitrary JSON object.\n\nRound trips the given input data into a response-wrapped token.',
  isFree: true,
  fields: {},
  operations: {
    write: {
      summary: 'Wrap what is sent',
      handler: ({ engine: { known }, parameters }) => {
        if (known.admitted.arrived.wrap === undefined) {
          throw badRequest('endpoint requires response wrapping to be used');
        }
        return reply(parameters);
      },
    },
  },
});

const lookup = path('wrapping/lookup', {
  help: 'Looks up the properties of a response-wrapped token.\n\nReturns the creation TTL, time, and path of a response-wrapped token.',
  access: 'public',
  fields: { token },
  operations: {
    read: {
      standby: 'serve',
      summary: 'Look up the own token',
      handler: ({ engine }) => describe(engine),
    },
    write: {
      standby: 'serve',
      summary: 'Look up a wrapping token',
      handler: ({ engine }) => describe(engine),
    },
  },
});

const unwrap = path('wrapping/unwrap', {
  help: 'Unwraps a response-wrapped token.\n\nUnwraps a response-wrapped token. Unlike simply reading from cubbyhole/response,\nthis provides additional validation on the token, and rather than a JSON-escaped\nstring, the returned response is the exact same as the contained wrapped response.',
  fields: { token },
  operations: {
    write: { summary: 'Open a wrapping', handler: ({ engine }) => open(engine).answer },
  },
});

const rewrap = path('wrapping/rewrap', {
  help: 'Rotates a response-wrapped token.\n\nRotates a response-wrapped token; the output is a new token with the same\nresponse wrapped inside and the same creation TTL. The original token is revoked.',
  fields: { token },
  operations: {
    write: {
      summary: 'Wrap anew what is wrapped',
      handler: ({ engine }) => {
        const { answer, wrapping } = open(engine);
        return { ...answer, wrapAs: wrapping };
      },
    },
  },
});

const publicKey = path('wrapping/pubkey', {
  help: 'Returns pubkeys used in some wrapping formats.\n\nReturns pubkeys used in some wrapping formats.',
  access: 'public',
  fields: {},
  operations: {
    read: {
      summary: 'Read the key that signs wrapping tokens in the form of a JWT',
      handler: ({ engine: { transaction } }) => {
        const { x, y } = wrappingPublicKey(transaction);
        return reply({ jwt_x: x, jwt_y: y, jwt_curve: 'P-521' });
      },
    },
  },
});

export const wrappingPaths = [wrap, lookup, unwrap, rewrap, publicKey];

interface Wrapping {
  readonly entry: TokenEntry;
  readonly wrapping: WrappedBy;
}

function find({ services, transaction, known }: System): Wrapping {
  const entry = wrappingTokenOf(services, transaction, known.admitted.arrived);
  assert(entry?.wrapping !== undefined, 'a request is identified before it is handled');
  return { entry, wrapping: entry.wrapping };
}

function describe(system: System) {
  const { entry, wrapping } = find(system);
  return reply({
    creation_path: wrapping.creationPath,
    creation_time: formatTime(entry.createdAt),
    creation_ttl: wrapping.ttl,
  });
}

/** What is inside, word by word. The token that opened it ends. */
function open(system: System): { readonly answer: RawReply; readonly wrapping: WrappedBy } {
  const { services, transaction } = system;
  const { entry, wrapping } = find(system);
  const key = cubbyholeOf(services, transaction, entry.key) + RESPONSE_KEY;
  const wrapped = transaction.get<WrappedResponse>(key);
  if (wrapped === undefined) throw badRequest('no value found in cubbyhole');
  services.tokens.revokeTree(transaction, entry);
  const answer = raw({ status: 200, contentType: 'application/json', body: wrapped.response });
  return { answer, wrapping };
}
