// The body of a request: read up to a limit, measured before it is parsed, parsed once.
import type { IncomingMessage } from 'node:http';
import { badRequest, ClientError } from '#sdk/errors.ts';
import { isJsonObject, parseJson } from '#sdk/json.ts';
import { boundJson, type JsonLimits } from './json-limits.ts';

const [OPEN_BRACE, OPEN_BRACKET] = [0x7b, 0x5b];
const BLANK = 0x20;

/**
 * The bytes of a body, `undefined` when there are none.
 *
 * @param limit in bytes; a negative one is none
 *
 * @throws ClientError 413 as soon as the limit is known to be passed
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return NO_BODY;
  const announced = Number(length);
  return new Promise((resolve, reject) => {
    const most = limit < 0 ? Number.POSITIVE_INFINITY : limit;
    if (announced > most) throw tooLarge();
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > most) reject(tooLarge());
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(size === 0 ? undefined : Buffer.concat(chunks, size)));
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(badRequest('the request ended too early'));
    });
  });
}

const NO_BODY = Promise.resolve(undefined);

const tooLarge = (): ClientError => new ClientError(413, 'http: request body too large');

const NOTHING: Readonly<Record<string, unknown>> = Object.freeze({});

/** The parameters in a body: a JSON object, or a form. */
export function parseBody(
  body: Buffer | undefined,
  contentType: string | undefined,
  limits: JsonLimits,
): Readonly<Record<string, unknown>> {
  if (body === undefined) return NOTHING;
  if (
    contentType?.startsWith('application/x-www-form-urlencoded') === true &&
    !looksLikeJson(body)
  ) {
    return Object.fromEntries(new URLSearchParams(body.toString()));
  }
  boundJson(body, limits);
  const value = parse(body.toString());
  if (value === null) return NOTHING;
  if (!isJsonObject(value)) throw badRequest('failed to parse JSON input: expected an object');
  return value;
}

/** curl calls a JSON body a form unless told otherwise. */
function looksLikeJson(body: Buffer): boolean {
  const first = body.find((byte) => byte > BLANK);
  return first === OPEN_BRACE || first === OPEN_BRACKET;
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    // The parser's own message quotes what was sent.
    throw new ClientError(400, 'failed to parse JSON input: invalid JSON', { cause });
  }
}
