// The kinds of input a path can have: how each is decoded, described, and what the handler will see.
import * as decode from './decode.ts';
import type { Millis } from './clock.ts';
import type { Seconds } from './duration.ts';

type Presence = 'optional' | 'present';

/** One input of a path. */
export interface Field<T = unknown, P extends Presence = Presence> {
  /** Vault's name of the kind, as help prints it. */
  readonly kind: string;
  readonly description: string;
  readonly presence: P;
  /** What a URL capture of this field may look like, as the source of a regular expression. */
  readonly segment: string;
  readonly fallback: T | undefined;
  /** The error when the field is missing although it is required. */
  readonly missing: string | undefined;
  /** The field in OpenAPI 3. */
  readonly schema: Readonly<Record<string, unknown>>;
  readonly decode: (raw: unknown) => T;
}

export type Fields = Readonly<Record<string, Field>>;

/** A field as it is written down: optional until `.default(value)` or `.required(message)` is added. */
export interface OpenField<T> extends Field<T, 'optional'> {
  default: (value: T) => Field<T, 'present'>;
  /** @param message what Vault says when the field is missing */
  required: (message: string) => Field<T, 'present'>;
}

/** The grammar of a name in a URL (Vault's GenericNameRegex). */
const NAME = String.raw`\w(?:(?:[\w.-]+)?\w)?`;
const SEGMENT = '[^/]+';

interface Kind<T> {
  readonly kind: string;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly segment?: string;
  readonly decode: (raw: unknown) => T;
}

function field<T>(description: string, kind: Kind<T>): OpenField<T> {
  const open = {
    description,
    segment: SEGMENT,
    presence: 'optional',
    fallback: undefined,
    missing: undefined,
    ...kind,
  } as const;
  return {
    ...open,
    default: (value) => ({ ...open, presence: 'present', fallback: value }),
    required: (message) => ({ ...open, presence: 'present', missing: message }),
  };
}

const STRINGS = { type: 'array', items: { type: 'string' } } as const;

/** A text that stands in the URL under the grammar of names. */
export const name = (description: string): OpenField<string> =>
  field(description, {
    kind: 'string',
    schema: { type: 'string' },
    segment: NAME,
    decode: decode.decodeString,
  });

export const text = (description: string): OpenField<string> =>
  field(description, { kind: 'string', schema: { type: 'string' }, decode: decode.decodeString });

/** A text that is never shown again: passwords, tokens, keys. */
export const sensitive = (description: string): OpenField<string> =>
  field(description, {
    kind: 'string',
    schema: { type: 'string', format: 'password' },
    decode: decode.decodeString,
  });

export const lowerText = (description: string): OpenField<string> =>
  field(description, {
    kind: 'lowercase string',
    schema: { type: 'string' },
    segment: NAME,
    decode: (raw) => decode.decodeString(raw).toLowerCase(),
  });

export const integer = (description: string): OpenField<number> =>
  field(description, { kind: 'int', schema: { type: 'integer' }, decode: decode.decodeInteger });

export const number = (description: string): OpenField<number> =>
  field(description, { kind: 'float', schema: { type: 'number' }, decode: decode.decodeNumber });

export const boolean = (description: string): OpenField<boolean> =>
  field(description, { kind: 'bool', schema: { type: 'boolean' }, decode: decode.decodeBoolean });

/** Seconds on the inside; "90", "1h30m" or 5400 on the wire. */
export const duration = (description: string): OpenField<Seconds> =>
  field(description, {
    kind: 'duration (sec)',
    schema: { type: 'string', format: 'duration' },
    decode: decode.decodeDuration,
  });

export const signedDuration = (description: string): OpenField<Seconds> =>
  field(description, {
    kind: 'duration (sec)',
    schema: { type: 'string', format: 'duration' },
    decode: decode.decodeSignedDuration,
  });

export const list = (description: string): OpenField<readonly string[]> =>
  field(description, { kind: 'slice', schema: STRINGS, decode: decode.decodeStringSlice });

export const commaList = (description: string): OpenField<readonly string[]> =>
  field(description, { kind: 'slice', schema: STRINGS, decode: decode.decodeCommaStringSlice });

export const commaIntegers = (description: string): OpenField<readonly number[]> =>
  field(description, {
    kind: 'slice',
    schema: { type: 'array', items: { type: 'integer' } },
    decode: decode.decodeCommaIntegerSlice,
  });

export const map = (description: string): OpenField<Readonly<Record<string, unknown>>> =>
  field(description, { kind: 'map', schema: { type: 'object' }, decode: decode.decodeMap });

export const pairs = (description: string): OpenField<Readonly<Record<string, string>>> =>
  field(description, { kind: 'keypair', schema: { type: 'object' }, decode: decode.decodePairs });

export const time = (description: string): OpenField<Millis> =>
  field(description, {
    kind: 'time',
    schema: { type: 'string', format: 'date-time' },
    decode: decode.decodeTime,
  });

/** The value as it was sent, for inputs that take more than one kind. */
export const anything = (description: string): OpenField<unknown> =>
  field(description, { kind: 'any', schema: {}, decode: (raw) => raw });

/** What is left of the URL, slashes and all. */
export const rest = (description: string): OpenField<string> =>
  field(description, {
    kind: 'string',
    schema: { type: 'string' },
    segment: '.*',
    decode: decode.decodeString,
  });

/** What is left of the URL, which must be something. */
export const path = (description: string): OpenField<string> =>
  field(description, {
    kind: 'string',
    schema: { type: 'string' },
    segment: '.+',
    decode: decode.decodeString,
  });
