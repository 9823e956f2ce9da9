// An HTTP request becomes Arrived: bounded before it is parsed, and canonical before anything is decided about it.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Verb } from '#sdk/call.ts';
import type { Millis } from '#sdk/clock.ts';
import { parseDurationSeconds, seconds } from '#sdk/duration.ts';
import { badRequest, ClientError } from '#sdk/errors.ts';
import type { ClientCertificate } from '../request/client-certificate.ts';
import type { Arrived, WrapRequest } from '../request/stages.ts';
import { Upload } from '../request/upload.ts';
import { parseBody } from './body.ts';
import type { JsonLimits } from './json-limits.ts';
import { LIST_STAND_IN } from './list-verb.ts';

const API = '/v1/';
const MERGE_PATCH = 'application/merge-patch+json';

/** A path that is not clean is answered with a redirect to the clean one, before anything looks at it. */
export interface Redirect {
  readonly location: string;
}

/** Where a request goes: the path from the root, decoded once, and the query. */
export interface Located {
  readonly path: string;
  readonly query: URLSearchParams | undefined;
}

/** What the listener's settings allow; a negative size is no limit. */
export interface RequestLimits extends JsonLimits {
  readonly max_token_header_size: number;
}

/** Read already, or still to be read by whoever may have it. */
export type Body = Buffer | Upload | undefined;

/** What the listener knows of a request besides what it sent. */
export interface Origin {
  readonly limits: RequestLimits;
  readonly at: Millis;
  /** As `tokenOf` found it. */
  readonly token: string | undefined;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly certificate: ClientCertificate | undefined;
  readonly openedPaths: readonly string[];
}

