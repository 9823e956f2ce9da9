// The body of a request: read up to a limit, measured before it is parsed, parsed once.
import type { IncomingMessage } from 'node:http';
import { badRequest, ClientError } from '#sdk/errors.ts';
import { isJsonObject, parseJson } from '#sdk/json.ts';

/** Vault's `max_json_depth`: deeper bodies are no client's, and every walk over a body is recursive. */
const JSON_DEPTH_MAX = 500;
/** Vault's `max_json_array_element_count` and `max_json_object_entry_count` together, as a bound of what one body can grow to. */
const JSON_TOKENS_MAX = 500_000;

const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];
const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];

/**
 * The bytes of a body, `undefined` when there are none.
 *
 * @throws ClientError 413 as soon as the limit is known to be passed
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return NO_BODY;
  const announced = Number(length);
  return new Promise((resolve, reject) => {
    if (announced > limit) throw tooLarge();
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) reject(tooLarge());
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
): Readonly<Record<string, unknown>> {
  if (body === undefined) return NOTHING;
  if (
    contentType?.startsWith('application/x-www-form-urlencoded') === true &&
    !looksLikeJson(body)
  ) {
    return Object.fromEntries(new URLSearchParams(body.toString()));
  }
  boundJson(body);
  const value = parse(body.toString());
  if (value === null) return NOTHING;
  if (!isJsonObject(value)) throw badRequest('failed to parse JSON input: expected an object');
  return value;
}

/** curl calls a JSON body a form unless told otherwise. */
function looksLikeJson(body: Buffer): boolean {
  const first = body.find((byte) => byte > 0x20);
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

/** Refuses JSON that is small to send and large to hold, in one pass over the bytes. */
function boundJson(body: Buffer): void {
  let depth = 0;
  let tokens = 0;
  let inText = false;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at];
    if (inText) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      tokens += 1;
      if (depth > JSON_DEPTH_MAX) {
        throw badRequest('failed to parse JSON input: exceeds allowed nesting depth');
      }
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
    else if (byte === COMMA) tokens += 1;
  }
  if (tokens > JSON_TOKENS_MAX) throw badRequest('failed to parse JSON input: too many tokens');
}
