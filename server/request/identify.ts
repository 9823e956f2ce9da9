// Who asks: from the token to its entry and policies. A use of a counted token is spent here, whatever comes of it.
import { isWithinAny } from '#sdk/cidr.ts';
import { type ClientError, invalidToken, permissionDenied } from '#sdk/errors.ts';
import type { Transaction } from '#storage/transaction.ts';
import { USES_SPENT, type TokenEntry } from '../token/entry.ts';
import type { Unsealed } from '../unsealed.ts';
import { isOpenToAll } from './open.ts';
import type { Admitted, Arrived, Known } from './stages.ts';
import { openWrappingJwt } from './wrapping-jwt.ts';
import { isAboutWrapping, wrappingRefusal } from './wrapping-token.ts';

export function identify(node: Unsealed, transaction: Transaction, admitted: Admitted): Known {
  const { arrived } = admitted;
  if (isAboutWrapping(arrived)) {
    const refusal = wrappingRefusal(node, transaction, arrived);
    if (refusal !== undefined) return unknown(admitted, refusal);
  }
  const isPublic = isOpenToAll(admitted);
  if (arrived.token === undefined) {
    return unknown(admitted, isPublic ? undefined : permissionDenied());
  }
  const found = findToken(node, transaction, arrived);
  // A path that is open to all asks for no token and spends no use of one; but who shows one is on record.
  if (found === undefined || found.numUses === USES_SPENT) {
    return unknown(admitted, isPublic ? undefined : invalidToken());
  }
  const { boundCidrs } = found;
  if (boundCidrs.length > 0 && !isWithinAny(arrived.remoteAddress, boundCidrs)) {
    return unknown(admitted, isPublic ? undefined : permissionDenied());
  }
  return known(admitted, isPublic ? found : spendUse(node, transaction, found));
}

/** A wrapping token may have come as a JWT, but only where it is opened. */
function findToken(
  node: Unsealed,
  transaction: Transaction,
  arrived: Arrived,
): TokenEntry | undefined {
  const given = arrived.token ?? '';
  const inside = isAboutWrapping(arrived) ? openWrappingJwt(transaction, given) : undefined;
  return node.tokens.find(transaction, inside ?? given);
}

function known(admitted: Admitted, token: TokenEntry): Known {
  return {
    stage: 'known',
    admitted,
    token,
    policies: token.policies,
    identityPolicies: [],
    refusal: undefined,
  };
}

function unknown(admitted: Admitted, refusal: ClientError | undefined): Known {
  return {
    stage: 'known',
    admitted,
    token: undefined,
    policies: [],
    identityPolicies: [],
    refusal,
  };
}

/** The entry as it is during this request: the last use is being made when it says USES_SPENT. */
function spendUse(node: Unsealed, transaction: Transaction, token: TokenEntry): TokenEntry {
  if (token.numUses === 0) return token;
  const spent = { ...token, numUses: token.numUses === 1 ? USES_SPENT : token.numUses - 1 };
  node.tokens.update(transaction, spent);
  return spent;
}