const VERBS: Readonly<Record<string, Verb>> = {
  GET: 'read',
  LIST: 'list',
  [LIST_STAND_IN]: 'list',
  PUT: 'write',
  POST: 'write',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Characters that are neither in a path nor fit for a log: controls, which no client means. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;
const RELATIVE = /(?:^|\/)\.\.(?:\/|$)/;
const UNCLEAN = /\/\/|\/\.{1,2}(?:\/|$)/;

/**
 * Reads the target of a request.
 *
 * @throws ClientError 400 for what has no single meaning (an absolute form, a broken escape, a relative segment)
 */
export function locate(target: string): Located | Redirect {
  const mark = target.indexOf('?');
  const escaped = mark === -1 ? target : target.slice(0, mark);
  if (!escaped.startsWith('/')) throw badRequest('the request target must begin with a slash');
  if (UNCLEAN.test(escaped)) {
    return { location: clean(escaped) + (mark === -1 ? '' : target.slice(mark)) };
  }
  const query = mark === -1 ? undefined : new URLSearchParams(target.slice(mark + 1));
  return { path: decodePath(escaped), query };
}

function decodePath(escaped: string): string {
  if (!escaped.includes('%')) return escaped;
  const path = unescape(escaped);
  if (CONTROL.test(path)) throw badRequest('path cannot contain control characters');
  if (RELATIVE.test(path)) throw badRequest('relative paths not supported');
  if (UNCLEAN.test(path)) throw badRequest('path cannot contain empty or relative segments');
  return path;
}

function unescape(escaped: string): string {
  try {
    return decodeURIComponent(escaped);
  } catch (cause) {
    throw new ClientError(400, 'invalid URL escape', { cause });
  }
}

/** Go's path.Clean, keeping a slash at the end. */
function clean(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  const tail = path.endsWith('/') && segments.length > 0 ? '/' : '';
  // To a browser a backslash is a slash, and two of those begin another host.
  return `/${segments.join('/')}${tail}`.replaceAll('\\', '%5C');
}

/** The verb of a request to the API, `undefined` for one that nobody knows. A read of a list is a list. */
export function verbOf(
  method: string,
  query: URLSearchParams | undefined,
): Verb | 'help' | undefined {
  const verb = Object.hasOwn(VERBS, method) ? VERBS[method] : undefined;
  if (verb === undefined || query === undefined) return verb;
  if (query.has('help')) return 'help';
  return verb === 'read' && query.has('list') && isTrue(query.get('list') ?? '') ? 'list' : verb;
}

/** Go's strconv.ParseBool, which Vault uses for the query. */
export function isTrue(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw new ClientError(400, []);
}

/**
 * Puts together what arrived at the API.
 *
 * @param located a path below `/v1/`
 * @throws ClientError 400 for headers or a body that cannot be read, 405 for a verb that nobody knows
 */
export function arrive(
  request: IncomingMessage,
  located: Located,
  body: Body,
  origin: Origin,
): Arrived {
  const verb = verbOf(request.method ?? '', located.query);
  if (verb === undefined) throw new ClientError(405, []);
  const bare = located.path.slice(API.length);
  const hasBody = verb === 'write' || verb === 'patch';
  if (verb === 'patch') checkPatchType(request.headers['content-type']);
  if (hasBody && bare.endsWith('/')) throw badRequest("cannot write to a path ending in '/'");
  return {
    stage: 'arrived',
    id: randomUUID(),
    at: origin.at,
    verb,
    path: verb === 'list' && !bare.endsWith('/') ? `${bare}/` : bare,
    parameters: hasBody
      ? parseBody(
          body instanceof Upload ? undefined : body,
          request.headers['content-type'],
          origin.limits,
        )
      : fromQuery(located.query, verb),
    token: origin.token,
    wrap: wrapOf(request),
    headers: request.headers,
    remoteAddress: origin.remoteAddress,
    remotePort: origin.remotePort,
    certificate: origin.certificate,
    openedPaths: origin.openedPaths,
    upload: body instanceof Upload ? body : undefined,
  };
}

/** JSON merge patch (RFC 7396) is the only kind of patch that Vault knows. */
function checkPatchType(contentType: string | undefined): void {
  if (contentType === undefined || contentType === '') {
    throw badRequest('PATCH requires Content-Type of application/merge-patch+json, none provided');
  }
  const [type = ''] = contentType.split(';');
  if (type.trim() === MERGE_PATCH) return;
  throw new ClientError(
    415,
    `PATCH requires Content-Type of ${MERGE_PATCH}, provided ${type.trim()}`,
  );
}

/** The query as parameters: one value is a text, several of a name are a list. */
function fromQuery(
  query: URLSearchParams | undefined,
  verb: Verb | 'help',
): Readonly<Record<string, unknown>> {
  const parameters: Record<string, unknown> = {};
  if (query === undefined) return parameters;
  for (const name of new Set(query.keys())) {
    if (name === 'list' && verb === 'list') continue;
    const values = query.getAll(name);
    Object.defineProperty(parameters, name, {
      value: values.length === 1 ? values[0] : values,
      enumerable: true,
    });
  }
  return parameters;
}

/**
 * The token that a request came with. X-Vault-Token goes before `Authorization: Bearer`, which is matched to the letter.
 *
 * @param limit how long it may be; a negative number is no limit
 * @throws ClientError 400 for more than one header of a kind, 431 for one that is too long
 */
export function tokenOf(request: IncomingMessage, limit: number): string | undefined {
  const { headers } = request;
  const given = headers['x-vault-token'] ?? '';
  if (typeof given !== 'string' || isRepeated(request, 'x-vault-token')) {
    throw badRequest('more than one X-Vault-Token header');
  }
  if (isRepeated(request, 'authorization')) throw badRequest('more than one Authorization header');
  const bearer = headers.authorization?.startsWith('Bearer ') ? headers.authorization.slice(7) : '';
  const token = (given === '' ? bearer : given).trim();
  if (limit > 0 && token.length > limit) throw new ClientError(431, 'token header is too large');
  return token === '' ? undefined : token;
}

/**
 * Whether a header came more than once. Node joins the lines of one kind and drops all but the first of another: two
 * tokens must not become a third, nor may a proxy and this server each look at a different one.
 */
function isRepeated({ rawHeaders }: IncomingMessage, name: string): boolean {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const text = rawHeaders[at];
    if (text?.length === name.length && text.toLowerCase() === name) count += 1;
  }
  return count > 1;
}

function wrapOf({ headers }: IncomingMessage): WrapRequest | undefined {
  const ttl = headers['x-vault-wrap-ttl'];
  if (typeof ttl !== 'string' || ttl === '') return undefined;
  const parsed = wrapSeconds(ttl);
  if (parsed < 0) {
    throw badRequest(
      'error parsing X-Vault-Wrap-TTL header: requested wrap ttl cannot be negative',
    );
  }
  const format = headers['x-vault-wrap-format'] === 'jwt' ? 'jwt' : 'token';
  return parsed === 0 ? undefined : { ttl: seconds(parsed), format };
}

function wrapSeconds(ttl: string): number {
  try {
    return parseDurationSeconds(ttl);
  } catch (cause) {
    throw new ClientError(400, `error parsing X-Vault-Wrap-TTL header: invalid duration`, {
      cause,
    });
  }
}
