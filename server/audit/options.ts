// The options that every kind of device has: how its entries are written.
import { badRequest } from '#sdk/errors.ts';

export type DeviceOptions = Readonly<Record<string, string>>;

export interface Style {
  readonly format: 'json' | 'jsonx';
  /** Nothing is hashed. */
  readonly isRaw: boolean;
  readonly hashesAccessors: boolean;
  readonly elidesLists: boolean;
  /** What each line begins with. */
  readonly prefix: string;
}

/** A prefix marks lines for a log shipper; more than this is not a mark. */
const MAX_PREFIX_LENGTH = 256;

/**
 * @param allowsPrefix whether the configuration lets a log begin its lines with a text of one's choice: lines of any
 *   program, a script among them, can be made that way
 * @throws ClientError 400 in Vault's words when an option does not hold
 */
export function parseStyle(options: DeviceOptions, allowsPrefix: boolean): Style {
  if ('fallback' in options || 'filter' in options) {
    throw badRequest('enterprise-only options supplied: invalid configuration');
  }
  const { format = 'json', prefix = '' } = options;
  if (format !== 'json' && format !== 'jsonx') throw badRequest(`unknown format type "${format}"`);
  if (prefix !== '' && !allowsPrefix) {
    throw badRequest('audit log prefixing is not allowed: set allow_audit_log_prefixing');
  }
  if (prefix.length > MAX_PREFIX_LENGTH || /\p{Cc}/u.test(prefix)) {
    throw badRequest('prefix is too long or has control characters');
  }
  return {
    format,
    prefix,
    isRaw: parseFlag(options, 'log_raw', false),
    hashesAccessors: parseFlag(options, 'hmac_accessor', true),
    elidesLists: parseFlag(options, 'elide_list_responses', false),
  };
}

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** A flag in the words that Go's strconv.ParseBool knows. */
export function parseFlag(options: DeviceOptions, key: string, fallback: boolean): boolean {
  const sent = options[key];
  if (sent === undefined) return fallback;
  if (TRUE.has(sent)) return true;
  if (FALSE.has(sent)) return false;
  throw badRequest(`strconv.ParseBool: parsing ${JSON.stringify(sent)}: invalid syntax`);
}
