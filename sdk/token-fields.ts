// The token_* parameters that all auth methods share: declared, kept, shown and turned into a grant in one place.
// https://developer.hashicorp.com/vault/api-docs/auth/userpass (Parameters)
import { formatBlock, parseBlock } from './cidr.ts';
import { badRequest } from './errors.ts';
import { boolean, commaList, duration, integer, text } from './field.ts';
import { seconds, type Seconds } from './duration.ts';
import type { TokenParameters } from './reply.ts';
import { decodeTokenType, type TokenType } from './token-type.ts';

/** What a user or role keeps, under its wire names, so that a read shows it as it is. */
export interface StoredTokenFields {
  readonly token_bound_cidrs: readonly string[];
  readonly token_explicit_max_ttl: Seconds;
  readonly token_max_ttl: Seconds;
  readonly token_no_default_policy: boolean;
  readonly token_num_uses: number;
  readonly token_period: Seconds;
  readonly token_policies: readonly string[];
  readonly token_ttl: Seconds;
  readonly token_type: TokenType;
}

export const NO_TOKEN_FIELDS: StoredTokenFields = {
  token_bound_cidrs: [],
  token_explicit_max_ttl: seconds(0),
  token_max_ttl: seconds(0),
  token_no_default_policy: false,
  token_num_uses: 0,
  token_period: seconds(0),
  token_policies: [],
  token_ttl: seconds(0),
  token_type: 'default',
};

export const tokenFields = {
  token_bound_cidrs: commaList('Addresses or blocks of addresses that the token may be used from'),
  token_explicit_max_ttl: duration('A lifetime that no renewal can exceed'),
  token_max_ttl: duration('The longest lifetime of the token'),
  token_no_default_policy: boolean('Leaves the policy "default" away'),
  token_num_uses: integer('How often the token may be used; 0 means without limit'),
  token_period: duration('Makes the token periodic: each renewal gives it this lifetime'),
  token_policies: commaList('The policies of the token'),
  token_ttl: duration('The lifetime of the token at first'),
  token_type: text('The type of the token: service, batch or default'),
} as const;

/** The token_* parameters that were sent, decoded. */
export type SentTokenFields = {
  readonly [K in keyof StoredTokenFields]:
    (K extends 'token_type' ? string : StoredTokenFields[K]) | undefined;
};

/**
 * What is kept after `sent`: what was not sent stays.
 *
 * @throws ClientError 400 when the parameters do not go together
 */
export function updateTokenFields(
  before: StoredTokenFields,
  sent: SentTokenFields,
): StoredTokenFields {
  const after = {
    token_bound_cidrs: sent.token_bound_cidrs?.map(decodeBlock) ?? before.token_bound_cidrs,
    token_explicit_max_ttl: sent.token_explicit_max_ttl ?? before.token_explicit_max_ttl,
    token_max_ttl: sent.token_max_ttl ?? before.token_max_ttl,
    token_no_default_policy: sent.token_no_default_policy ?? before.token_no_default_policy,
    token_num_uses: sent.token_num_uses ?? before.token_num_uses,
    token_period: sent.token_period ?? before.token_period,
    token_policies: sent.token_policies ?? before.token_policies,
    token_ttl: sent.token_ttl ?? before.token_ttl,
    token_type:
      sent.token_type === undefined ? before.token_type : decodeOwnTokenType(sent.token_type),
  };
  checkTokenFields(after);
  return after;
}

/** How the token of a login is made from what its user or role keeps. */
export function tokenParameters(stored: StoredTokenFields): TokenParameters {
  return {
    ttl: stored.token_ttl,
    maxTtl: stored.token_max_ttl,
    explicitMaxTtl: stored.token_explicit_max_ttl,
    period: stored.token_period,
    numUses: stored.token_num_uses,
    boundCidrs: stored.token_bound_cidrs,
    noDefaultPolicy: stored.token_no_default_policy,
    type: stored.token_type,
  };
}

/**
 * Checks a block of addresses that was sent, and writes it as it is shown.
 *
 * @throws ClientError 400
 */
export function decodeBlock(sent: string): string {
  const block = parseBlock(sent);
  if (block !== undefined) return formatBlock(block);
  const quoted = JSON.stringify(sent);
  throw badRequest(
    `error parsing address ${quoted}: Unable to convert ${quoted} to an IPv4 or IPv6 address, or a UNIX Socket`,
  );
}

/** A user or role says what it wants, and does not leave it to the mount with another default. */
function decodeOwnTokenType(sent: string): TokenType {
  if (sent.startsWith('default-')) throw badRequest(`invalid 'token_type' value "${sent}"`);
  return decodeTokenType(sent);
}

function checkTokenFields(fields: StoredTokenFields): void {
  const { token_type, token_ttl, token_max_ttl } = fields;
  if (fields.token_num_uses < 0) throw badRequest("'token_num_uses' cannot be negative");
  if (token_type === 'batch' && fields.token_period !== 0) {
    throw badRequest(
      "'token_type' cannot be 'batch' or 'default_batch' when set to generate periodic tokens",
    );
  }
  if (token_type === 'batch' && fields.token_num_uses !== 0) {
    throw badRequest(
      "'token_type' cannot be 'batch' or 'default_batch' when set to generate tokens with limited use count",
    );
  }
  if (token_max_ttl > 0 && token_ttl > token_max_ttl) {
    throw badRequest("'token_ttl' cannot be greater than 'token_max_ttl'");
  }
}
