// Logging in with a name and a password, and what a renewal of such a login looks at.
import type { Call } from '#sdk/call.ts';
import { isWithinAny } from '#sdk/cidr.ts';
import type { RenewCall, RenewedTerms } from '#sdk/engine.ts';
import { badRequest, ClientError, permissionDenied, serverError } from '#sdk/errors.ts';
import { lowerText, sensitive } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { arePoliciesEquivalent } from '#sdk/policies.ts';
import { grant } from '#sdk/reply.ts';
import { tokenParameters } from '#sdk/token-fields.ts';
import type { Passwords } from './passwords.ts';
import { readUser } from './store.ts';

const path = pathFor<Passwords>();

interface LoginFields {
  readonly username: string;
  readonly password: string;
}

/** What the token of a login keeps for its renewals. */
interface Internal {
  readonly username: string;
}

export const login = path('login/{username}', {
  help: 'Log in with a name and a password',
  access: 'public',
  fields: {
    username: lowerText('The name of the user; small and capital letters are the same'),
    password: sensitive('The password of the user').default(''),
  },
  operations: { write: { summary: 'Log in', handler: logIn } },
});

/** A name that is not there and a password that is wrong get one answer, after the same work. */
async function logIn({ engine, storage, request, data }: Call<Passwords, LoginFields>) {
  const { username, password } = data;
  if (password === '') throw serverError('missing password');
  const user = readUser(storage, username);
  const isRight = await engine.isRight(password, user?.passwordHash);
  if (user === undefined || !isRight) throw badRequest('invalid username or password');
  const { fields } = user;
  const blocks = fields.token_bound_cidrs;
  if (blocks.length > 0 && !isWithinAny(request.remoteAddress, blocks)) throw permissionDenied();
  const internal: Internal = { username };
  return grant({
    alias: username,
    displayName: username,
    policies: fields.token_policies,
    metadata: { username },
    token: tokenParameters(fields),
    internal,
  });
}

/**
 * The terms of the user as they are now. A token of a user who is gone keeps its terms.
 *
 * @throws ClientError 500 when the token would have other policies today
 */
export function renewLogin({
  storage,
  internal,
  policies,
}: RenewCall<Passwords>): Pick<RenewedTerms, 'ttl' | 'maxTtl' | 'period'> | undefined {
  const { username } = internal as Internal;
  const user = readUser(storage, username);
  if (user === undefined) return undefined;
  if (!arePoliciesEquivalent(user.fields.token_policies, policies)) {
    throw new ClientError(500, 'policies have changed, not renewing');
  }
  const { ttl, maxTtl, period } = tokenParameters(user.fields);
  return { ttl, maxTtl, period };
}
