// The kinds of tokens that a user, a role or a mount may ask for.
import { badRequest } from './errors.ts';

/** `default` and the `default-*` types leave it to the mount (`default-service` unless tuned). */
const TOKEN_TYPES = ['default', 'service', 'batch', 'default-service', 'default-batch'] as const;
export type TokenType = (typeof TOKEN_TYPES)[number];

function isTokenType(value: string): value is TokenType {
  return (TOKEN_TYPES as readonly string[]).includes(value);
}

/** Checks a token_type that was sent. @throws ClientError 400 */
export function decodeTokenType(sent: string): TokenType {
  if (sent === '') return 'default';
  if (!isTokenType(sent)) throw badRequest(`invalid 'token_type' value "${sent}"`);
  return sent;
}
