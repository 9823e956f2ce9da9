// What entries say of a token however it is used. Worked out once for as long as the token's record is in memory.
import { createHash } from 'node:crypto';
import { formatTime, millis } from '#sdk/clock.ts';
import type { TokenEntry } from '../token/entry.ts';
import { Concealed } from './concealed.ts';
import { NAMESPACE } from './part.ts';

export interface TokenFacts {
  readonly accessor: Concealed | undefined;
  readonly clientId: string;
  readonly issueTime: string;
  /** What the hashes of the token and its accessor may be kept with. */
  readonly owner: TokenEntry | undefined;
}

export class TokenFactsCache {
  readonly #factsByToken = new WeakMap<TokenEntry, TokenFacts>();

  of(token: TokenEntry): TokenFacts {
    const known = this.#factsByToken.get(token);
    if (known !== undefined) return known;
    const facts = factsOf(token);
    this.#factsByToken.set(token, facts);
    return facts;
  }
}

function factsOf(token: TokenEntry): TokenFacts {
  // A wrapping token also has the form of a JWT: its record does not stand for one text.
  const owner = token.wrapping === undefined ? token : undefined;
  return {
    accessor: token.accessor === '' ? undefined : new Concealed('accessor', token.accessor, owner),
    clientId: clientId(token),
    issueTime: formatTime(millis(Math.floor(token.createdAt / 1000) * 1000)),
    owner,
  };
}

/** Whom a request counts for: an entity, or all tokens with the same policies. */
function clientId(token: TokenEntry): string {
  if (token.entityId !== '') return token.entityId;
  const policies = token.policies.toSorted().join('\x7f');
  return createHash('sha256').update(`${policies}\0${NAMESPACE.id}`).digest('base64');
}
