// The settings of a mount as clients send them, when it is enabled and when it is tuned.
import { decodeBoolean, decodeDuration, DecodeError, decodeInteger } from '#sdk/decode.ts';
import { parseDurationSeconds, seconds, type Seconds } from '#sdk/duration.ts';
import { badRequest } from '#sdk/errors.ts';
import { anything, boolean, commaList, map, text } from '#sdk/field.ts';
import type { Data } from '#sdk/path.ts';
import type { LockoutConfig, MountConfig, MountEntry } from './entry.ts';

/** What may be tuned. */
export const settingFields = {
  default_lease_ttl: text('The default lease TTL for this mount'),
  max_lease_ttl: text('The max lease TTL for this mount'),
  audit_non_hmac_request_keys: commaList('Request keys that audit devices do not hash'),
  audit_non_hmac_response_keys: commaList('Response keys that audit devices do not hash'),
  listing_visibility: text('"unauth" shows the mount to everybody, "hidden" or "" does not'),
  passthrough_request_headers: commaList('Request headers that are handed to the plugin'),
  allowed_response_headers: commaList('Response headers that the plugin may set'),
  token_type: text('The type of the tokens that an auth method gives'),
  user_lockout_config: map('How wrong passwords lock a user'),
  allowed_managed_keys: anything('Keys of a key management system; there are none'),
  delegated_auth_accessors: anything('Auth methods that requests may be handed to; not supported'),
  identity_token_key: anything('A key for identity tokens of plugins; not supported'),
} as const;

/** What may be set once, when the mount is enabled, besides. */
export const configFields = {
  ...settingFields,
  force_no_cache: boolean('Disables the cache for this mount'),
  plugin_name: text('The type of the mount, where the type says "plugin"'),
} as const;

export type SentSettings = Partial<Data<'', typeof configFields>>;

const VISIBILITIES = new Set(['', 'hidden', 'unauth']);
const TOKEN_TYPES = new Set(['default-service', 'default-batch', 'service', 'batch']);
const LOCKABLE_TYPES = new Set(['approle', 'ldap', 'userpass']);
/** Of the editions that are sold, and of plugins that are programs of their own. */
const UNSUPPORTED = [
  'allowed_managed_keys',
  'delegated_auth_accessors',
  'identity_token_key',
] as const;

/**
 * The settings after what was sent; what was not sent stays.
 *
 * @throws ClientError 400 for what no mount of this kind can be set to
 */
export function changeSettings(
  { kind, type, config: before }: Pick<MountEntry, 'kind' | 'type' | 'config'>,
  sent: SentSettings,
): MountConfig {
  refuseUnsupported(sent);
  const visibility = sent.listing_visibility;
  if (visibility !== undefined && !VISIBILITIES.has(visibility)) {
    throw badRequest(`invalid listing_visibility ${visibility}`);
  }
  if (sent.token_type !== undefined) checkTokenType(kind, type, sent.token_type);
  const lockout = sent.user_lockout_config;
  return {
    ...before,
    ...listsOf(sent),
    default_lease_ttl: leaseTtl(sent.default_lease_ttl, 'default') ?? before.default_lease_ttl,
    max_lease_ttl: leaseTtl(sent.max_lease_ttl, 'max') ?? before.max_lease_ttl,
    force_no_cache: sent.force_no_cache ?? before.force_no_cache,
    ...(visibility === undefined ? {} : { listing_visibility: visibility }),
    ...(sent.token_type === undefined ? {} : { token_type: sent.token_type || 'default-service' }),
    ...(lockout === undefined ? {} : { user_lockout_config: lockoutOf(type, before, lockout) }),
  };
}

const LISTS = [
  'audit_non_hmac_request_keys',
  'audit_non_hmac_response_keys',
  'passthrough_request_headers',
  'allowed_response_headers',
] as const;

function listsOf(sent: SentSettings): Partial<MountConfig> {
  const given = LISTS.map((name) => [name, sent[name]] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** The word "system", or 0, leaves it to the system. */
function leaseTtl(sent: string | undefined, name: 'default' | 'max'): Seconds | undefined {
  if (sent === undefined || sent === '') return undefined;
  if (sent === 'system') return seconds(0);
  try {
    const ttl = parseDurationSeconds(sent);
    if (ttl >= 0) return ttl;
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    throw badRequest(`unable to parse ${name} TTL of ${sent}: ${reason}`);
  }
  throw badRequest(`unable to parse ${name} TTL of ${sent}: cannot provide negative value`);
}

function checkTokenType(kind: MountEntry['kind'], type: string, sent: string): void {
  if (kind === 'secret') throw badRequest("'token_type' can only be modified on auth mounts");
  if (type === 'token') {
    throw badRequest("'token_type' cannot be set for 'token' or 'ns_token' auth mounts");
  }
  if (sent !== '' && !TOKEN_TYPES.has(sent)) throw badRequest("invalid value for 'token_type'");
}

function refuseUnsupported(sent: SentSettings): void {
  for (const name of UNSUPPORTED) {
    const value = sent[name];
    const isEmpty = Array.isArray(value) ? value.length === 0 : (value ?? '') === '';
    if (!isEmpty) throw badRequest(`${name} is not supported`);
  }
}

const NO_LOCKOUT: LockoutConfig = {
  lockout_threshold: 0,
  lockout_duration: seconds(0),
  lockout_counter_reset_duration: seconds(0),
  lockout_disable: false,
};

const LOCKOUT_DECODERS: { readonly [K in keyof LockoutConfig]: (raw: unknown) => unknown } = {
  lockout_threshold: decodeInteger,
  lockout_duration: decodeDuration,
  lockout_counter_reset_duration: decodeDuration,
  lockout_disable: decodeBoolean,
};

function lockoutOf(
  type: string,
  before: MountConfig,
  sent: Readonly<Record<string, unknown>>,
): LockoutConfig {
  if (!LOCKABLE_TYPES.has(type)) {
    throw badRequest(`tuning of user lockout configuration for auth type "${type}" not allowed`);
  }
  const given = Object.entries(LOCKOUT_DECODERS)
    .filter(([name]) => sent[name] !== undefined)
    .map(([name, decode]) => [name, decodeLockout(name, decode, sent[name])]);
  return { ...NO_LOCKOUT, ...before.user_lockout_config, ...Object.fromEntries(given) };
}

function decodeLockout(name: string, decode: (raw: unknown) => unknown, value: unknown): unknown {
  try {
    const decoded = decode(value);
    if (typeof decoded !== 'number' || decoded >= 0) return decoded;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
  throw badRequest(`unable to parse user lockout config: invalid ${name}`);
}
