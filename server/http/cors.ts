// Requests from pages of other origins: refused, or answered with the headers that a browser wants to see.
import type { Context } from 'koa';
import { ClientError } from '#sdk/errors.ts';
import { allowedHeaders, CORS_KEY, isAllowedOrigin, type CorsRecord } from '../cors.ts';
import type { Node } from '../node.ts';
import type { Rendered } from './render.ts';

const METHODS: readonly string[] = ['DELETE', 'GET', 'OPTIONS', 'POST', 'PUT', 'LIST', 'PATCH'];
/** How long a browser may remember the answer to its preflight. */
const MAX_AGE_SECONDS = '300';

/**
 * Puts the headers on the answer that a page of another origin needs to see it.
 *
 * @returns the whole answer to a preflight
 * @throws ClientError 403 for an origin that is not allowed
 */
export function answerCors(node: Node, context: Context): Rendered | undefined {
  const { headers, method } = context.req;
  const { origin } = headers;
  // Without an origin it is no browser; a sealed node cannot know whom it allows.
  if (origin === undefined || origin === '') return undefined;
  const config = node.unsealed()?.barrier.read<CorsRecord>(CORS_KEY)?.value;
  if (config === undefined) return undefined;
  if (!isAllowedOrigin(config, origin)) throw new ClientError(403, 'origin not allowed');
  const isPreflight = method === 'OPTIONS';
  if (isPreflight && !METHODS.includes(headers['access-control-request-method'] ?? '')) {
    return { ...EMPTY, status: 405 };
  }
  context.set('Access-Control-Allow-Origin', origin);
  context.set('Vary', 'Origin');
  return isPreflight ? { ...EMPTY, headers: preflightHeaders(config) } : undefined;
}

const EMPTY: Rendered = { status: 200, contentType: undefined, body: undefined, headers: {} };

const preflightHeaders = (config: CorsRecord): Rendered['headers'] => ({
  'Access-Control-Allow-Methods': METHODS.join(','),
  'Access-Control-Allow-Headers': allowedHeaders(config).join(','),
  'Access-Control-Max-Age': MAX_AGE_SECONDS,
});
