// What a token may do that is not the one of the request: asked for its capabilities, or shown what it may see.
import { isWithinAny } from '#sdk/cidr.ts';
import { invalidToken, permissionDenied } from '#sdk/errors.ts';
import type { Transaction } from '#storage/transaction.ts';
import type { Known } from '../request/stages.ts';
import { USES_SPENT, type TokenEntry } from '../token/entry.ts';
import type { Unsealed } from '../unsealed.ts';
import type { Acl } from './acl.ts';

type Services = Pick<Unsealed, 'entities' | 'policies' | 'tokens'>;

export function aclOfToken(
  { entities, policies }: Services,
  transaction: Transaction,
  { entityId, policies: names }: Pick<TokenEntry, 'entityId' | 'policies'>,
): Acl {
  const entity = entityId === '' ? undefined : entities.find(transaction, entityId);
  return policies.aclOf(transaction, names, entity);
}

/**
 * What whoever asks may do, on a path that is open to all and shows more to those with a token. No use of it is spent.
 *
 * @returns `undefined` without a token
 * @throws ClientError 403 for a token that does not hold
 */
export function aclOfOptionalToken(
  services: Services,
  transaction: Transaction,
  { admitted: { arrived } }: Known,
): Acl | undefined {
  if (arrived.token === undefined) return undefined;
  const token = services.tokens.find(transaction, arrived.token);
  if (token === undefined || token.numUses === USES_SPENT) throw invalidToken();
  const { boundCidrs } = token;
  if (boundCidrs.length > 0 && !isWithinAny(arrived.remoteAddress, boundCidrs)) {
    throw permissionDenied();
  }
  return aclOfToken(services, transaction, token);
}
