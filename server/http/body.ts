// The body of a request: read up to a limit, measured before it is parsed, parsed once.
import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import { badRequest, ClientError } from '#sdk/errors.ts';
import { isJsonObject, parseJson } from '#sdk/json.ts';
import { isCounted, type BodyBudget } from './body-budget.ts';
import { boundJson, type JsonLimits } from './json-limits.ts';

const [OPEN_BRACE, OPEN_BRACKET] = [0x7b, 0x5b];
const [BLANK, AMPERSAND] = [0x20, 0x26];

/** How much of a body is taken. */
export interface BodyLimits {
  /** In bytes; a negative number is no limit. */
  readonly largest: number;
  /** What a body of more than a few kilobytes draws on; asked for at most once. */
  readonly budget: () => BodyBudget;
}

/**
 * The bytes of a body, `undefined` when there are none. They count as taken until the answer is out.
 *
 * @throws ClientError 413 as soon as the limit is known to be passed, 503 when too much is being sent at once
 */
export function readBody(
  { req, res }: Pick<Context, 'req' | 'res'>,
  { largest, budget }: BodyLimits,
): Promise<Buffer | undefined> {
  if (!hasBody(req)) return NO_BODY;
  const { 'content-length': length, 'transfer-encoding': encoding } = req.headers;
  const announced = encoding === undefined ? Number(length) : undefined;
  const most = largest < 0 ? Number.POSITIVE_INFINITY : largest;
  if (announced !== undefined && announced > most) return Promise.reject(tooLarge());
  const account = isCounted(announced) ? budget().open() : undefined;
  if (account !== undefined) res.once('close', () => account.close());
  if (req.headers.expect !== undefined) res.writeContinue();
  return collect(req, (size) => {
    if (size > most) return tooLarge();
    return account?.grow(size) === false ? tooMuchAtOnce() : undefined;
  });
}

/** Whether a request announces a body. */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  return encoding !== undefined || (length !== undefined && length !== '0');
}

/** @param refusal what is wrong with a body that has grown to a size */
function collect(
  request: IncomingMessage,
  refusal: (size: number) => ClientError | undefined,
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let size = 0;
    let refused: ClientError | undefined;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      refused ??= refusal(size);
      if (refused === undefined) {
        chunks.push(chunk);
        return;
      }
      chunks = []; // what still comes is read, so that the client gets to its answer, and forgotten
      reject(refused);
    });
    request.on('end', () => resolve(size === 0 ? undefined : Buffer.concat(chunks, size)));
    const cutOff = (): void => reject(badRequest('the request ended too early'));
    request.on('error', cutOff);
    request.on('close', () => {
      if (!request.complete) cutOff();
    });
  });
}

const NO_BODY = Promise.resolve(undefined);

const tooLarge = (): ClientError => new ClientError(413, 'http: request body too large');
const tooMuchAtOnce = (): ClientError =>
  new ClientError(503, 'too many large request bodies at once');

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
    return parseForm(body, limits);
  }
  boundJson(body, limits);
  const value = parse(body.toString());
  if (value === null) return NOTHING;
  if (!isJsonObject(value)) throw badRequest('failed to parse JSON input: expected an object');
  return value;
}

/** The limits of a JSON object hold for a form as well. */
function parseForm(
  body: Buffer,
  { max_json_object_entry_count: most, max_json_string_value_length: longest }: JsonLimits,
): Readonly<Record<string, string>> {
  let entries = 1;
  let start = 0;
  for (let at = body.indexOf(AMPERSAND); at !== -1; at = body.indexOf(AMPERSAND, start)) {
    entries += 1;
    if (entries > most) throw badRequest(`failed to parse the form: more than ${most} entries`);
    if (at - start > longest) throw entryTooLong(longest);
    start = at + 1;
  }
  if (body.length - start > longest) throw entryTooLong(longest);
  return Object.fromEntries(new URLSearchParams(body.toString()));
}

const entryTooLong = (longest: number): ClientError =>
  badRequest(`failed to parse the form: an entry is longer than ${longest} bytes`);

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
    const reason = endsEarly(cause, text) ? 'unexpected EOF' : 'invalid JSON';
    throw new ClientError(400, `failed to parse JSON input: ${reason}`, { cause });
  }
}

/** Whether the parser missed something behind the last character. */
function endsEarly(error: unknown, text: string): boolean {
  const message = error instanceof Error ? error.message : '';
  const at = / at position (\d+)/.exec(message)?.[1];
  return at === undefined ? message.startsWith('Unexpected end') : Number(at) === text.length;
}
