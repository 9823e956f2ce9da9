// The wrapping token that a request to open a wrapping means: in the body, or the token of the request itself.
import { badRequest, ClientError } from '#sdk/errors.ts';
import type { Transaction } from '#storage/transaction.ts';
import type { TokenEntry } from '../token/entry.ts';
import type { Unsealed } from '../unsealed.ts';
import type { Arrived } from './stages.ts';
import { openWrappingJwt } from './wrapping-jwt.ts';

const PATHS: ReadonlySet<string> = new Set([
  'sys/wrapping/lookup',
  'sys/wrapping/rewrap',
  'sys/wrapping/unwrap',
]);

/** Whether a path is about a wrapping token, which must hold whoever asks. */
export const isAboutWrapping = ({ path }: Pick<Arrived, 'path'>): boolean => PATHS.has(path);

/** Why a request that is about a wrapping token cannot be: the token is none, or no longer. */
export function wrappingRefusal(
  node: Pick<Unsealed, 'tokens'>,
  transaction: Transaction,
  arrived: Arrived,
): ClientError | undefined {
  const sent = arrived.parameters['token'];
  if (sent === undefined || sent === null) {
    if (arrived.token === undefined) {
      return new ClientError(403, 'error validating wrapping token: token is empty');
    }
  } else if (typeof sent !== 'string' || sent === '') {
    const reason = sent === '' ? 'empty token' : 'could not decode token';
    return badRequest(`error validating wrapping token: ${reason} in request body`);
  }
  if (wrappingTokenOf(node, transaction, arrived) !== undefined) return undefined;
  return badRequest('wrapping token is not valid or does not exist');
}

/** The token that wraps something; `undefined` when it does not, or not any more. */
export function wrappingTokenOf(
  { tokens }: Pick<Unsealed, 'tokens'>,
  transaction: Transaction,
  { parameters, token }: Arrived,
): TokenEntry | undefined {
  const sent = parameters['token'];
  const given = typeof sent === 'string' ? sent : (token ?? '');
  const bare = openWrappingJwt(transaction, given) ?? given;
  const entry = tokens.find(transaction, bare);
  return entry?.wrapping === undefined ? undefined : entry;
}
