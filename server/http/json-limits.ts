// Refuses JSON that is small to send and large to hold, in one pass over the bytes, before anything parses it.
// The limits and their defaults are Vault's: max_json_depth and its neighbours of a listener.
import { badRequest, type ClientError } from '#sdk/errors.ts';

export interface JsonLimits {
  readonly max_json_depth: number;
  /** In bytes as sent, escapes and all. */
  readonly max_json_string_value_length: number;
  readonly max_json_object_entry_count: number;
  readonly max_json_array_element_count: number;
  /** Commas, braces and brackets together, as a bound of what one body can grow to. */
  readonly max_json_token: number;
}

/**
 * As the configuration has them where it says nothing. A text may be longer than in Vault: larger than what Raft storage
 * takes as a rule, so that storage says what its own limit is.
 */
export const DEFAULT_JSON_LIMITS: JsonLimits = {
  max_json_depth: 500,
  max_json_string_value_length: 4_194_304,
  max_json_object_entry_count: 10_000,
  max_json_array_element_count: 10_000,
  max_json_token: 500_000,
};

const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];
const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];

/** An object or array that is open: how many commas it has had, and how many it may have. */
interface Container {
  commas: number;
  readonly limit: number;
  readonly what: string;
}

/** @throws ClientError 400 as soon as a limit is passed */
export function boundJson(body: Uint8Array, limits: JsonLimits): void {
  const open: Container[] = [];
  let tokens = 0;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) {
      at = endOfText(body, at, limits.max_json_string_value_length);
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) open.push(containerOf(byte, limits));
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) open.pop();
    else if (byte === COMMA) countElement(open.at(-1));
    else continue;
    tokens += 1;
    if (open.length > limits.max_json_depth) throw exceeded('nesting depth', limits.max_json_depth);
    if (tokens > limits.max_json_token) throw exceeded('number of tokens', limits.max_json_token);
  }
}

/** Where a text ends; a text that does not end is the parser's to refuse. */
function endOfText(body: Uint8Array, start: number, limit: number): number {
  for (let at = start + 1; at < body.length; at += 1) {
    if (body[at] === BACKSLASH) at += 1;
    else if (body[at] === QUOTE) return at;
    if (at - start > limit) throw exceeded('string length', limit);
  }
  return body.length;
}

function containerOf(byte: number, limits: JsonLimits): Container {
  return byte === OPEN_BRACE
    ? { commas: 0, limit: limits.max_json_object_entry_count, what: 'number of object entries' }
    : { commas: 0, limit: limits.max_json_array_element_count, what: 'number of array elements' };
}

function countElement(container: Container | undefined): void {
  if (container === undefined) return;
  container.commas += 1;
  if (container.commas >= container.limit) throw exceeded(container.what, container.limit);
}

function exceeded(what: string, limit: number): ClientError {
  return badRequest(`failed to parse JSON input: exceeded the maximum ${what} of ${limit}`);
}
