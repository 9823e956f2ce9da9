// Batch tokens: the entry itself, sealed with the barrier's key, is the token. Nothing of it is stored, so nobody can
// renew, revoke or list it; it ends by itself, or with its parent.
import type { Millis } from '#sdk/clock.ts';
import { seconds, type Seconds } from '#sdk/duration.ts';
import { badRequest } from '#sdk/errors.ts';
import type { Transaction } from '#storage/transaction.ts';
import type { NewToken, TokenEntry } from './entry.ts';
import { endOf } from './ttl.ts';

export const BATCH_PREFIX = 'hvb.';
/** What is sealed for another purpose opens as nothing. */
const SEALED_AS = 'token/batch';
/** A longer one could never be presented: the listener takes no longer header. */
const BATCH_TOKEN_LETTERS_MAX = 8192;

/** What differs between batch tokens, as short as JSON has it: it travels with every request. */
type Sealed = readonly [
  policies: readonly string[],
  path: string,
  displayName: string,
  metadata: Readonly<Record<string, string>> | null,
  entityId: string,
  createdAt: Millis,
  creationTtl: Seconds,
  parent: string,
  boundCidrs: readonly string[],
  role: string,
  noIdentityPolicies: boolean,
];

/** @throws ClientError 400 for more than a token can carry */
export function sealBatch(transaction: Transaction, made: NewToken): string {
  const { policies, path, displayName, metadata, entityId, createdAt, creationTtl } = made;
  const { parent, boundCidrs, role, noIdentityPolicies } = made;
  const sealed: Sealed = [
    policies,
    path,
    displayName,
    metadata,
    entityId,
    createdAt,
    creationTtl,
    parent,
    boundCidrs,
    role,
    noIdentityPolicies,
  ];
  const bytes = transaction.sealToken(SEALED_AS, Buffer.from(JSON.stringify(sealed)));
  const token = BATCH_PREFIX + bytes.toString('base64url');
  if (token.length <= BATCH_TOKEN_LETTERS_MAX) return token;
  throw badRequest('batch tokens cannot carry that much: fewer policies or less metadata');
}

/** The entry that a batch token carries, `undefined` for a token that was not sealed here. */
export function openBatch(transaction: Transaction, token: string): TokenEntry | undefined {
  const bytes = Buffer.from(token.slice(BATCH_PREFIX.length), 'base64url');
  const plaintext = transaction.openToken(SEALED_AS, bytes);
  if (plaintext === undefined) return undefined;
  const sealed = JSON.parse(plaintext.toString()) as Sealed; // only `sealBatch` can have made it
  const [policies, path, displayName, metadata, entityId, createdAt, creationTtl] = sealed;
  const [, , , , , , , parent, boundCidrs, role, noIdentityPolicies] = sealed;
  return batchEntry({
    type: 'batch',
    parent,
    policies,
    path,
    displayName,
    metadata,
    entityId,
    numUses: 0,
    createdAt,
    creationTtl,
    renewedAt: undefined,
    expiresAt: endOf(createdAt, creationTtl),
    explicitMaxTtl: seconds(0),
    period: seconds(0),
    isRenewable: false,
    boundCidrs,
    role,
    noIdentityPolicies,
    internal: undefined,
    wrapping: undefined,
  });
}

/** A batch token has neither a record nor an accessor. */
export const batchEntry = (made: NewToken): TokenEntry => ({ ...made, key: '', accessor: '' });
