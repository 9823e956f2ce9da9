// Requests from pages of other origins: refused, or answered with the headers that a browser wants to see.
import type { Context } from 'koa';
import { ClientError } from '#sdk/errors.ts';
import { allowedHeaders, CORS_KEY, isAllowedOrigin, type CorsRecord } from '../cors.ts';
import type { Node } from '../node.ts';

const METHODS: readonly string[] = ['DELETE', 'GET', 'OPTIONS', 'POST', 'PUT', 'LIST', 'PATCH'];
/** How long a browser may remember the answer to its preflight. */
const MAX_AGE_SECONDS = '300';

/**
 * @returns whether the request was a preflight, and is answered
 * @throws ClientError 403 for an origin that is not allowed
 */
export function answerCors(node: Node, context: Context): boolean {
  const { headers, method } = context.req;
  const { origin } = headers;
  // Without an origin it is no browser; a sealed node cannot know whom it allows.
  if (origin === undefined || origin === '') return false;
  const config = node.unsealed()?.barrier.read<CorsRecord>(CORS_KEY)?.value;
  if (config === undefined) return false;
  if (!isAllowedOrigin(config, origin)) throw new ClientError(403, 'origin not allowed');
  const isPreflight = method === 'OPTIONS';
  if (isPreflight && !METHODS.includes(headers['access-control-request-method'] ?? '')) {
    answerEmpty(context, 405);
    return true;
  }
  context.set('Access-Control-Allow-Origin', origin);
  context.set('Vary', 'Origin');
  if (!isPreflight) return false;
  context.set('Access-Control-Allow-Methods', METHODS.join(','));
  context.set('Access-Control-Allow-Headers', allowedHeaders(config).join(','));
  context.set('Access-Control-Max-Age', MAX_AGE_SECONDS);
  answerEmpty(context, 200);
  return true;
}

function answerEmpty(context: Context, status: number): void {
  context.body = '';
  context.remove('Content-Type');
  context.status = status;
}
