// Vault's weak decoding: what a client may write for each kind of field ("5" is 5, "a,b" is a list).
// A decoder answers the value or throws DecodeError; it never puts what was sent into a message.
import { parseDurationSeconds, type Seconds } from './duration.ts';
import { isJsonObject, isRawNumber } from './json.ts';
import { millis, type Millis } from './clock.ts';

/** Why a value does not fit, without the value. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False', '']);
const INTEGER = /^[+-]?\d+$/;

/** Go's name for what a JSON value became, as its decoder's messages have it. */
function goType(raw: unknown): string {
  if (raw === null) return 'nil';
  if (isRawNumber(raw)) return 'json.Number';
  if (Array.isArray(raw)) return '[]interface {}';
  const names: Readonly<Record<string, string>> = {
    boolean: 'bool',
    number: 'json.Number',
    object: 'map[string]interface {}',
  };
  return names[typeof raw] ?? typeof raw;
}

const refuse = (raw: unknown, expected: string): DecodeError =>
  new DecodeError(`'' expected type '${expected}', got unconvertible type '${goType(raw)}'`);

export function decodeString(raw: unknown): string {
  if (typeof raw === 'string') return raw;
  if (typeof raw === 'number') return String(raw);
  if (typeof raw === 'boolean') return raw ? '1' : '0';
  if (raw === null) return '';
  if (isRawNumber(raw)) return raw.rawJSON;
  throw refuse(raw, 'string');
}

export function decodeInteger(raw: unknown): number {
  if (typeof raw === 'number' && Number.isSafeInteger(raw)) return raw;
  if (typeof raw === 'boolean') return raw ? 1 : 0;
  if (raw === null || raw === '') return 0;
  if (typeof raw === 'string' && INTEGER.test(raw)) {
    const value = Number(raw);
    if (Number.isSafeInteger(value)) return value;
  }
  if (typeof raw === 'object') throw refuse(raw, 'int');
  throw new DecodeError("cannot parse '' as int: invalid syntax");
}

export function decodeNumber(raw: unknown): number {
  const value = isRawNumber(raw) ? Number(raw.rawJSON) : raw;
  if (typeof value === 'number') return value;
  if (value === null || value === '') return 0;
  if (typeof value === 'string' && Number.isFinite(Number(value))) return Number(value);
  throw refuse(raw, 'float64');
}

export function decodeBoolean(raw: unknown): boolean {
  if (typeof raw === 'boolean') return raw;
  if (typeof raw === 'number') return raw !== 0;
  if (raw === null) return false;
  if (typeof raw === 'string') {
    if (TRUE.has(raw)) return true;
    if (FALSE.has(raw)) return false;
    throw new DecodeError("cannot parse '' as bool: invalid syntax");
  }
  throw refuse(raw, 'bool');
}

/** Whole seconds, never negative. */
export function decodeDuration(raw: unknown): Seconds {
  const value = decodeSignedDuration(raw);
  if (value < 0) throw new DecodeError('cannot provide negative value');
  return value;
}

export function decodeSignedDuration(raw: unknown): Seconds {
  if (raw === null || raw === '') return 0 as Seconds;
  const value = isRawNumber(raw) ? raw.rawJSON : raw;
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new DecodeError('could not parse duration from input');
  }
  try {
    return parseDurationSeconds(value);
  } catch (cause) {
    throw new DecodeError('could not parse duration from input', { cause });
  }
}

/** A list of anything; one value is a list of one. */
export function decodeSlice(raw: unknown): readonly unknown[] {
  if (Array.isArray(raw)) return raw;
  if (raw === null || raw === '') return [];
  return [raw];
}

/** A list of texts; one text is a list of one. */
export function decodeStringSlice(raw: unknown): readonly string[] {
  if (isJsonObject(raw)) throw refuse(raw, '[]string');
  return decodeSlice(raw).map(decodeString);
}

/** A list of texts; a single text is split at its commas. Blanks around are dropped, parts that are empty stay. */
export function decodeCommaStringSlice(raw: unknown): readonly string[] {
  if (isJsonObject(raw)) throw refuse(raw, '[]string');
  if (Array.isArray(raw)) return raw.map((one) => decodeString(one).trim());
  const text = decodeString(raw);
  return text === '' ? [] : text.split(',').map((part) => part.trim());
}

/** A list of whole numbers; a single text is split at its commas. */
export function decodeCommaIntegerSlice(raw: unknown): readonly number[] {
  if (isJsonObject(raw)) throw refuse(raw, '[]int');
  if (Array.isArray(raw)) return raw.map(decodeInteger);
  const text = decodeString(raw);
  return text === '' ? [] : text.split(',').map(decodeInteger);
}

export function decodeMap(raw: unknown): Readonly<Record<string, unknown>> {
  if (raw === null) return {};
  if (isJsonObject(raw)) return raw;
  throw refuse(raw, 'map[string]interface {}');
}

/** A map of texts, from an object or from `k=v` pairs in a list or a text with commas. */
export function decodePairs(raw: unknown): Readonly<Record<string, string>> {
  if (raw === null || raw === '') return {};
  if (isJsonObject(raw)) {
    return Object.fromEntries(
      Object.entries(raw).map(([key, value]) => [key, decodeString(value)]),
    );
  }
  const parts = decodeCommaStringSlice(raw).filter((part) => part !== '');
  const pairs = parts.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new DecodeError("invalid key pair: expected 'key=value'");
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
  });
  return Object.fromEntries(pairs);
}

/** A moment: seconds since the epoch, or RFC 3339. */
export function decodeTime(raw: unknown): Millis {
  if (typeof raw === 'number') return millis(raw * 1000);
  const text = decodeString(raw);
  const time = INTEGER.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (Number.isNaN(time)) throw new DecodeError('unable to parse as a time');
  return millis(time);
}
