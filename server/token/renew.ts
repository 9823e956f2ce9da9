// auth/token/renew: a token made to live longer, by the terms that are in force now.
import type { Call } from '#sdk/call.ts';
import { seconds, type Seconds } from '#sdk/duration.ts';
import type { RenewedTerms } from '#sdk/engine.ts';
import { badRequest, ClientError, serverError } from '#sdk/errors.ts';
import { duration, sensitive, text } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import type { AuthReply } from '#sdk/reply.ts';
import { viewOf } from '#storage/view.ts';
import type { LeaseLimits } from '../mount/table.ts';
import type { System } from '../sys/system.ts';
import { authBlock } from './auth-block.ts';
import type { TokenEntry } from './entry.ts';
import { entryOfAccessor } from './lookup.ts';
import { readRole } from './role.ts';
import { calculateTtl, endOf, PAST_MAXIMUM } from './ttl.ts';

const path = pathFor<System>();

interface Increment {
  readonly increment: Seconds;
}

type RenewCall = Call<System, Increment>;

const token = sensitive('The token to renew').default('');
const increment = duration(
  'How long the token is to live from now on; periodic tokens do not look at it',
).default(seconds(0));

export const renew = path('renew', {
  help: 'This endpoint will renew the given token and prevent expiration.',
  fields: { token, increment },
  operations: {
    write: {
      summary: 'Renew a token',
      handler: (call) => {
        const { engine, data } = call;
        if (data.token === '') throw badRequest('missing token ID');
        const entry = engine.services.tokens.find(engine.transaction, data.token);
        return renewToken(call, entry, data.token);
      },
    },
  },
});

export const renewSelf = path('renew-self', {
  help: 'This endpoint will renew the token used to call it and prevent expiration.',
  fields: { token: sensitive('Not looked at: it is the token of the request'), increment },
  operations: {
    write: {
      summary: 'Renew the token of the request',
      handler: (call) => {
        const { token: own, admitted } = call.engine.known;
        return renewToken(call, own, admitted.arrived.token ?? '');
      },
    },
  },
});

export const renewAccessor = path('renew-accessor', {
  help: 'This endpoint will renew a token associated with the given accessor and its properties. Response will not contain the token ID.',
  fields: { accessor: text('The accessor of the token').default(''), increment },
  operations: {
    write: {
      summary: 'Renew a token by its accessor',
      handler: (call) => renewToken(call, entryOfAccessor(call.engine, call.data.accessor), ''),
    },
  },
});

/** Nothing (204) when the auth method has no terms any more: the token lives on to its end. */
function renewToken(
  call: RenewCall,
  entry: TokenEntry | undefined,
  shown: string,
): AuthReply | undefined {
  checkRenewable(entry);
  const found = termsOf(call, entry);
  if (found === undefined) return undefined;
  const now = call.clock.now();
  const request = { ...found.terms, ...call.data, start: entry.createdAt, now };
  const result = calculateTtl(request, found.limits);
  if (result === undefined) throw serverError(PAST_MAXIMUM);
  result.warnings.forEach(call.warn);
  const renewed = { ...entry, renewedAt: now, expiresAt: endOf(now, result.ttl) };
  call.engine.services.tokens.update(call.engine.transaction, renewed);
  const auth = authBlock({ token: shown, entry: renewed }, result.ttl);
  return { kind: 'auth', auth, displayName: entry.displayName };
}

function checkRenewable(entry: TokenEntry | undefined): asserts entry is TokenEntry {
  if (entry === undefined) throw badRequest('token not found');
  if (entry.type === 'batch') throw badRequest('batch tokens cannot be renewed');
  if (!entry.isRenewable || entry.expiresAt === undefined) {
    throw badRequest('lease is not renewable');
  }
}

interface Terms extends RenewedTerms {
  readonly explicitMaxTtl: Seconds;
}

interface Found {
  readonly terms: Terms;
  readonly limits: LeaseLimits;
}

function termsOf(call: RenewCall, entry: TokenEntry): Found | undefined {
  return entry.path.startsWith(call.mount.path)
    ? { terms: ownTerms(call, entry), limits: call.mount }
    : loginTerms(call, entry);
}

/** A token made by auth/token: what it was given, or what its role says now. */
function ownTerms({ storage }: RenewCall, entry: TokenEntry): Terms {
  const { period, explicitMaxTtl } = entry;
  const lasting = { ttl: lastTtl(entry), maxTtl: seconds(0) };
  if (entry.role === '') return { ...lasting, period, explicitMaxTtl };
  const role = readRole(storage, entry.role);
  if (role === undefined) {
    throw failedToRenew(`original token role "${entry.role}" could not be found, not renewing`);
  }
  return {
    ...lasting,
    period: role.token_period,
    explicitMaxTtl: role.token_explicit_max_ttl,
  };
}

/** Without an increment a token is renewed for as long as the last time. */
function lastTtl({ createdAt, renewedAt, expiresAt = createdAt }: TokenEntry): Seconds {
  return seconds(Math.round((expiresAt - (renewedAt ?? createdAt)) / 1000));
}

/** A token of a login: what the auth method says now. */
function loginTerms({ engine, clock }: RenewCall, entry: TokenEntry): Found | undefined {
  const { services, transaction } = engine;
  const mount = services.mounts.in(transaction).route(entry.path)?.mount;
  if (mount?.engine.renew === undefined || entry.internal === undefined) {
    throw failedToRenew('unsupported operation');
  }
  const terms = askMethod(() =>
    mount.engine.renew?.({
      engine: mount.instance,
      storage: viewOf(transaction, mount.storagePrefix),
      mount: mount.facts,
      clock,
      internal: entry.internal ?? {},
      policies: entry.policies,
      metadata: entry.metadata ?? {},
    }),
  );
  if (terms === undefined) return undefined;
  return { terms: { ...terms, explicitMaxTtl: entry.explicitMaxTtl }, limits: mount.facts };
}

/** What the method itself could not do is a failure of the renewal; what it refuses as a mistake is passed on. */
function askMethod<T>(ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    if (!(error instanceof ClientError) || error.status < 500) throw error;
    throw failedToRenew(error.message);
  }
}

const failedToRenew = (reason: string): ClientError =>
  serverError(`failed to renew entry: ${reason}`);
